"""The conversion of one file, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from lake.convert.conversion import REJECTS_FILE, Conversion, Counts, FileRefused, Unreadable
from lake.convert.fixed_width import FixedWidthReader
from lake.convert.partitions import PartitionedTable
from lake.convert.rejects import Rejects
from lake.convert.source import Source, Stream
from lake.dataset import DataSet


class Reader(Protocol):
    """Reads the files of one format."""

    def __init__(self, dataset: DataSet, rejects: Rejects) -> None: ...

    @property
    def lines(self) -> int:
        """Lines read so far."""
        ...

    @property
    def control(self) -> int:
        """Lines among them that are neither rows nor rejected."""
        ...

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The file's rows in order, `BATCH_ROWS` at most at a time, of the data set's schema.

        A batch may be overwritten when the next one is asked for.

        Raises:
            Unreadable: the file does not start as its layout says.
        """
        ...

    def reconcile(self) -> None:
        """Compare what was read with what the file says of itself.

        Raises:
            Unreadable: they disagree.
        """
        ...


READERS: Mapping[str, type[Reader]] = {"fixed_width": FixedWidthReader}
"""Of each format that a layout may have."""


def convert(
    dataset: DataSet, stream: Stream, *, folder: Path, size_bytes: int | None = None
) -> Conversion:
    """Convert one file of `dataset` to Parquet files in `folder`.

    The rows go to `<column>=<value>/.../part-NNNNN.parquet`, one or more files a partition, without
    the partition columns, which are in the path; rejected records go to `rejects.parquet`. The same
    bytes give the same files. Memory does not grow with the file.

    Args:
        dataset: what the file should hold.
        stream: the file's bytes, read once from where it stands to its end.
        folder: an empty or missing folder. After an error, what it holds is worth nothing.
        size_bytes: how many bytes the file has, where that is known.

    Raises:
        FileRefused: the file has no readable header, no record of the layout, no trailer or one
            whose count disagrees, more bad records than `max_bad_ratio` allows, or not
            `size_bytes` bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = Source(stream)
    problem = None
    with (
        PartitionedTable(dataset, folder) as table,
        Rejects(folder / REJECTS_FILE) as rejects,
    ):
        reader = READERS[dataset.layout.format](dataset, rejects)
        try:
            for batch in reader.batches(source):
                table.write(batch)
            _reconcile(source, size_bytes)
            reader.reconcile()
        except Unreadable as error:
            problem = str(error)
    counts = Counts(
        lines=reader.lines,
        rows=table.rows,
        rejected=rejects.count,
        control=reader.control,
        reasons=dict(rejects.reasons),
    )
    if problem := problem or _refusal(counts, dataset.max_bad_ratio):
        raise FileRefused(problem, counts)
    return Conversion(
        counts=counts,
        size_bytes=source.size_bytes,
        sha256=source.sha256,
        parts=table.parts,
        rejects=REJECTS_FILE if rejects.count else None,
    )


def _reconcile(source: Source, size_bytes: int | None) -> None:
    """The whole file was read."""
    if not source.size_bytes:
        raise Unreadable("the file is empty")
    if size_bytes is not None and source.size_bytes != size_bytes:
        raise Unreadable(f"{source.size_bytes} bytes were read of {size_bytes}")


def _refusal(counts: Counts, max_bad_ratio: float) -> str | None:
    """Why these counts are no file of the data set; None where they are."""
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(counts.reasons.items()))
    if not counts.rows:
        return f"no record of the layout in {counts.lines} lines ({reasons or 'none rejected'})"
    if counts.bad_ratio > max_bad_ratio:
        return (
            f"{counts.rejected} of {counts.rows + counts.rejected} records are bad ({reasons}): "
            f"a ratio of {counts.bad_ratio:.6f}, over max_bad_ratio {max_bad_ratio}"
        )
    return None
