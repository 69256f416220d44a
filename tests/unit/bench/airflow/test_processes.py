"""What a component used is counted, with what it has started and what of that has ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from infra.bench.airflow import processes
from infra.bench.airflow.processes import SCHEDULER, WORKERS, cpu_seconds
from infra.local.settings import LocalSettings
from infra.local.supervisor.status import ComponentStatus, SupervisorStatus

SLEEP = "time.sleep(60)"
BURN = "import time\nwhile time.process_time() < 0.3: pass"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
child = subprocess.Popen([sys.executable, "-c", {BURN + chr(10) + SLEEP!r}])
print("ready", flush=True)
try:
    sys.stdin.read()
finally:
    child.kill()
"""


@pytest.fixture
def scheduler() -> Iterator[int]:
    """A process with a child that has ended and one that sleeps; it does nothing itself."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.communicate()


def test_the_schedulers_children_are_the_workers(
    scheduler: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    component = ComponentStatus(
        name="lake-dev.scheduler", state="running", pid=scheduler, restarts=0, since=0.0,
        last_exit="", log="",
    )  # fmt: skip
    status = SupervisorStatus(
        pid=1, since=0.0, endpoint_url="", ready=True, components=[component], environments=[]
    )
    monkeypatch.setattr(processes, "read_status", lambda _: status)
    used = cpu_seconds(LocalSettings())
    assert set(used) == {SCHEDULER, WORKERS}
    assert used[WORKERS] > 0.25  # the clock of what has ended is coarse
    assert used[SCHEDULER] < used[WORKERS]


def test_nothing_runs_uses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "read_status", lambda _: None)
    assert cpu_seconds(LocalSettings()) == {}
