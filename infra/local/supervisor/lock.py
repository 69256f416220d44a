"""One supervisor a home folder: the kernel's lock decides, the pid file only informs."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyRunningError(Exception):
    """Another supervisor holds the home folder."""


class SupervisorLock:
    """Held while the supervisor lives; a file left by a killed supervisor is no obstacle."""

    def __init__(self, home: Path) -> None:
        self._path = _path(home)
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = self._path.read_text().strip()
            os.close(self._descriptor)
            raise AlreadyRunningError(
                f"a supervisor already runs for {self._path.parents[1]} (pid {pid})"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def running_pid(home: Path) -> int | None:
    """The pid of the supervisor that holds `home`, or None when there is none."""
    try:
        file = _path(home).open()
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = file.read().strip()
            return int(pid) if pid else None
    return None


def _path(home: Path) -> Path:
    return home / "state" / "supervisor.pid"
