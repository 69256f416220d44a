"""What holds for every test: no Airflow home, AWS profile or key of the person who runs them."""

from __future__ import annotations

import os
import tempfile

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


def pytest_unconfigure() -> None:
    """Remove what the tests' Airflow left."""
    AIRFLOW_HOME.cleanup()
