"""Finding and ending the processes of a component."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.supervisor.processes import find_marked, home_marker, kill_marked, marked

DETACHED_GRANDCHILD = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("started", flush=True)
"""


@pytest.fixture
def marker() -> Iterator[str]:
    marker = f"/test-{uuid.uuid4().hex}:run:"
    yield marker
    kill_marked(marker)


def _python(code: str, marker: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=marked({"PATH": os.environ["PATH"]}, marker + "component:"),
        stdout=subprocess.PIPE,
    )


def test_a_grandchild_in_a_session_of_its_own_is_ended_though_its_parent_is_gone(
    marker: str,
) -> None:
    with _python(DETACHED_GRANDCHILD, marker) as parent:
        parent.wait()
    assert len(list(find_marked(marker))) == 1
    assert kill_marked(marker) == 1
    assert not list(find_marked(marker))


def test_a_process_that_sets_its_title_is_found(marker: str) -> None:
    code = "import setproctitle, time; setproctitle.setproctitle('x' * 500); print(1, flush=True)"
    with _python(code + "; time.sleep(600)", marker) as process:
        assert process.stdout
        process.stdout.readline()
        assert kill_marked(marker) == 1
        assert process.wait() == -signal.SIGKILL


def test_processes_with_another_marker_live_on(marker: str) -> None:
    with _python("import time; time.sleep(600)", marker) as process:
        time.sleep(0.1)
        assert kill_marked(marker + "other:") == 0
        assert process.poll() is None
        process.kill()


def test_the_marker_of_a_home_does_not_match_a_home_whose_name_goes_on(tmp_path: Path) -> None:
    assert not home_marker(tmp_path / "lake2").startswith(home_marker(tmp_path / "lake"))
