"""The reset of the containers' database, with `docker` played by a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.compose.database import require_database, reset_database
from infra.compose.engine import EngineError
from infra.local.settings import LocalSettings

ANSWERS = """
printf '%s\\n' "$*" >> {seen}
case "$*" in
  "compose config --services") printf '%b' '{services}' ;;
  "compose ps --all --quiet worker") printf 'one\\ntwo\\n' ;;
  "compose ps --services --status running") printf '%b' '{running}' ;;
  *{fails}*) exit 3 ;;
esac
"""
SERVICES = "redis\\naws\\npostgres\\ninit\\nscheduler\\nworker\\n"
CLIENT = "--username=airflow --maintenance-db=postgres airflow"


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(home=tmp_path)


def docker(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    running: str,
    services: str = SERVICES,
    fails: str = "nothing",
) -> Path:
    """Let `docker` be a script that answers as Compose does; where it writes what it is asked."""
    seen, path = folder / "seen", folder / "bin" / "docker"
    path.parent.mkdir()
    script = ANSWERS.format(seen=seen, running=running, services=services, fails=fails)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent))
    return seen


def changes(seen: Path) -> list[str]:
    """What was asked for, without the questions."""
    asked = [line.removeprefix("compose ") for line in seen.read_text().splitlines()]
    return [line for line in asked if not line.startswith(("config", "ps"))]


def test_airflow_stops_before_the_drop_and_starts_again_with_its_workers(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = docker(tmp_path, monkeypatch, running="aws\\npostgres\\nredis\\n")
    reset_database(settings=settings)
    assert changes(seen) == [
        "stop init scheduler worker",
        f"exec -T postgres dropdb --force --if-exists {CLIENT}",
        f"exec -T postgres createdb {CLIENT}",
        "exec -T redis redis-cli FLUSHALL",
        "up --detach --wait --no-build --no-recreate --scale worker=2",
    ]


def test_a_queue_that_does_not_run_is_not_emptied(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = docker(tmp_path, monkeypatch, running="aws\\npostgres\\n")
    reset_database(settings=settings)
    assert not any("redis" in line for line in changes(seen))


def test_a_file_without_workers_scales_none(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = "aws\\npostgres\\nlocal-runner\\n"
    seen = docker(tmp_path, monkeypatch, running="postgres\\n", services=services)
    reset_database(settings=settings)
    assert changes(seen)[0] == "stop local-runner"
    assert changes(seen)[-1] == "up --detach --wait --no-build --no-recreate"


def test_a_drop_that_fails_starts_nothing_on_half_a_database(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = docker(tmp_path, monkeypatch, running="postgres\\n", fails="dropdb")
    with pytest.raises(EngineError, match=r"dropdb .* ended with exit code 3"):
        reset_database(settings=settings)
    assert not any(line.startswith("up") for line in changes(seen))


@pytest.mark.parametrize(
    ("running", "refused"), [("redis\\n", True), ("redis\\npostgres\\n", False)]
)
def test_without_the_database_container_there_is_nothing_to_reset(
    settings: LocalSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    running: str,
    refused: bool,
) -> None:
    docker(tmp_path, monkeypatch, running=running)
    if refused:
        with pytest.raises(EngineError, match="no containers run: `lake compose up`"):
            require_database(settings=settings)
    else:
        require_database(settings=settings)
