"""What holds for every test: no Airflow home, AWS profile or key of the person who runs them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

# The suite draws the same examples each time; `pytest --hypothesis-profile explore` draws others.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore")
settings.load_profile("same")

TESTS = Path(__file__).parent
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


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups when it is its turn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say how long an example may take, and which tests share what is made once for them."""
    for item in items:
        # Where tests run in several processes, those of a package run in one (`--dist loadgroup`).
        package = item.path.parent.relative_to(TESTS).parts[:3]
        item.add_marker(pytest.mark.xdist_group("/".join(package)))
        # Hypothesis would catch a timeout's signal and run the example again.
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.function):
            item.add_marker(pytest.mark.timeout(600, method="thread"))


def pytest_unconfigure() -> None:
    """Remove what the tests' Airflow left."""
    AIRFLOW_HOME.cleanup()
