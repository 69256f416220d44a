"""The command: which workloads, which files, how many rounds."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape

from infra.bench import report
from infra.bench.airflow.workload import measure_loads
from infra.bench.contenders import LAKE
from infra.bench.measure import CommandFailed
from infra.bench.rounds import Result, RowsLost, run_rounds
from infra.bench.together import Together, run_together
from infra.bench.workloads import SMALLEST_BYTES, Sample, Workload
from infra.bench.workloads.all import WORKLOADS

app = typer.Typer(add_completion=False, no_args_is_help=True)
_WIDTH = 110
progress = Console(highlight=False, soft_wrap=True, stderr=True)


@app.callback()
def bench() -> None:
    """Measure the lake beside what is usually written in its place."""


@app.command()
def convert(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Of {', '.join(WORKLOADS)}; all by default.", metavar="[WORKLOAD]..."),
    ] = None,
    sizes: Annotated[
        str, typer.Option(help="Of the files that all contenders convert, with commas.")
    ] = "25MB,100MB",
    largest: Annotated[
        str,
        typer.Option(
            help="The largest file that lake.convert alone converts, beside a hundredth and a "
            "tenth of it, such as 10GB. It must fit the temporary folder (TMPDIR)."
        ),
    ] = "250MB",
    rounds: Annotated[int, typer.Option(min=1, help="How often each conversion is run.")] = 3,
) -> None:
    """Measure conversions to Parquet beside pandas, awswrangler, DuckDB and polars.

    Each conversion is a fresh process on one core, its file most likely in the page cache.
    """
    compared = sorted({_size_bytes(text) for text in sizes.split(",")})
    top = _size_bytes(largest)
    alone = {size for size in (top // 100, top // 10, top) if size >= SMALLEST_BYTES}
    workloads = [_workload(name) for name in names or WORKLOADS]
    load_before = os.getloadavg()[0]
    console = Console(highlight=False, width=_WIDTH)
    for workload in workloads:
        sizes_bytes = sorted({*compared, *alone})
        results, at_once = _measure(workload, sizes_bytes, compared=compared, rounds=rounds)
        console.rule(workload.name, align="left")
        for table in (report.costs, report.outcomes, report.growth):
            console.print(table(results))
        console.print(report.together(at_once))
    console.print(report.machine(load_before=load_before))
    console.print(report.pinning())


@app.command()
def airflow(
    files: Annotated[int, typer.Option(min=1, help="Files of 10 kB for the lake's DAG.")] = 10_000,
    task_files: Annotated[
        int, typer.Option(min=1, help="Files for a DAG with a mapped task each.")
    ] = 1000,
    timeout_seconds: Annotated[float, typer.Option(help="How long each may take.")] = 3600,
) -> None:
    """Measure many small files through Airflow, in a copy of this checkout with its own ports."""
    load_before = os.getloadavg()[0]
    results = measure_loads(
        files=files,
        files_of_tasks=task_files,
        timeout_seconds=timeout_seconds,
        say=progress.print,
    )
    console = Console(highlight=False, width=_WIDTH)
    console.print(report.machine(load_before=load_before))
    console.print(report.loads(results))


def _measure(
    workload: Workload, sizes: Sequence[int], *, compared: Sequence[int], rounds: int
) -> tuple[list[Result], Together]:
    """Each file in turn, and the largest that all convert several times at once."""
    results: list[Result] = []
    with TemporaryDirectory(prefix="lake-bench-") as temporary:
        folder = Path(temporary)
        for size in sizes:
            sample = _write(workload, size, folder)
            who = [each for each in workload.contenders if size in compared and each.takes(size)]
            results += run_rounds(
                workload, sample, contenders=who or [LAKE],
                rounds=rounds, folder=folder, say=progress.print,
            )  # fmt: skip
            if size == compared[-1]:
                progress.print(f"{workload.name}, several at once")
                at_once = run_together(workload, sample, folder=folder)
            sample.path.unlink()
    return results, at_once


def _workload(name: str) -> Workload:
    if name not in WORKLOADS:
        raise typer.BadParameter(f"{name!r} should be one of {', '.join(WORKLOADS)}")
    return WORKLOADS[name]


def _size_bytes(text: str) -> int:
    try:
        size = TypeAdapter(ByteSize).validate_python(text.strip())
    except ValidationError:
        raise typer.BadParameter(f"{text!r} should be a size such as 25MB or 10GB") from None
    if size < SMALLEST_BYTES:
        raise typer.BadParameter(f"{text!r} should be {report.size_text(SMALLEST_BYTES)} at least")
    return size


def _write(workload: Workload, size_bytes: int, folder: Path) -> Sample:
    progress.print(f"{workload.name}, writing a file of {report.size_text(size_bytes)}")
    return workload.write(folder / f"{size_bytes}{workload.suffix}", size_bytes)


def main() -> None:
    """Run the benchmark: what cannot be done is said in a line, with exit code 1."""
    try:
        app()
    except (CommandFailed, RowsLost) as failure:
        progress.print(f"bench: {escape(str(failure))}")
        sys.exit(1)
