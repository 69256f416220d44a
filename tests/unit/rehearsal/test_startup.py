"""The startup script, rehearsed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra.local.mwaa import startup
from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import LocalSettings
from infra.rehearsal.startup import StartupRun, run_startup


def run(folder: Path, script: str) -> StartupRun:
    path = folder / "startup.sh"
    path.write_text(script)
    return asyncio.run(run_startup(path, settings=LocalSettings(home=folder / "home")))


def test_it_runs_for_every_component_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run(tmp_path, "export OF=$MWAA_AIRFLOW_COMPONENT\n")

    assert done.variables == {
        component: {"OF": component} for component in ("webserver", "scheduler", "worker")
    }
    assert not list((tmp_path / "home").iterdir())


def test_it_sees_what_mwaa_sets(tmp_path: Path) -> None:
    done = run(tmp_path, "export SEEN=$AWS_REGION:$AIRFLOW_CONN_AWS_DEFAULT:${USER:-nobody}\n")

    assert done.variables["worker"] == {"SEEN": "us-east-1:aws://:nobody"}


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONPATH",
        "AIRFLOW_HOME",
        "AWS_REGION",
        "MWAA__CORE__X",
        "AIRFLOW__CORE__EXECUTOR",
        "AIRFLOW__CORE__PARALLELISM",
        "AIRFLOW__METRICS__STATSD_HOST",
    ],
)
def test_a_reserved_variable_is_refused_at_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"startup\.sh:2: {name} is reserved"):
        run(tmp_path, f"export FINE=1\nexport {name}=x\n")


def test_a_configuration_option_that_is_not_reserved_is_exported(tmp_path: Path) -> None:
    done = run(tmp_path, "export AIRFLOW__CORE__DEFAULT_TASK_RETRIES=3\n")

    assert done.variables["scheduler"] == {"AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "3"}


def test_a_script_that_fails_is_said_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="exit code 3\nno disk"):
        run(tmp_path, "echo no disk; exit 3\n")


def test_a_script_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "LIMIT_SECONDS", 0.5)
    with pytest.raises(ConfigurationError, match="still running"):
        run(tmp_path, "sleep 600\n")


def test_a_script_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.sh: expected a shell script"):
        asyncio.run(run_startup(tmp_path / "nowhere.sh", settings=LocalSettings(home=tmp_path)))
