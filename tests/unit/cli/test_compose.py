"""`lake compose`, from its output and exit code."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.chosen import environment_settings
from infra.cli import compose as module
from infra.local.settings import LocalSettings


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


@dataclass
class Done:
    """What `lake compose up` did, on an engine with two processors."""

    commands: list[str] = field(default_factory=list)
    settings: LocalSettings | None = None

    def record(self, *arguments: str, settings: LocalSettings, **_: object) -> None:
        self.commands.append(" ".join(arguments))
        self.settings = settings

    def wait(self, name: str, *_: object, **__: object) -> None:
        self.commands.append(f"wait for {name}")

    def fit(self, settings: LocalSettings) -> LocalSettings:
        large = settings.environment_class == "mw1.large"
        return settings.model_copy(update={"cpus": "2"}) if large else settings


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Done:
    done = Done()
    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "require_engine", lambda: None)
    monkeypatch.setattr(module, "fit_to_engine", done.fit)
    monkeypatch.setattr(module, "run_compose", done.record)
    monkeypatch.setattr(module, "cdk", done.record)
    monkeypatch.setattr(module, "wait_until_available", done.wait)
    return done


def up(*arguments: str) -> str:
    """What it prints."""
    result = CliRunner().invoke(module.compose, ["up", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_up_deploys_everything_to_containers_that_wait_for_it(done: Done) -> None:
    said = up("--no-build", "--workers", "3")

    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566" in said
    commands = done.commands
    assert commands[0] == "up --detach --wait --no-build --scale worker=3"
    assert [words.split()[0] for words in commands[1:4]] == ["bootstrap", "synth", "deploy"]
    assert "--all" in commands[3]
    assert commands[4] == "wait for lake-dev"


def test_with_an_official_image_up_deploys_only_what_its_dags_read_and_write(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_MWAA_IMAGE", "mine:1")

    up("--workers", "3")

    commands = done.commands
    assert commands[0] == "up --detach --wait aws"
    assert [words.split()[0] for words in commands[1:4]] == ["bootstrap", "synth", "deploy"]
    assert "lake-dev-storage --exclusively" in commands[3]
    assert commands[4] == "up --detach --wait --scale worker=3"


def test_the_containers_have_the_size_of_the_environment(done: Done) -> None:
    up("--environment", "prod")

    production = environment_settings("prod").airflow
    assert done.commands[0].endswith(f"--scale worker={production.min_workers}")
    assert done.settings
    assert done.settings.environment_class == production.environment_class


def test_a_person_may_want_another_size_and_is_told_what_the_engine_lacks(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Processors" not in up()
    monkeypatch.setenv("LAKE_ENVIRONMENT_CLASS", "mw1.large")
    said = up()

    assert done.settings
    assert (done.settings.environment_class, done.settings.cpus) == ("mw1.large", "2")
    assert "Processors  2 for each container, all that the engine has: fewer than mw1.large" in said


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
