"""The files for the official images, as Compose itself renders them.

What the images ask of their environment is listed here from their sources: the entrypoint and
`mwaa/config` of aws/amazon-mwaa-docker-images, the entrypoint of aws/aws-mwaa-local-runner.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet

from infra.compose.containers import CLASS_LABEL
from infra.compose.official import write_official_env_files
from infra.compose.secrets import users_password, write_env_files
from infra.environments import DEV
from infra.local.settings import REPOSITORY, LocalSettings
from infra.settings import TASKS_A_WORKER

COMPOSE = REPOSITORY / ".tools" / "bin" / "docker-compose"
FILES = ("mwaa-image", "local-runner")
COMPONENTS = ("init", "api-server", "scheduler", "worker")
READ_WITHOUT_A_DEFAULT = {
    "MWAA__DB__CREDENTIALS",
    "MWAA__DB__POSTGRES_DB",
    "MWAA__DB__POSTGRES_HOST",
    "MWAA__DB__POSTGRES_PORT",
    "MWAA__DB__POSTGRES_SSLMODE",
    "MWAA__SQS__QUEUE_URL",
    "MWAA__LOGGING__AIRFLOW_SCHEDULER_LOG_LEVEL",
    "MWAA__LOGGING__AIRFLOW_WEBSERVER_LOG_LEVEL",
    "MWAA__LOGGING__AIRFLOW_WORKER_LOG_LEVEL",
    "MWAA__CORE__FERNET_KEY",
}
"""By MWAA's image; the last one becomes the secret of the API's tokens as well."""

type Render = Callable[..., dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder, settings = tmp_path / "compose", LocalSettings(home=tmp_path)
    write_env_files(folder, settings=settings)
    write_official_env_files(folder, environment=DEV, settings=settings)
    return folder


@pytest.fixture
def render(folder: Path) -> Render:
    """What Compose makes of a file, with LAKE_HOME and the variables given."""
    if not COMPOSE.exists():
        pytest.skip("no Compose here: `make .tools/.compose` installs it")

    def services(name: str, **variables: str) -> dict[str, Any]:
        rendered = subprocess.run(
            [str(COMPOSE), "config", "--format", "json"],
            cwd=REPOSITORY,
            env={
                "COMPOSE_FILE": f"infra/compose/{name}.yaml",
                "LAKE_HOME": str(folder.parent),
                "LAKE_RUNNER": "/runner",
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert rendered.returncode == 0, rendered.stderr
        # `config` writes what Compose can read again, where $$ stands for $.
        found: dict[str, Any] = json.loads(rendered.stdout.replace("$$", "$"))["services"]
        return found

    return services


def mounts(service: dict[str, Any]) -> dict[str, str]:
    return {each["target"]: each["source"] for each in service["volumes"]}


def test_mwaas_image_runs_each_component_by_its_command(render: Render) -> None:
    services = render("mwaa-image")
    assert {name: services[name]["command"] for name in COMPONENTS} == {
        "init": ["migrate-db"],
        "api-server": ["webserver"],
        "scheduler": ["scheduler"],
        "worker": ["worker"],
    }
    assert set(services) == {*COMPONENTS, "postgres", "aws"}
    for name in COMPONENTS:
        assert services[name]["image"] == "amazon-mwaa-docker-images/airflow:3.3.1-dev"
        assert "build" not in services[name]


def test_one_variable_names_another_image(render: Render) -> None:
    services = render("mwaa-image", LAKE_MWAA_IMAGE="mine:1")
    assert {services[name]["image"] for name in COMPONENTS} == {"mine:1"}
    runner = render("local-runner", LAKE_LOCAL_RUNNER_IMAGE="mine:2")["local-runner"]
    assert runner["image"] == "mine:2"


def test_mwaas_image_is_told_all_that_it_reads_without_a_default(render: Render) -> None:
    for name, service in render("mwaa-image").items():
        if name in COMPONENTS:
            told = {key for key, value in service["environment"].items() if value}
            assert told >= READ_WITHOUT_A_DEFAULT, name


def test_the_documents_in_its_variables_are_read_as_they_were_written(render: Render) -> None:
    services = render("mwaa-image")
    told = services["worker"]["environment"]
    options = json.loads(told["MWAA__CORE__CUSTOM_AIRFLOW_CONFIGS"])
    assert options["AIRFLOW__LAKE__DATABASE"] == "lake_dev"
    assert options["AIRFLOW__LAKE__ARRIVAL_QUEUES"] == "lake-dev-arrivals-"
    assert options["AIRFLOW__LAKE__SNS_TOPIC_ARN"].endswith(":lake-dev-messages")
    assert options["AIRFLOW__CORE__DEFAULT_TASK_RETRIES"] == "2"
    assert json.loads(told["MWAA__WEBSERVER__SECRET"])["secret_key"]
    assert Fernet(json.loads(told["MWAA__CORE__FERNET_KEY"])["FernetKey"])
    database = services["postgres"]["environment"]
    assert json.loads(told["MWAA__DB__CREDENTIALS"]) == {
        "username": database["POSTGRES_USER"],
        "password": database["POSTGRES_PASSWORD"],
    }
    # The image puts the password into a URL as it is.
    assert re.fullmatch(r"[\w-]+", database["POSTGRES_PASSWORD"])


def test_its_queue_is_in_the_embedded_aws(render: Render) -> None:
    services = render("mwaa-image")
    told, aws = services["worker"]["environment"], services["aws"]
    port = aws["environment"]["LAKE_AWS_PORT"]
    assert told["MWAA__SQS__CUSTOM_ENDPOINT"] == f"http://aws:{port}" == told["AWS_ENDPOINT_URL"]
    queue = urlsplit(told["MWAA__SQS__QUEUE_URL"])
    assert (queue.scheme, queue.netloc) == ("http", f"aws:{port}")
    assert queue.path == f"/{aws['environment']['LAKE_ACCOUNT_ID']}/airflow-celery-lake-dev"
    assert told["MWAA__SQS__CREATE_QUEUE"].lower() == "true"
    assert told["MWAA__SQS__USE_SSL"].lower() == "false"


def test_tasks_find_the_api_server_and_the_bundle(render: Render, tmp_path: Path) -> None:
    services = render("mwaa-image")
    worker = services["worker"]
    url = urlsplit(worker["environment"]["MWAA__CORE__API_SERVER_URL"])
    (published,) = services["api-server"]["ports"]
    assert (url.hostname, url.port) == ("api-server", published["target"])
    bundle = tmp_path / "compose" / "bundle"
    for part in ("dags", "plugins", "requirements", "startup"):
        assert mounts(worker)[f"/usr/local/airflow/{part}"] == str(bundle / part)


@pytest.mark.parametrize(("name", "tasks"), sorted(TASKS_A_WORKER.items()))
def test_a_worker_of_mwaas_image_has_the_size_of_its_class(
    render: Render, name: str, tasks: int
) -> None:
    worker = render("mwaa-image", LAKE_ENVIRONMENT_CLASS=name)["worker"]
    assert worker["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == str(tasks)
    assert worker["labels"] == {CLASS_LABEL: name}
    few = render("mwaa-image", LAKE_ENVIRONMENT_CLASS=name, LAKE_CPUS="0.5")["worker"]
    assert (few["cpus"], few["mem_limit"]) == (0.5, worker["mem_limit"])


def test_the_local_runner_runs_the_runners_own_folders(render: Render, folder: Path) -> None:
    services = render("local-runner")
    assert set(services) == {"local-runner", "postgres", "aws"}
    runner, database = services["local-runner"], services["postgres"]["environment"]
    assert (runner["image"], runner["command"]) == ("amazon/mwaa-local:2_10_3", ["local-runner"])
    told = runner["environment"]
    assert (told["EXECUTOR"], told["LOAD_EX"]) == ("Local", "n")
    assert told["POSTGRES_PASSWORD"] == database["POSTGRES_PASSWORD"]
    assert told["DEFAULT_PASSWORD"] == users_password(folder)
    for part in ("dags", "plugins", "requirements"):
        assert mounts(runner)[f"/usr/local/airflow/{part}"] == f"/runner/{part}"
    assert mounts(runner)["/usr/local/airflow/startup"] == "/runner/startup_script"


@pytest.mark.parametrize("name", FILES)
def test_ports_are_published_on_this_machine_only(render: Render, name: str) -> None:
    services = render(name).values()
    published = [port for service in services for port in service.get("ports", [])]
    assert sorted(port["target"] for port in published) == [4566, 8080]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


@pytest.mark.parametrize("name", FILES)
def test_every_service_has_a_limit_and_logs_that_end(render: Render, name: str) -> None:
    for service in render(name).values():
        assert int(service["mem_limit"]) > 0
        assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_mounted_are_there(render: Render, name: str) -> None:
    sources = [Path(s) for service in render(name).values() for s in mounts(service).values()]
    own = [source for source in sources if source.is_relative_to(REPOSITORY)]
    assert own
    assert all(source.is_file() for source in own)


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_the_file(name: str) -> None:
    text = (REPOSITORY / "infra" / "compose" / f"{name}.yaml").read_text()
    assert not re.search(r"(password|secret|key|token)\w*\s*[:=]\s*['\"]?\w", text, re.IGNORECASE)


def test_nobody_else_can_read_the_env_files(folder: Path) -> None:
    for name in FILES:
        assert (folder / f"{name}.env").stat().st_mode & 0o077 == 0
