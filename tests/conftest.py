"""What holds for every test: no Airflow home, AWS profile or key of the person who runs them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

# The suite draws the same examples each time; `pytest --hypothesis-profile explore` draws others.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore")
settings.load_profile("same")

AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="lake-test-airflow-")


def pytest_configure() -> None:
    """Set before any import of Airflow or boto3, which read their environment once."""
    for name in [n for n in os.environ if n.startswith(("AWS_", "AIRFLOW"))]:
        if name != "AWS_CA_BUNDLE":
            del os.environ[name]
    os.environ["AIRFLOW_HOME"] = AIRFLOW_HOME.name
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


class ByPackage(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Runs the tests of a package in one process: what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return "/".join(Path(nodeid.partition("::")[0]).parent.parts[:4])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share out the tests of `pytest --numprocesses 2`."""
    return ByPackage(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End an example that does not: Hypothesis would catch a timeout's signal and run it again."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.function):
            item.add_marker(pytest.mark.timeout(600, method="thread"))


def pytest_unconfigure() -> None:
    """Remove what the tests' Airflow left."""
    AIRFLOW_HOME.cleanup()
