"""The environment of Airflow's processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.local.mwaa.airflow import Airflow
from infra.local.mwaa.bundle import Build
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import Properties
from infra.local.settings import LocalSettings
from infra.local.supervisor.secrets import SecretFolder


@pytest.fixture
def airflow(settings: LocalSettings) -> Airflow:
    return Airflow(
        settings=settings,
        environment_name="lake-dev",
        region="eu-west-1",
        web_port=8120,
        layout=Layout(settings.home / "environments" / "lake-dev"),
        secrets=SecretFolder(settings.home / "state"),
        proxy_url="http://127.0.0.1:9999",
    )


def _build(**variables: dict[str, str]) -> Build:
    return Build(key="k", venv=Path("/venv"), plugins=Path("/plugins"), startup_variables=variables)


def test_nothing_of_the_persons_shell_is_in_it(
    airflow: Airflow, properties: Properties, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = {
        "AWS_ACCESS_KEY_ID": "AKIAPERSON",
        "AWS_PROFILE": "person",
        "AIRFLOW__CORE__EXECUTOR": "PersonExecutor",
        "HOME": "/home/person",
        "PYTHONPATH": "/home/person/lib",
    }
    for name, value in person.items():
        monkeypatch.setenv(name, value)
    for command in airflow.commands(properties, _build()):
        assert not set(command.environment.values()) & set(person.values())
        assert "AWS_ACCESS_KEY_ID" not in command.environment
        assert "AWS_PROFILE" not in command.environment


def test_credentials_come_from_the_supervisor_alone(
    airflow: Airflow, properties: Properties
) -> None:
    environment = airflow.environment(properties, _build(), startup_variables={})
    assert (
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        == "http://127.0.0.1:4721/credentials/lake-dev"
    )
    assert environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == airflow.credentials_token
    assert environment["AWS_CONFIG_FILE"] == "/dev/null"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4720"
    assert environment["AIRFLOW_CONN_AWS_DEFAULT"] == "aws://"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_other_hosts_are_reached_through_the_proxy_only(
    airflow: Airflow, properties: Properties
) -> None:
    environment = airflow.environment(properties, _build(), startup_variables={})
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        assert environment[name] == "http://127.0.0.1:9999"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1,localhost"


def test_the_credentials_token_is_no_other_secret(airflow: Airflow, properties: Properties) -> None:
    environment = airflow.environment(properties, _build(), startup_variables={})
    secret_names = (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__CORE__FERNET_KEY",
    )
    assert len({environment[name] for name in secret_names}) == len(secret_names)


def test_settings_override_each_other_in_mwaas_order(
    airflow: Airflow, request_body: dict[str, Any]
) -> None:
    properties = Properties.model_validate(
        {
            **request_body,
            "AirflowConfigurationOptions": {
                "dag_processor.refresh_interval": "300",
                "lake.landing_bucket": "bucket",
            },
        }
    )
    script = {
        "MINE": "exported",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "200",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "100",
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
        "AWS_ENDPOINT_URL": "https://sts.amazonaws.com",
    }
    environment = airflow.environment(properties, _build(), startup_variables=script)
    assert environment["MINE"] == "exported"
    assert environment["AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL"] == "300"
    assert environment["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "100"
    assert environment["AIRFLOW__LAKE__LANDING_BUCKET"] == "bucket"
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4720"


def test_a_path_of_the_startup_script_comes_after_the_virtual_environment(
    airflow: Airflow, properties: Properties
) -> None:
    environment = airflow.environment(
        properties, _build(), startup_variables={"PATH": "/opt/tool:/usr/bin"}
    )
    assert environment["PATH"] == "/venv/bin:/opt/tool:/usr/bin"


def test_each_component_gets_the_variables_of_its_mwaa_component(
    airflow: Airflow, properties: Properties
) -> None:
    build = _build(webserver={"ON": "web"}, scheduler={"ON": "scheduler"}, worker={"ON": "worker"})
    on = {c.name: c.environment["ON"] for c in airflow.commands(properties, build)}
    assert on == {
        "lake-dev.scheduler": "worker",
        "lake-dev.dag-processor": "scheduler",
        "lake-dev.triggerer": "scheduler",
        "lake-dev.api-server": "web",
    }


def test_only_the_api_server_can_redeem_tokens_and_it_stops_last(
    airflow: Airflow, properties: Properties
) -> None:
    commands = airflow.commands(properties, _build())
    assert [c.name for c in commands if "MWAA_TOKENS_URL" in c.environment] == [commands[-1].name]
    assert commands[-1].name == "lake-dev.api-server"
    assert [c.name for c in commands if "PYTHONPATH" in c.environment] == [commands[-1].name]


@pytest.mark.parametrize(
    ("size", "workers", "cpus", "tasks"),
    [
        ("mw1.micro", 1, 2, "3"),
        ("mw1.small", 1, 2, "5"),
        ("mw1.small", 10, 2, "8"),
        ("mw1.small", 10, 16, "32"),
        ("mw1.medium", 1, 16, "10"),
        ("mw1.2xlarge", 25, 2, "8"),
    ],
)
def test_parallelism_is_that_of_the_workers_or_what_the_laptop_has_use_for(
    *,
    airflow: Airflow,
    request_body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    size: str,
    workers: int,
    cpus: int,
    tasks: str,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cpus)
    properties = Properties.model_validate(
        {**request_body, "EnvironmentClass": size, "MaxWorkers": workers}
    )
    environment = airflow.environment(properties, _build(), startup_variables={})
    assert environment["AIRFLOW__CORE__PARALLELISM"] == tasks


def test_servers_listen_on_the_loopback_interface_only(
    airflow: Airflow, properties: Properties
) -> None:
    commands = {c.name: list(c.argv) for c in airflow.commands(properties, _build())}
    assert "--skip-serve-logs" in commands["lake-dev.scheduler"]
    assert "--skip-serve-logs" in commands["lake-dev.triggerer"]
    environment = airflow.environment(properties, _build(), startup_variables={})
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_the_metadata_database_is_sqlite_unless_a_server_is_set(airflow: Airflow) -> None:
    assert airflow.database_url == f"sqlite:///{airflow.layout.sqlite}"
    server = "postgresql+psycopg2://lake:secret@127.0.0.1:5432/postgres?sslmode=disable"
    with_server = replace(
        airflow, settings=airflow.settings.model_copy(update={"database": server})
    )
    assert with_server.database_url == server.replace("/postgres?", "/airflow-lake-dev?")
