"""Docker Compose, played by a script that comes first on the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.compose.engine import (
    EngineError,
    compose,
    compose_lines,
    fit_to_engine,
    require_engine,
)
from infra.local.settings import REPOSITORY, LocalSettings


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let `docker` be this shell script, and nothing else be found."""
    path = folder / "bin" / "docker"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent))


def test_a_machine_without_docker_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no container engine with Compose answers") as said:
        require_engine()
    assert "\n" not in str(said.value)


def test_an_engine_that_does_not_answer_is_said_with_dockers_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, "echo first >&2; echo cannot connect >&2; exit 1")
    with pytest.raises(EngineError, match=r"answers \(cannot connect\); `lake up` needs none"):
        require_engine()


def test_docker_without_compose_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, '[ "$1" = version ]')
    with pytest.raises(EngineError, match="docker compose failed"):
        require_engine()


def test_compose_gets_the_laptops_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    docker(tmp_path, monkeypatch, f'echo "$*" "$LAKE_HOME" "$LAKE_AWS_PORT" > {seen}')
    compose("up", "--wait", settings=LocalSettings(home=tmp_path, aws_port=4999))
    assert seen.read_text() == f"compose up --wait {tmp_path} 4999\n"


def test_compose_that_fails_is_said_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, "exit 17")
    with pytest.raises(EngineError, match="`docker compose up` ended with exit code 17"):
        compose("up", settings=LocalSettings(home=tmp_path))


@pytest.mark.parametrize(
    ("chosen", "file"),
    [
        ({}, ""),
        ({"mwaa_image": "mine:1"}, "infra/compose/mwaa-image.yaml"),
        ({"local_runner_image": "mine:2"}, "infra/compose/local-runner.yaml"),
    ],
)
def test_an_official_image_is_run_by_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], file: str
) -> None:
    monkeypatch.delenv("COMPOSE_FILE", raising=False)
    seen = tmp_path / "seen"
    docker(tmp_path, monkeypatch, f'echo "$COMPOSE_FILE" > {seen}')
    compose("up", settings=LocalSettings(home=tmp_path).model_copy(update=chosen))
    assert seen.read_text().strip() == file
    assert not file or (REPOSITORY / file).is_file()


def test_two_official_images_are_refused(tmp_path: Path) -> None:
    both = LocalSettings(home=tmp_path, mwaa_image="mine:1", local_runner_image="mine:2")
    with pytest.raises(EngineError, match="not both"):
        compose("up", settings=both)


def test_what_compose_prints_is_given_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, "echo one; echo two")
    settings = LocalSettings(home=tmp_path)
    assert compose_lines("config", "--services", settings=settings) == ["one", "two"]


@pytest.mark.parametrize(("engine", "cpus"), [(2, "2"), (4, ""), (16, "")])
def test_no_container_may_take_more_processors_than_the_engine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: int, cpus: str
) -> None:
    file = '{"services": {"worker": {"cpus": 4}, "redis": {}}}'
    docker(
        tmp_path,
        monkeypatch,
        f"[ \"$LAKE_ENVIRONMENT_CLASS$1\" = mw1.largecompose ] && echo '{file}' || echo {engine}",
    )
    settings = LocalSettings(home=tmp_path, environment_class="mw1.large")
    assert fit_to_engine(settings).cpus == cpus


def test_compose_gets_the_size_of_the_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, 'echo "$LAKE_ENVIRONMENT_CLASS $LAKE_CPUS"')
    monkeypatch.setenv("LAKE_ENVIRONMENT_CLASS", "mw1.small")
    settings = LocalSettings(home=tmp_path, environment_class="mw1.large", cpus="2")
    assert compose_lines("up", settings=settings) == ["mw1.large 2"]
