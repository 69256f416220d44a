"""All checks of an environment, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.settings import REPOSITORY, LocalSettings
from infra.preflight.requirements import check_requirements
from infra.preflight.result import Result
from infra.settings import EnvironmentSettings


def preflight(settings: EnvironmentSettings, *, local: LocalSettings) -> Iterator[Result]:
    """Check the environment, without asking AWS; results come as they are found."""
    yield from check_requirements(
        REPOSITORY / "requirements" / "requirements.txt",
        repository=REPOSITORY,
        airflow_version=settings.airflow.version,
        private=False,  # every environment reaches out over NAT (infra/network.py)
        local=local,
    )
