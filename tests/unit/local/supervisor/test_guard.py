"""The guard ends what a killed supervisor leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid

import psutil

from infra.local.supervisor.processes import find_marked

SUPERVISOR = """
import os, subprocess, sys
marker = sys.argv[1]
environment = {**os.environ, "LAKE_COMPONENT": marker + "part:"}
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(sleep, env=environment, start_new_session=True)
guard = subprocess.Popen(
    [sys.executable, "-m", "infra.local.supervisor.guard", marker],
    stdin=subprocess.PIPE, start_new_session=True,
)
print(guard.pid, flush=True)
sys.stdin.read()
"""


def test_nothing_survives_the_sigkill_of_the_supervisor() -> None:
    marker = f"/test-{uuid.uuid4().hex}:run:"
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, marker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout
        guard = int(supervisor.stdout.readline())
        assert len(list(find_marked(marker))) == 1
        supervisor.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while list(find_marked(marker)):
        assert time.monotonic() < deadline, "a process survived"
        time.sleep(0.05)
    assert _ends(guard)


def test_the_guard_does_not_end_before_its_supervisor() -> None:
    marker = f"/test-{uuid.uuid4().hex}:run:"
    with subprocess.Popen(
        [sys.executable, "-m", "infra.local.supervisor.guard", marker], stdin=subprocess.PIPE
    ) as guard:
        time.sleep(1)
        guard.terminate()
        time.sleep(0.2)
        assert guard.poll() is None


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False
