"""Several conversions at the same time on one core, as the tasks of a small worker are."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from infra.bench.contenders import LAKE
from infra.bench.measure import Usage, finish, launch
from infra.bench.workloads import Sample, Workload

TASKS = 5
"""What a worker of mw1.small runs at the same time."""
_SAMPLING_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Together:
    """Conversions of the same file by the lake, begun at the same time."""

    sample: Sample
    usages: tuple[Usage, ...]
    wall_seconds: float
    """Of all together."""
    peak_bytes: int
    """Of all together: pages that processes share are counted once."""


def run_together(workload: Workload, sample: Sample, *, folder: Path) -> Together:
    """Convert a file `TASKS` times at once.

    Raises:
        CommandFailed: a conversion failed.
    """
    package, data_set = "infra.bench.contenders", str(workload.data_set)
    with TemporaryDirectory(dir=folder) as temporary:
        started = time.monotonic()
        launched = []
        for index in range(TASKS):
            output = Path(temporary) / str(index)
            output.mkdir()
            command = [sys.executable, "-m", package, LAKE.module, data_set]
            launched.append(launch([*command, str(sample.path), str(output)]))
        peak_bytes = 0
        while any(each.poll() is None for each in launched):
            held = sum(_children_bytes(each.pid) for each in launched)
            peak_bytes = max(peak_bytes, held)
            time.sleep(_SAMPLING_SECONDS)
        wall_seconds = time.monotonic() - started
        return Together(sample, tuple(map(finish, launched)), wall_seconds, peak_bytes)


def _children_bytes(launcher_id: int) -> int:
    """The memory of what a launcher started, with its share of what it shares with others."""
    held = 0
    try:
        for process in psutil.Process(launcher_id).children(recursive=True):
            memory = process.memory_full_info()
            held += getattr(memory, "pss", memory.rss)  # only Linux tells the share
    except psutil.NoSuchProcess:  # it has just ended
        return held
    return held
