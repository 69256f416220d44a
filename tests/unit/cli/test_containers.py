"""`lake status` and `lake logs` of containers; `docker` is a script, first on the path."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import containers as module
from infra.cli.containers import differences
from infra.cli.main import app
from infra.compose.containers import CLASS_LABEL, Container

ENVIRONMENT = {
    "Name": "lake-dev",
    "Status": "AVAILABLE",
    "WebserverUrl": "127.0.0.1:8080",
    "LastUpdate": {"Status": "FAILED", "Error": {"ErrorMessage": "requirements.txt:1: no"}},
    "EnvironmentClass": "mw1.medium",
    "MinWorkers": 2,
    "MaxWorkers": 3,
}


def line(service: str, *, health: str = "healthy", state: str = "running", size: str = "") -> str:
    """A container as `docker compose ps --format json` prints it."""
    labels = "com.docker.compose.depends_on=aws:service_healthy:false,mwaa:service_healthy:false"
    if size:
        labels += f",{CLASS_LABEL}={size}"
    return json.dumps(
        {
            "ID": "1",
            "Service": service,
            "Name": f"mwaa-lake-{service}-1",
            "State": state,
            "Health": health,
            "Status": "Up 3 minutes",
            "Labels": labels,
        }
    )


class Mwaa:
    """The service in the containers."""

    def list_environments(self) -> dict[str, Any]:
        return {"Environments": ["lake-dev"]}


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `docker` was asked; it prints the file `containers`."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/seen\n[ "$2" != ps ] || cat {tmp_path}/containers\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "client", lambda *_: Mwaa())
    monkeypatch.setattr(module, "describe", lambda *_: ENVIRONMENT)
    monkeypatch.setattr("infra.cli.main.recent_runs", lambda *_: [])
    return tmp_path / "seen"


def there(seen: Path, *lines: str) -> None:
    (seen.parent / "containers").write_text("".join(f"{each}\n" for each in lines))


def lake(*arguments: str) -> str:
    """What it prints."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.exception
    return result.output


def test_status_shows_the_environment_and_the_health_of_each_container(seen: Path) -> None:
    there(
        seen,
        *(line("aws"), line("mwaa"), line("worker", health="unhealthy", size="mw1.small")),
        line("scheduler", state="exited", health="healthy", size="mw1.small"),
    )
    status = json.loads(lake("status", "--json"))
    assert status["ready"]
    (environment,) = status["environments"]
    password = (seen.parent / "compose" / "secrets" / "users-password").read_text()
    assert (environment["url"], environment["password"]) == ("http://127.0.0.1:8080", password)
    assert environment["error"] == "requirements.txt:1: no"
    assert len(environment["differences"]) == 2
    health = {each["service"]: (each["state"], each["health"]) for each in status["containers"]}
    assert health["worker"] == ("running", "unhealthy")
    said = lake("status")
    assert "class: the containers are mw1.small, and it asks for mw1.medium" in said
    assert "workers: 1 run, and it asks for 2 to 3" in said
    table = {line.split("│")[1].strip(): line for line in said.splitlines() if "│" in line}
    assert "unhealthy" in table["worker"]
    assert "exited" in table["scheduler"]


def test_where_the_service_is_not_healthy_status_asks_it_nothing(
    seen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Mwaa:
        raise AssertionError("it was asked")

    monkeypatch.setattr(module, "client", refuse)
    monkeypatch.setattr("infra.cli.main.recent_runs", refuse)
    there(seen, line("aws", health="starting"), line("mwaa"))
    assert "does not answer" in lake("status")


def test_without_containers_nothing_runs(seen: Path) -> None:
    there(seen)
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 1
    assert "nothing runs: `lake up` starts the lake, `lake compose up`" in str(result.exception)


def test_logs_are_those_of_the_component(seen: Path) -> None:
    there(seen, line("aws"), line("worker"))
    lake("logs", "worker", "-n", "7", "--follow")
    assert seen.read_text().splitlines()[-1] == "compose logs --tail 7 --follow worker"
    lake("logs")
    assert seen.read_text().splitlines()[-1] == "compose logs --tail 50"


def test_logs_of_what_is_no_component_name_those_that_there_are(seen: Path) -> None:
    there(seen, line("aws"), line("worker"))
    result = CliRunner().invoke(app, ["logs", "flower"])
    assert "no container of 'flower'; there are: aws, worker" in str(result.exception)


def test_containers_as_the_environment_asks_for_them_differ_in_nothing() -> None:
    workers = [line("worker", size="mw1.medium"), line("worker", size="mw1.medium"), line("aws")]
    assert not differences(ENVIRONMENT, [Container.model_validate_json(each) for each in workers])
