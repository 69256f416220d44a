"""The tables that the benchmark prints."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import groupby, pairwise

from rich import box
from rich.table import Table

from infra.bench.airflow.processes import SCHEDULER, WORKERS
from infra.bench.airflow.workload import Load
from infra.bench.contenders import ENCODING, LAKE
from infra.bench.measure import CAN_PIN
from infra.bench.rounds import Result
from infra.bench.together import TASKS, Together

_ALONE = {LAKE, ENCODING}
_CPU_COLUMNS = ("scheduler", "workers", "rest")
_WHOLE_MEGABYTES_BYTES = 9_950_000
_LIBRARIES = ("numpy", "pyarrow", "msgspec", "duckdb", "polars", "pandas", "awswrangler")


def machine(*, load_before: float) -> str:
    """When and on what this ran: date, cores, memory, versions, and how busy it was.

    Args:
        load_before: the load average of a minute, when it began.
    """
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{datetime.datetime.now().astimezone().date()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, {memory_bytes / 1e9:.0f} GB of memory; "
        f"load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after\n"
        f"Python {platform.python_version()}, {libraries}"
    )


def pinning() -> str:
    """Where conversions ran."""
    pinned = "one core" if CAN_PIN else "any core, since this system does not let it choose one"
    return f"Each conversion was a fresh process on {pinned}."


def costs(results: Sequence[Result]) -> Table:
    """What each contender used, and what the encoding alone takes of the lake's time."""
    table = _table(
        f"Of whole processes: medians, CPU beside that of {LAKE.name}",
        texts=("file", "contender"),
        numbers=("CPU s", "wall s", "MB / CPU s", "peak MB", "CPU ratio"),
    )
    for group in _compared(results):
        lake = group[0]
        for result in group:
            if not result.usages:
                table.add_row(*_who(result), *["fails"] * 2)
                continue
            ratio = result.cpu_seconds / lake.cpu_seconds
            table.add_row(*_who(result), *_used(result), f"{ratio:.2f}")
        table.add_section()
    return table


def outcomes(results: Sequence[Result]) -> Table:
    """What each contender made of the same files' records."""
    table = _table(
        "Good rows: exact, with other values, lost; bad records: kept, as rows, lost",
        texts=("file", "contender"),
        numbers=("exact", "other", "lost", "kept", "as rows", "lost", "total off by"),
    )
    for group in _compared(results):
        for result in group:
            if (found := result.outcome) is None:
                continue
            good = (found.exact, found.altered, result.rows_lost)
            bad = (found.kept, found.bad_as_rows, result.bad_lost)
            counts = (f"{count:,}" for count in (*good, *bad))
            table.add_row(*_who(result), *counts, f"{result.amount_error:,}")
        table.add_section()
    return table


def growth(results: Sequence[Result]) -> Table:
    """`lake.convert` alone, by the size of the file."""
    table = _table(
        f"{LAKE.name} by the size of the file",
        texts=("file",),
        numbers=("rows", "CPU s", "MB / CPU s", "of the more", "encoding share", "peak MB"),
    )
    shares = [
        f"{encoding.cpu_seconds / lake.cpu_seconds:.0%}" for lake, *_, encoding in _by_file(results)
    ]
    lakes = [result for result in results if result.contender == LAKE]
    marginal = [""] + [f"{_speed(before, after):.1f}" for before, after in pairwise(lakes)]
    for result, more, share in zip(lakes, marginal, shares, strict=True):
        cpu, _, speed, peak = _used(result)
        size = size_text(result.sample.size_bytes)
        table.add_row(size, f"{result.sample.rows:,}", cpu, speed, more, share, peak)
    return table


def together(result: Together) -> Table:
    """Several conversions at once on one core."""
    table = _table(
        f"{TASKS} conversions by {LAKE.name} at once on one core",
        texts=("file",),
        numbers=("CPU s of all", "wall s", "MB / CPU s", "peak MB of all"),
    )
    cpu_seconds = sum(usage.cpu_seconds for usage in result.usages)
    table.add_row(
        size_text(result.sample.size_bytes),
        f"{cpu_seconds:.2f}",
        f"{result.wall_seconds:.2f}",
        f"{TASKS * result.sample.size_bytes / 1e6 / cpu_seconds:.1f}",
        f"{result.peak_bytes / 1e6:,.0f}",
    )
    return table


def loads(results: Sequence[Load]) -> Table:
    """Runs of DAGs that load many files."""
    table = _table(
        "Files through Airflow; CPU seconds of the scheduler, of its workers, of all else",
        texts=("DAG",),
        numbers=("files", "MB", "tasks", "seconds", "files/s", *_CPU_COLUMNS, "XCom bytes"),
    )
    for load in results:
        named = [load.cpu.get(name, 0.0) for name in (SCHEDULER, WORKERS)]
        rest = sum(load.cpu.values()) - sum(named)
        table.add_row(
            load.dag_id,
            f"{load.files:,}",
            f"{load.size_bytes / 1e6:,.0f}",
            f"{load.tasks:,}",
            f"{load.seconds:,.0f}",
            f"{load.files / load.seconds:,.1f}",
            *(f"{seconds:,.0f}" for seconds in (*named, rest)),
            f"{load.xcom_bytes:,}",
        )
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


def _by_file(results: Sequence[Result]) -> list[list[Result]]:
    """The results of each file: the lake's first, the encoding's last."""
    return [list(group) for _, group in groupby(results, key=lambda result: result.sample)]


def _compared(results: Sequence[Result]) -> list[list[Result]]:
    """Those of the files that not only the lake converted."""
    return [group for group in _by_file(results) if {result.contender for result in group} - _ALONE]


def _speed(before: Result, after: Result) -> float:
    """MB a CPU second of what `after` has more than `before`: without what each process costs."""
    more = (after.sample.size_bytes - before.sample.size_bytes) / 1e6
    return more / (after.cpu_seconds - before.cpu_seconds)


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
