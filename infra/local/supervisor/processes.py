"""Find and end every process of a component, however deep or detached it is.

A component's processes are known by a variable in their environment, which children inherit:
unlike a process group or `PR_SET_PDEATHSIG` it also finds grandchildren that made sessions of
their own, and those whose parent died first.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

MARKER = "LAKE_COMPONENT"
"""The variable that marks a process: `<home>:<supervisor's run>:<component>:`."""


def marked(environment: Mapping[str, str], marker: str) -> dict[str, str]:
    """`environment` with the marker, and what keeps it readable from outside.

    Without `SPT_NOENV`, setproctitle (which Airflow uses) writes a process's title over its
    environment.
    """
    return {**environment, MARKER: marker, "SPT_NOENV": "1"}


def home_marker(home: Path) -> str:
    """What the marker of every process of this home folder starts with."""
    return f"{home.resolve()}:"


def find_marked(prefix: str) -> Iterator[psutil.Process]:
    """The living processes whose marker starts with `prefix`, the caller excepted."""
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error):  # gone, a zombie, or another user's
            if process.environ().get(MARKER, "").startswith(prefix):
                yield process


def kill_marked(prefix: str, *, timeout_seconds: float = 10) -> int:
    """SIGKILL the processes whose marker starts with `prefix` until none is left.

    Returns how many were killed. Raises TimeoutError when some survive (uninterruptible).
    """
    killed: set[int] = set()
    deadline = time.monotonic() + timeout_seconds
    while found := list(find_marked(prefix)):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            killed.add(process.pid)
        if time.monotonic() > deadline:
            pids = sorted(process.pid for process in found)
            raise TimeoutError(f"processes survived SIGKILL: {pids}")
        time.sleep(0.02)
    return len(killed)
