"""Airflow's configuration in a container."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.utils import should_bypass_proxies

from infra.container.configuration import (
    Secrets,
    base_environment,
    component_environment,
    deployed_environment,
    pages_environment,
    proxy_environment,
)
from infra.container.deployed import Deployed
from infra.local.mwaa.model import ConfigurationError
from tests.unit.container.conftest import SECRETS


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
        "db+postgresql+psycopg2://airflow:p%2Fw@postgres:5432/airflow"
    )
    assert environment["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"] == "43200"


def test_settings_override_each_other_as_on_mwaa(secrets: Secrets) -> None:
    name = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"
    assert component_environment({}, {}, secrets)[name] == "1800.0"
    assert component_environment({}, {name: "script"}, secrets)[name] == "script"
    started = {name: "container"}
    assert component_environment(started, {name: "script"}, secrets)[name] == "container"
    options = {"scheduler.task_queued_timeout": "option"}
    assert component_environment(started, {}, secrets, options=options)[name] == "option"
    forced = "AIRFLOW__CORE__EXECUTOR"
    assert component_environment({forced: "x"}, {forced: "y"}, secrets)[forced] == "CeleryExecutor"


def test_no_secret_reaches_a_startup_script() -> None:
    seen = base_environment({**SECRETS, "AWS_REGION": "us-east-1"})

    assert seen == {"AWS_REGION": "us-east-1"}


def test_dags_and_plugins_are_read_where_the_bundle_is(
    secrets: Secrets, deployed: Deployed
) -> None:
    mounted = component_environment({}, {}, secrets)
    assert mounted["AIRFLOW__CORE__DAGS_FOLDER"] == "/usr/local/airflow/dags"
    of_bucket = component_environment({}, {}, secrets, bundle=deployed.bundle())
    volume = "/usr/local/airflow/environment"
    assert of_bucket["AIRFLOW__CORE__DAGS_FOLDER"] == f"{volume}/dags"
    assert of_bucket["AIRFLOW__CORE__PLUGINS_FOLDER"] == f"{volume}/builds/abc/plugins"


def test_a_component_is_told_how_to_get_the_roles_credentials_and_has_no_key(
    deployed: Deployed,
) -> None:
    told = deployed_environment(deployed)
    assert told["LAKE_CREDENTIALS_URL"] == "http://mwaa:4567/credentials/lake-dev"
    assert told["LAKE_CREDENTIALS_TOKEN"] == "token"
    assert told["AWS_REGION"] == "us-east-1"
    assert "AWS_ACCESS_KEY_ID" not in told


def test_mwaas_pages_redeem_their_tokens_at_the_service(deployed: Deployed) -> None:
    pages = pages_environment(deployed)
    assert pages["MWAA_TOKENS_URL"] == "http://mwaa:4567/tokens/lake-dev"
    assert (Path(pages["PYTHONPATH"]) / "aws_mwaa_pages.py").is_file()


def test_only_what_leaves_the_containers_goes_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in proxy_environment().items():
        monkeypatch.setenv(name, value)
    assert should_bypass_proxies("http://aws:4566/")
    assert should_bypass_proxies("http://api-server:8080/execution/")
    assert not should_bypass_proxies("https://s3.amazonaws.com/")
