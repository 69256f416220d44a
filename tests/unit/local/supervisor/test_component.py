"""A component that the supervisor keeps running."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.supervisor import component as component_module
from infra.local.supervisor.component import Command, Component, ComponentState
from infra.local.supervisor.processes import find_marked

IGNORES_SIGTERM = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("ready", flush=True)
time.sleep(600)
"""


def _component(folder: Path, code: str, *, stop_seconds: float = 5) -> tuple[Component, str]:
    marker = f"/test-{uuid.uuid4().hex}:"
    command = Command(
        name="part",
        argv=[sys.executable, "-c", code],
        environment={"PATH": os.environ["PATH"], "ONLY": "this"},
        folder=folder,
        log_path=folder / "logs" / "part.log",
        stop_seconds=stop_seconds,
    )
    return Component(command, marker=marker), marker


async def _until(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def test_it_gets_the_commands_environment_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPERSON")
    code = "import os, time; print(sorted(os.environ), flush=True); time.sleep(600)"
    component, _ = _component(tmp_path, code)

    async def run() -> str:
        await component.start()
        await _until(component.command.log_path.read_text)
        await component.stop()
        return component.command.log_path.read_text()

    names = asyncio.run(run())
    assert "ONLY" in names
    assert "AWS_" not in names
    assert "HOME" not in names


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    component, _ = _component(tmp_path, "import time; time.sleep(600)")

    async def run() -> None:
        await component.start()
        first = component.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await _until(lambda: component.restarts == 1 and component.state == "running")
        assert component.pid != first
        assert component.last_exit.startswith("killed by SIGKILL after")
        await component.stop()

    asyncio.run(run())
    assert component.state is ComponentState.STOPPED
    assert component.pid is None


def test_what_a_dead_process_left_is_ended_before_it_starts_again(tmp_path: Path) -> None:
    code = IGNORES_SIGTERM.replace("time.sleep(600)\n", "time.sleep(0.2)\n").replace(
        'print("ready", flush=True)', ""
    )
    component, marker = _component(tmp_path, code)

    async def run() -> None:
        await component.start()
        await _until(lambda: component.restarts == 2)
        assert len(list(find_marked(marker))) <= 2
        await component.stop()

    asyncio.run(run())
    assert not list(find_marked(marker))


def test_one_that_keeps_dying_is_failing_and_says_how_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(component_module, "LONGEST_BACKOFF_SECONDS", 0.01)
    component, _ = _component(tmp_path, "raise SystemExit(7)")

    async def run() -> None:
        await component.start()
        await _until(lambda: component.state is ComponentState.FAILING)
        assert component.last_exit == "ended with exit code 7 after 0 s"
        await component.stop()

    asyncio.run(run())


def test_one_that_cannot_be_started_again_is_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(component_module, "LONGEST_BACKOFF_SECONDS", 0.01)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    marker = f"/test-{uuid.uuid4().hex}:"
    command = Command(
        name="part",
        argv=[str(program)],
        environment={},
        folder=tmp_path,
        log_path=tmp_path / "log",
    )
    component = Component(command, marker=marker)

    async def run() -> None:
        await component.start()
        program.unlink()
        await _until(lambda: component.state is ComponentState.FAILING)
        assert "No such file" in component.last_exit
        await component.stop()

    asyncio.run(run())


def test_sigterm_that_is_ignored_becomes_sigkill_for_the_whole_family(tmp_path: Path) -> None:
    component, marker = _component(tmp_path, IGNORES_SIGTERM, stop_seconds=0.2)

    async def run() -> None:
        await component.start()
        await _until(component.command.log_path.read_text)
        assert len(list(find_marked(marker))) == 2
        await component.stop()

    asyncio.run(run())
    assert not list(find_marked(marker))


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component_module, "LOG_LIMIT_BYTES", 10)
    component, _ = _component(tmp_path, "import time; print('new', flush=True); time.sleep(600)")
    log = component.command.log_path
    log.parent.mkdir()
    log.write_text("old and large enough")

    async def run() -> None:
        await component.start()
        await _until(log.read_text)
        await component.stop()

    asyncio.run(run())
    assert log.read_text() == "new\n"
    assert log.with_suffix(".log.1").read_text() == "old and large enough"
