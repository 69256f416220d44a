"""A container's start, with the processes that it would become recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from infra.container import start as module
from infra.container.start import start
from infra.local.mwaa.commands import CommandError
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK


class Became(Exception):
    """Stands for exec, which does not return."""

    def __init__(self, argv: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(argv)
        self.argv = argv
        self.environment = environment


class FakeRunner:
    """Records the commands, and fails where a test wants it."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.fails = ""

    async def run(self, argv: list[str], **_: Any) -> str:
        self.ran.append(argv)
        if self.fails:
            raise CommandError("it ended with exit code 1", self.fails)
        return ""


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """The files of a container, in a folder of the test's own."""

    def become(argv: list[str], environment: Mapping[str, str]) -> NoReturn:
        raise Became(argv, environment)

    for name in (
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "AIRFLOW_FERNET_KEY",
        "AIRFLOW_JWT_SECRET",
        "AIRFLOW_API_SECRET_KEY",
        "AIRFLOW_USERS_PASSWORD",
    ):
        monkeypatch.setenv(name, f"the {name}")
    runner = FakeRunner()
    monkeypatch.setattr(module, "RUNNER", runner)
    monkeypatch.setattr(module, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(module, "STARTUP_SCRIPT", tmp_path / "startup.sh")
    monkeypatch.setattr(module, "_keep_log", lambda _: None)
    monkeypatch.setattr(module, "_become", become)
    return runner


def test_init_sets_the_database_up_with_the_users_password(container: FakeRunner) -> None:
    with pytest.raises(Became) as became:
        start("init", os.environ)

    assert became.value.argv[-1].endswith("set_up_database.py")
    assert became.value.environment["MWAA_USERS_PASSWORD"] == "the AIRFLOW_USERS_PASSWORD"
    assert container.ran == []


def test_requirements_are_installed_under_the_images_pins(
    container: FakeRunner, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("pandas==3.0.5\n")

    with pytest.raises(Became) as became:
        start("worker", os.environ)

    assert became.value.argv[:3] == ["airflow", "celery", "worker"]
    (install,) = container.ran
    assert install[-2:] == ["--constraints", str(IMAGE_LOCK)]
    assert str(tmp_path / "requirements.txt") in install


def test_flower_runs_nothing_of_the_bundle(container: FakeRunner, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pandas==3.0.5\n")
    (tmp_path / "startup.sh").write_text("exit 1\n")

    with pytest.raises(Became) as became:
        start("flower", os.environ)

    assert became.value.argv == ["airflow", "celery", "flower"]
    assert container.ran == []


def test_a_requirement_that_would_change_the_image_stops_it_at_its_line(
    container: FakeRunner, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("celery==5.7.0\n")

    with pytest.raises(ConfigurationError, match=r"requirements\.txt:1: celery==5\.7\.0"):
        start("scheduler", os.environ)
    assert container.ran == []


def test_requirements_that_cannot_be_installed_stop_it_with_the_reason(
    container: FakeRunner, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("pandas==99\n")
    container.fails = "there is no version of pandas==99"

    with pytest.raises(ConfigurationError, match="no version of pandas==99") as stopped:
        start("worker", os.environ)
    assert str(stopped.value).startswith(f"{tmp_path}/requirements.txt:1: pandas==99")


@pytest.mark.usefixtures("container")
def test_a_name_that_is_no_component_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="webserver is no component: expected one of init"):
        start("webserver", os.environ)
