"""What a process used: CPU, wall time, peak memory; started by `python -m infra.bench.measure`.

A process that is started takes over the peak memory of the one that starts it, so commands are
started by a process of their own, which has imported next to nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

CAN_PIN = hasattr(os, "sched_setaffinity")
"""Whether this system lets a process choose its core."""
_KILLED = 128
"""Plus the signal: the exit code that a shell gives a command that was killed."""
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class CommandFailed(Exception):
    """A measured command did not end well; the message has the last of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process used from its start to its end, all of its threads together."""

    cpu_seconds: float
    """User and system."""
    wall_seconds: float
    peak_bytes: int
    """Of resident memory."""


def measure(command: Sequence[str]) -> Usage:
    """Run a command in a fresh process, on one core where the system can do that.

    Args:
        command: a program's path and its arguments; it should print nothing.

    Raises:
        CommandFailed: it did not exit with 0.
    """
    return finish(launch(command))


def launch(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start what `measure` runs; `finish` waits for it."""
    launcher = [sys.executable, "-m", "infra.bench.measure", *command]
    return subprocess.Popen(launcher, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(launched: subprocess.Popen[bytes]) -> Usage:
    """Wait for a command that was launched.

    Raises:
        CommandFailed: it did not exit with 0.
    """
    printed, complaint = launched.communicate()
    if launched.returncode:
        command = " ".join(map(str, launched.args[3:]))  # type: ignore[index]  # a list, as above
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise CommandFailed(f"exit code {launched.returncode} of: {command}: {last}")
    return Usage(**json.loads(printed))


def _run(command: Sequence[str]) -> int:
    """Run a command, print its usage as JSON, return its exit code."""
    if CAN_PIN:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    started = time.monotonic()
    process_id = os.posix_spawn(command[0], list(command), os.environ)
    _, status, used = os.wait4(process_id, 0)
    usage = Usage(
        cpu_seconds=used.ru_utime + used.ru_stime,
        wall_seconds=time.monotonic() - started,
        peak_bytes=used.ru_maxrss * _MAXRSS_BYTES,
    )
    print(json.dumps(asdict(usage)))
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _KILLED - code


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
