"""`lake check`: convert a file on this machine, and say what would become of it."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.convert.source import SourceFile, Stream
from lake.dataset import DataSet, DataSetError, load_data_set
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from infra.cli.check.places import header_of
from infra.cli.check.rehearsal import Rehearsal, rehearse
from infra.cli.check.report import as_document, reject_lines, rows_table, summary
from infra.cli.infer.sample import read_sample
from infra.cli.landing import find_data_set
from infra.cli.steps import Failed, console, errors

_LONG_BYTES = 50_000_000
"""Of a file that gets a progress bar."""


def check(
    dataset: str, file: Path, *, rows: int, rejects: int, out: Path | None, as_json: bool
) -> bool:
    """Convert a file and print what it gives; whether it would be published.

    Args:
        dataset: `<domain>/<table>`, or the path of a data set file.
        rows: how many to print.
        rejects: likewise.
        out: where the Parquet files stay; None to throw them away.

    Raises:
        Failed: there is no such data set or file, or the data set is wrong.
    """
    data_set = _data_set(dataset)
    if not file.is_file():
        raise Failed(f"{file}: no such file")
    if out and out.exists() and any(out.iterdir()):
        raise Failed(f"{out}: should be an empty folder, or a new one")
    with tempfile.TemporaryDirectory(prefix="lake-check-") as temporary:
        folder = out or Path(temporary)
        rehearsal = _rehearse(data_set, file, folder=folder, rows=rows, rejects=rejects)
    size_bytes = file.stat().st_size
    if as_json:
        document = {"file": str(file)} | as_document(rehearsal, size_bytes=size_bytes)
        console.print_json(json.dumps(document, default=str))
        return not rehearsal.refusal
    if rehearsal.rows:
        console.print(rows_table(rehearsal.rows, data_set))
    if rehearsal.rejects:
        header = header_of(data_set, read_sample(file, encoding=data_set.layout.encoding).head)
        for line in reject_lines(rehearsal, data_set, header=header):
            console.print(line)
        if more := rehearsal.counts.rejected - len(rehearsal.rejects):
            console.print(f"… and {more:,} more")
        console.print()
    console.print(summary(rehearsal, size_bytes=size_bytes))
    return not rehearsal.refusal


def _data_set(name: str) -> DataSet:
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        return find_data_set(name)
    if not path.is_file():
        raise Failed(f"{path}: no such file")
    try:
        return load_data_set(path.resolve())
    except DataSetError as error:
        raise Failed(str(error)) from error


def _rehearse(data_set: DataSet, path: Path, *, folder: Path, rows: int, rejects: int) -> Rehearsal:
    source = SourceFile(key=path.name, version_id="", size_bytes=path.stat().st_size)
    with path.open("rb", buffering=0) as file, _watched(file, path.stat().st_size) as stream:
        return rehearse(data_set, stream, source, folder=folder, rows=rows, rejects=rejects)


@contextmanager
def _watched(file: io.FileIO, size_bytes: int) -> Iterator[Stream]:
    """The file, with a progress bar where it is long and a person watches."""
    if size_bytes < _LONG_BYTES or not errors.is_terminal:
        yield file
        return
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        yield _Watched(file, progress, size_bytes)


class _Watched:
    """A file whose reading moves a progress bar."""

    def __init__(self, file: io.FileIO, progress: Progress, size_bytes: int) -> None:
        self._file = file
        self._progress = progress
        self._task = progress.add_task("", total=size_bytes)

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of `buffer`."""
        count = self._file.readinto(buffer) or 0
        self._progress.advance(self._task, count)
        return count
