"""`lake compose`, from its output and exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import compose as module


def lake(
    *arguments: str, home: Path, typed: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env={"LAKE_HOME": str(home), "PATH": str(home), **more},  # where there is no docker
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def play_docker(folder: Path, *, answer: str = "") -> Path:
    """Let `docker` print `answer`, whatever it is asked; where it writes what that was."""
    docker = folder / "docker"
    docker.write_text(f'#!/bin/sh\necho "$*" >> {folder}/seen\necho {answer}\n')
    docker.chmod(0o755)
    return folder / "seen"


def test_prepare_writes_the_bundle_and_the_secrets_and_says_the_login(tmp_path: Path) -> None:
    said = lake("compose", "prepare", home=tmp_path)

    assert said.returncode == 0, said.stderr
    assert (tmp_path / "compose" / "bundle" / "dags" / "market_quotes.py").is_file()
    assert (tmp_path / "compose" / "airflow.env").is_file()
    assert not (tmp_path / "compose" / "mwaa-image.env").exists()
    assert (tmp_path / "compose" / "secrets" / "users-password").read_text() in said.stdout


def test_for_an_official_image_prepare_writes_what_it_is_told(tmp_path: Path) -> None:
    said = lake("compose", "prepare", home=tmp_path, LAKE_MWAA_IMAGE="mine:1")

    assert said.returncode == 0, said.stderr
    assert (tmp_path / "compose" / "mwaa-image.env").is_file()


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_machine_without_an_engine_gets_one_clear_line(tmp_path: Path, command: str) -> None:
    said = lake("compose", command, home=tmp_path)

    assert said.returncode == 1
    assert said.stderr.startswith("lake: no container engine with Compose answers")
    assert len(said.stderr.splitlines()) == 1


def test_up_deploys_everything_to_containers_that_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def record(*arguments: str, **_: object) -> None:
        done.append(" ".join(arguments))

    def wait(name: str, *_: object, **__: object) -> None:
        done.append(f"wait for {name}")

    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "require_engine", lambda: None)
    monkeypatch.setattr(module, "run_compose", record)
    monkeypatch.setattr(module, "cdk", record)
    monkeypatch.setattr(module, "wait_until_available", wait)

    result = CliRunner().invoke(module.compose, ["up", "--no-build", "--workers", "3"])

    assert result.exit_code == 0, result.output
    assert done[0] == "up --detach --wait --no-build --scale worker=3"
    assert [words.split()[0] for words in done[1:4]] == ["bootstrap", "synth", "deploy"]
    assert "--all" in done[3]
    assert done[4] == "wait for lake-dev"


def test_with_an_official_image_up_deploys_only_what_its_dags_read_and_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def record(*arguments: str, **_: object) -> None:
        done.append(" ".join(arguments))

    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    monkeypatch.setenv("LAKE_MWAA_IMAGE", "mine:1")
    monkeypatch.setattr(module, "require_engine", lambda: None)
    monkeypatch.setattr(module, "run_compose", record)
    monkeypatch.setattr(module, "cdk", record)

    result = CliRunner().invoke(module.compose, ["up", "--workers", "3"])

    assert result.exit_code == 0, result.output
    assert done[0] == "up --detach --wait aws"
    assert [words.split()[0] for words in done[1:4]] == ["bootstrap", "synth", "deploy"]
    assert "lake-dev-storage --exclusively" in done[3]
    assert done[4] == "up --detach --wait --scale worker=3"


@pytest.mark.parametrize(
    ("more", "service"),
    [({}, "scheduler"), ({"LAKE_LOCAL_RUNNER_IMAGE": "mine:2"}, "local-runner")],
)
def test_airflow_gets_its_arguments_as_they_are(
    tmp_path: Path, more: dict[str, str], service: str
) -> None:
    seen = play_docker(tmp_path)

    said = lake("compose", "airflow", "dags", "list", "--output", "json", home=tmp_path, **more)

    assert said.returncode == 0, said.stderr
    asked = seen.read_text().splitlines()[-1]
    assert asked == (
        f"compose exec {service} python3 /opt/lake/infra/compose/airflow_command.py "
        "dags list --output json"
    )
