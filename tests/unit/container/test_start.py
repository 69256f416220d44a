"""A container's start, with the processes that it would become recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn

import pytest

from infra.container import start as module
from infra.container.configuration import BundleSource
from infra.container.keeper import Keeper
from infra.container.start import start
from infra.local.mwaa.model import ConfigurationError


class Became(Exception):
    """Stands for exec, which does not return."""

    def __init__(self, argv: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(argv)
        self.argv = argv
        self.environment = environment


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("secrets")

    def become(argv: list[str], environment: Mapping[str, str]) -> NoReturn:
        raise Became(argv, environment)

    monkeypatch.setattr(module, "_keep_log", lambda _: None)
    monkeypatch.setattr(module, "_become", become)


def test_flower_runs_nothing_of_the_bundle() -> None:
    with pytest.raises(Became) as became:
        start("flower", os.environ)

    assert became.value.argv == ["airflow", "celery", "flower"]


def test_a_component_is_kept_in_step_with_what_is_deployed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = []

    async def run(keeper: Keeper) -> int:
        kept.append(keeper)
        return 7

    monkeypatch.setattr(Keeper, "run", run)
    assert start("triggerer", {**os.environ, "LAKE_BUNDLE": "bucket"}) == 7
    (keeper,) = kept
    assert (keeper.name, keeper.mwaa_component) == ("triggerer", "scheduler")
    assert keeper.source is BundleSource.BUCKET
    assert "POSTGRES_PASSWORD" not in keeper.base


def test_a_name_that_is_no_component_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="webserver is no component: expected one of mwaa"):
        start("webserver", os.environ)
