"""A command's usage is its own, whatever starts it."""

from __future__ import annotations

import os
import sys

import pytest

from infra.bench.measure import CAN_PIN, CommandFailed, measure

BLOCK_BYTES = 300_000_000


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_peak_memory_is_the_commands_and_not_of_what_starts_it() -> None:
    """This process has more in memory than either command."""
    ours = bytearray(os.urandom(1)) * BLOCK_BYTES
    idle = measure(python("pass"))
    busy = measure(python(f"b'x' * {BLOCK_BYTES // 2}"))
    assert len(ours) > idle.peak_bytes + BLOCK_BYTES // 2
    assert BLOCK_BYTES // 2 < busy.peak_bytes < BLOCK_BYTES


def test_cpu_time_is_not_wall_time() -> None:
    slept = measure(python("import time; time.sleep(0.5)"))
    assert slept.wall_seconds >= 0.5
    assert 0 < slept.cpu_seconds < slept.wall_seconds


@pytest.mark.skipif(not CAN_PIN, reason="this system does not let a process choose its core")
def test_a_command_has_one_core() -> None:
    measure(python("import os, sys; sys.exit(len(os.sched_getaffinity(0)) - 1)"))


@pytest.mark.parametrize(
    ("code", "exit_code"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_a_command_that_fails_or_is_killed_is_no_measurement(code: str, exit_code: int) -> None:
    with pytest.raises(CommandFailed, match=f"exit code {exit_code} "):
        measure(python(code))
