"""The tables that the benchmark prints."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import groupby

from rich import box
from rich.table import Table

from infra.bench.contenders import LAKE
from infra.bench.measure import CAN_PIN
from infra.bench.rounds import Result

_WHOLE_MEGABYTES_BYTES = 9_950_000
_LIBRARIES = ("numpy", "pyarrow", "duckdb", "pandas")


def machine(*, load_before: float) -> str:
    """When and on what this ran: date, cores, memory, versions, and how busy it was.

    Args:
        load_before: the load average of a minute, when it began.
    """
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pinned = "one core" if CAN_PIN else "any core, since this system does not let it choose one"
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{datetime.datetime.now().astimezone().date()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, {memory_bytes / 1e9:.0f} GB of memory; "
        f"load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after\n"
        f"Python {platform.python_version()}, {libraries}\n"
        f"Each conversion was a fresh process on {pinned}."
    )


def costs(results: Sequence[Result]) -> Table:
    """What each contender used for the files that not only the lake converted."""
    table = _table(
        f"Of whole processes: medians, CPU beside that of {LAKE.name}",
        texts=("file", "contender"),
        numbers=("CPU s", "wall s", "MB / CPU s", "peak MB", "CPU ratio"),
    )
    for group in _compared(results):
        lake = next(result for result in group if result.contender == LAKE)
        for result in group:
            ratio = result.cpu_seconds / lake.cpu_seconds
            table.add_row(*_who(result), *_used(result), f"{ratio:.1f}")
        table.add_section()
    return table


def outcomes(results: Sequence[Result]) -> Table:
    """What each contender made of the same files' records."""
    table = _table(
        "Bad records kept, passed as rows or lost; total of the good rows",
        texts=("file", "contender"),
        numbers=("good rows", "kept", "as rows", "lost", "total off by"),
    )
    for group in _compared(results):
        for result in group:
            found = result.outcome
            counts = (found.rows, found.rejects, found.broken_rows, result.lost)
            table.add_row(*_who(result), *(f"{n:,}" for n in (*counts, result.total_error)))
        table.add_section()
    return table


def growth(results: Sequence[Result]) -> Table:
    """`lake.convert` alone, by the size of the file."""
    table = _table(
        f"{LAKE.name} by the size of the file, medians",
        texts=("file",),
        numbers=("rows", "CPU s", "wall s", "MB / CPU s", "peak MB"),
    )
    for result in results:
        if result.contender == LAKE:
            size = size_text(result.sample.size_bytes)
            table.add_row(size, f"{result.outcome.rows:,}", *_used(result))
    return table


def size_text(size_bytes: int) -> str:
    """For people, in millions of bytes: 2.5 MB, 25 MB."""
    digits = 0 if size_bytes >= _WHOLE_MEGABYTES_BYTES else 1
    return f"{size_bytes / 1e6:,.{digits}f} MB"


def _table(title: str, *, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, collapse_padding=True)
    for heading in texts:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, no_wrap=True, justify="right")
    return table


def _compared(results: Sequence[Result]) -> Iterator[list[Result]]:
    """The results of each file that several contenders converted."""
    for _, group in groupby(results, key=lambda result: result.sample):
        of_file = list(group)
        if len(of_file) > 1:
            yield of_file


def _who(result: Result) -> tuple[str, str]:
    return size_text(result.sample.size_bytes), result.contender.name


def _used(result: Result) -> tuple[str, str, str, str]:
    """CPU seconds, wall seconds, MB of the file a CPU second, peak MB."""
    return (
        f"{result.cpu_seconds:.2f}",
        f"{result.wall_seconds:.2f}",
        f"{result.sample.size_bytes / 1e6 / result.cpu_seconds:.1f}",
        f"{result.peak_bytes / 1e6:,.0f}",
    )
