"""Each environment is synthesized once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.environments import DEV, ENVIRONMENTS, PROD
from infra.settings import EnvironmentSettings
from tests.synth.templates import Templates


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.synth)


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Templates]:
    return {
        name: Templates.synthesize(settings, outdir=tmp_path_factory.mktemp(name))
        for name, settings in ENVIRONMENTS.items()
    }


@pytest.fixture(params=list(ENVIRONMENTS))
def settings(request: pytest.FixtureRequest) -> Iterator[EnvironmentSettings]:
    yield ENVIRONMENTS[request.param]


@pytest.fixture
def templates(settings: EnvironmentSettings, synthesized: dict[str, Templates]) -> Templates:
    return synthesized[settings.name]


@pytest.fixture
def dev(synthesized: dict[str, Templates]) -> Templates:
    return synthesized[DEV.name]


@pytest.fixture
def prod(synthesized: dict[str, Templates]) -> Templates:
    return synthesized[PROD.name]
