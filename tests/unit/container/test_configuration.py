"""Airflow's configuration in a container."""

from __future__ import annotations

import pytest

from infra.container.configuration import Secrets, base_environment, component_environment
from infra.local.mwaa.model import ConfigurationError

SECRETS = {
    "POSTGRES_PASSWORD": "p/w",
    "REDIS_PASSWORD": "r@w",
    "AIRFLOW_FERNET_KEY": "fernet",
    "AIRFLOW_JWT_SECRET": "jwt",
    "AIRFLOW_API_SECRET_KEY": "api",
    "AIRFLOW_USERS_PASSWORD": "users",
}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return Secrets.read()


@pytest.mark.usefixtures("secrets")
def test_secrets_that_are_missing_are_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REDIS_PASSWORD")
    monkeypatch.setenv("POSTGRES_PASSWORD", "")
    with pytest.raises(ConfigurationError) as missing:
        Secrets.read()
    assert "POSTGRES_PASSWORD, REDIS_PASSWORD not set" in str(missing.value)
    assert "lake compose prepare" in str(missing.value)


def test_tasks_go_through_redis_and_their_results_to_postgresql(secrets: Secrets) -> None:
    environment = component_environment({}, {}, secrets)

    assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert environment["AIRFLOW__CELERY__BROKER_URL"] == "redis://:r%40w@redis:6379/0"
    assert environment["AIRFLOW__CELERY__RESULT_BACKEND"] == (
        "db+postgresql://airflow:p%2Fw@postgres:5432/airflow"
    )
    assert environment["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"] == "43200"


def test_settings_override_each_other_as_on_mwaa(secrets: Secrets) -> None:
    name = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"
    assert component_environment({}, {}, secrets)[name] == "1800.0"
    assert component_environment({}, {name: "script"}, secrets)[name] == "script"
    assert component_environment({name: "option"}, {name: "script"}, secrets)[name] == "option"
    forced = "AIRFLOW__CORE__EXECUTOR"
    assert component_environment({forced: "x"}, {forced: "y"}, secrets)[forced] == "CeleryExecutor"


def test_no_secret_reaches_a_startup_script() -> None:
    seen = base_environment({**SECRETS, "AWS_REGION": "us-east-1"})

    assert seen == {"AWS_REGION": "us-east-1"}
