"""The command: which files, how many rounds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape

from infra.bench.contenders import CONTENDERS, LAKE
from infra.bench.measure import CommandFailed
from infra.bench.report import costs, growth, machine, outcomes, size_text
from infra.bench.rounds import RowsLost, run_rounds
from infra.bench.sample import SMALLEST_BYTES, Sample, write_sample

app = typer.Typer(add_completion=False)
progress = Console(highlight=False, soft_wrap=True, stderr=True)


@app.command()
def bench(
    sizes: Annotated[
        str, typer.Option(help="Of the files that all contenders convert, with commas.")
    ] = "25MB,250MB",
    largest: Annotated[
        str,
        typer.Option(
            help="The largest file that lake.convert alone converts, beside a hundredth and a "
            "tenth of it, such as 10GB. All files together must fit the temporary folder (TMPDIR)."
        ),
    ] = "250MB",
    rounds: Annotated[int, typer.Option(min=1, help="How often each conversion is run.")] = 3,
) -> None:
    """Measure the conversion of fixed-width files beside pandas and DuckDB.

    Each conversion is a fresh process on one core, its file most likely in the page cache.
    """
    compared = {_size_bytes(text) for text in sizes.split(",")}
    top = _size_bytes(largest)
    alone = {size for size in (top // 100, top // 10, top) if size >= SMALLEST_BYTES}
    load_before = os.getloadavg()[0]
    with TemporaryDirectory(prefix="lake-bench-") as temporary:
        folder = Path(temporary)
        pairs = []
        for size in sorted(compared | alone):
            sample = _write(folder, size)
            pairs += [(each, sample) for each in CONTENDERS if size in compared or each == LAKE]
        pairs = [(each, sample) for each, sample in pairs if each.takes(sample.size_bytes)]
        results = run_rounds(pairs, rounds=rounds, folder=folder, say=progress.print)
    console = Console(highlight=False)
    console.print(f"{machine(load_before=load_before)}\n")
    for table in (costs, outcomes, growth):
        console.print(table(results))


def _size_bytes(text: str) -> int:
    try:
        size = TypeAdapter(ByteSize).validate_python(text.strip())
    except ValidationError:
        raise typer.BadParameter(f"{text!r} should be a size such as 25MB or 10GB") from None
    if size < SMALLEST_BYTES:
        raise typer.BadParameter(f"{text!r} should be {size_text(SMALLEST_BYTES)} at least")
    return size


def _write(folder: Path, size_bytes: int) -> Sample:
    progress.print(f"writing a file of {size_text(size_bytes)}")
    return write_sample(folder / f"{size_bytes}.TXT", size_bytes=size_bytes)


def main() -> None:
    """Run the benchmark: what cannot be done is said in a line, with exit code 1."""
    try:
        app()
    except (CommandFailed, RowsLost) as failure:
        progress.print(f"bench: {escape(str(failure))}")
        sys.exit(1)
