"""The startup script."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra.local.mwaa import startup
from infra.local.mwaa.commands import Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.startup import run_startup_script

BASE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_REGION": "us-east-1"}


def _run(folder: Path, script: str) -> dict[str, dict[str, str]]:
    path = folder / "startup.sh"
    path.write_text(script)
    return asyncio.run(
        run_startup_script(path, environment=BASE, runner=Runner(marker="/test-startup:"))
    )


def test_exported_variables_are_kept_and_others_are_not(tmp_path: Path) -> None:
    variables = _run(tmp_path, "export FOO='a b\nc'\nBAR=local\nexport PATH=/opt:$PATH\n")
    expected = {"FOO": "a b\nc", "PATH": "/opt:/usr/bin:/bin"}
    assert variables == dict.fromkeys(("webserver", "scheduler", "worker"), expected)


def test_the_script_knows_its_component(tmp_path: Path) -> None:
    script = 'if [[ "$MWAA_AIRFLOW_COMPONENT" != webserver ]]; then export TOOL=1; fi'
    variables = _run(tmp_path, script)
    assert variables == {"webserver": {}, "scheduler": {"TOOL": "1"}, "worker": {"TOOL": "1"}}


def test_it_runs_for_the_components_that_are_asked_for_only(tmp_path: Path) -> None:
    path = tmp_path / "startup.sh"
    path.write_text(f"echo $MWAA_AIRFLOW_COMPONENT >> {tmp_path}/ran")
    runner = Runner(marker="/test-startup:")
    run = run_startup_script(path, environment=BASE, runner=runner, components=["worker"])
    assert asyncio.run(run) == {"worker": {}}
    assert (tmp_path / "ran").read_text() == "worker\n"


def test_reserved_variables_are_dropped(tmp_path: Path) -> None:
    script = "export PYTHONPATH=/x AIRFLOW_HOME=/y MWAA__CORE__X=1 OK=1"
    assert _run(tmp_path, script)["worker"] == {"OK": "1"}


def test_nothing_of_the_persons_shell_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "person")
    assert _run(tmp_path, "export SEEN=${AWS_SECRET_ACCESS_KEY:-none}")["worker"]["SEEN"] == "none"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo installing; no-such-command", "exit code 127\ninstalling"),
        ("echo leaving; exit 3", "exit code 3\nleaving"),
        ("exit 0", "startup script failed"),
    ],
)
def test_a_script_that_fails_is_said_with_its_output(
    tmp_path: Path, script: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as failed:
        _run(tmp_path, script)
    assert said in str(failed.value)


def test_a_script_that_never_ends_is_stopped_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "LIMIT_SECONDS", 0.5)
    with pytest.raises(ConfigurationError, match="still running after 0 s"):
        _run(tmp_path, "sleep 600 & sleep 600")
