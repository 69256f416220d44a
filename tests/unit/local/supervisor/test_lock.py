"""The lock of the home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.supervisor.lock import AlreadyRunningError, SupervisorLock, running_pid

HOLDER = """
import sys
from pathlib import Path
from infra.local.supervisor.lock import SupervisorLock
with SupervisorLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _hold(home: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_supervisor_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    with _hold(tmp_path) as holder:
        with pytest.raises(AlreadyRunningError, match=rf"{tmp_path} \(pid {holder.pid}\)"):
            SupervisorLock(tmp_path).__enter__()
        assert running_pid(tmp_path) == holder.pid
        holder.kill()


def test_the_file_of_a_killed_supervisor_is_no_obstacle(tmp_path: Path) -> None:
    with _hold(tmp_path) as holder:
        holder.kill()
    assert running_pid(tmp_path) is None
    with SupervisorLock(tmp_path):
        assert (tmp_path / "state" / "supervisor.pid").read_text() == str(os.getpid())


def test_nothing_runs_where_there_is_no_file(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    with SupervisorLock(tmp_path):
        pass
    assert running_pid(tmp_path) is None
    with SupervisorLock(tmp_path):
        pass
