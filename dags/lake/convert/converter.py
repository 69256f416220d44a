"""The conversion of files, whatever their format: many small ones together, or a large one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from lake.convert.arrow import copied, with_field_ids
from lake.convert.conversion import (
    REJECTS_FOLDER,
    Conversion,
    Counts,
    FileRefused,
    Part,
    Unreadable,
)
from lake.convert.fixed_width import FixedWidthReader
from lake.convert.partitions import PartitionedTable, PartNames
from lake.convert.reader import Reader
from lake.convert.rejects import QUARANTINE_SCHEMA, Rejects, RejectsFile
from lake.convert.source import Landed, RecordRange, Source, SourceFile, Stream
from lake.dataset import DataSet

READERS: Mapping[str, type[Reader]] = {"fixed_width": FixedWidthReader}
"""Of each format that a layout may have."""

SHARED_BYTES = 8 << 20
"""A file with more than this of rows has parts of its own."""


class BatchConverter:
    """Converts several sources into Parquet files that they share.

    The rows go to `<column>=<value>/.../part-NNNNN.parquet` in the folder, one or more files a
    partition, with every column of the table in them, `source_key` last; rejected records go to
    `rejects/part-NNNNN.parquet`. The same bytes in the same order give the same files. A small
    file's rows wait in memory until the file is accepted; a larger file, and a range of one, has
    parts of its own, which are deleted where it is refused. Memory does not grow with the files.

    Used in a `with` statement; the parts are complete when it ends.
    """

    def __init__(
        self,
        dataset: DataSet,
        folder: Path,
        *,
        run_id: str,
        field_ids: Mapping[str, int] | None = None,
        rejects_field_ids: Mapping[str, int] | None = None,
    ) -> None:
        """Convert files of `dataset` to `folder`, which is empty or missing.

        Args:
            dataset: what the files should hold.
            folder: where the Parquet files go.
            run_id: the run that quarantined records are marked with.
            field_ids: Iceberg's field ids of the table's columns, by name, written to Parquet.
            rejects_field_ids: likewise of the quarantine's.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._dataset = dataset
        self._folder = folder
        self._run_id = run_id
        self._field_ids = field_ids or {}
        self._names = PartNames(dataset)
        self._shared = self._table()
        self._rejects_schema = with_field_ids(QUARANTINE_SCHEMA, rejects_field_ids or {})
        self._rejects_files = 0
        self._shared_rejects = self._rejects_file()
        self._parts: list[Part] = []
        self._rejects: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._shared.close()
        self._parts += self._shared.parts
        if rejects := self._shared_rejects.close():
            self._rejects.append(rejects)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files of rows, in the order of their paths."""
        return tuple(sorted(self._parts, key=lambda part: part.path))

    @property
    def rejects(self) -> tuple[Part, ...]:
        """The files of rejected records, of `QUARANTINE_SCHEMA`."""
        return tuple(sorted(self._rejects, key=lambda part: part.path))

    def add(self, stream: Stream, source: SourceFile) -> Conversion:
        """Convert one more source.

        A range of a file is refused where it cannot be read; whether the whole file is one of the
        data set is for `reconcile` to say.

        Args:
            stream: the object's bytes; of a range, from `source.first_byte_read` on.
            source: where they come from.

        Raises:
            FileRefused: the file has no readable header, no record of the layout, no trailer or one
                that disagrees, more bad records than `max_bad_ratio` allows, or other bytes than
                `source` says. Then nothing of it is in any part.
        """
        if source.is_range and not self._dataset.layout.splittable:
            raise ValueError(f"{self._dataset.table_name}: its files cannot be cut into ranges")
        attempt = _Attempt(self._dataset, self._table(), self._rejects_file(), source, self._run_id)
        try:
            conversion = attempt.convert(stream)
        except BaseException:
            attempt.discard()
            raise
        self._accept(attempt)
        return conversion

    def _accept(self, attempt: _Attempt) -> None:
        for batch in attempt.held:
            self._shared.write(batch, attempt.source.key)
        attempt.table.close()
        self._parts += attempt.table.parts
        if attempt.rejects_file.is_written:
            if part := attempt.rejects_file.close():
                self._rejects.append(part)
        else:
            self._shared_rejects.write(attempt.rejects_file.taken())

    def _table(self) -> PartitionedTable:
        return PartitionedTable(
            self._dataset, self._folder, names=self._names, field_ids=self._field_ids
        )

    def _rejects_file(self) -> RejectsFile:
        path = f"{REJECTS_FOLDER}/part-{self._rejects_files:05}.parquet"
        self._rejects_files += 1
        return RejectsFile(self._folder, path, schema=self._rejects_schema)


class _Attempt:
    """The conversion of one source, which may still be refused."""

    def __init__(
        self,
        dataset: DataSet,
        table: PartitionedTable,
        rejects_file: RejectsFile,
        source: SourceFile,
        run_id: str,
    ) -> None:
        self.source = source
        self.table = table
        """The source's own parts, where it has any."""
        self.held: list[pa.RecordBatch] = []
        """Otherwise its rows."""
        self.rejects_file = rejects_file
        self._dataset = dataset
        self._held_bytes = 0
        self._rows = 0
        encoding = getattr(dataset.layout, "encoding", "utf-8")
        self._rejects = Rejects(rejects_file, source, run_id=run_id, encoding=encoding)

    def convert(self, stream: Stream) -> Conversion:
        """Read it all.

        Raises:
            FileRefused: it is no file of the data set.
        """
        landed = Landed(stream, self.source)
        reader = READERS[self._dataset.layout.format](self._dataset, self._rejects)
        problem = None
        try:
            self._read(reader, landed)
            landed.reconcile()
            if not self.source.is_range:
                reader.reconcile()
        except Unreadable as error:
            problem = str(error)
        counts = self._counts(reader)
        if not (problem or self.source.is_range):
            problem = _refusal(counts, self._dataset.max_bad_ratio)
        if problem:
            raise FileRefused(problem, counts)
        return Conversion(
            counts=counts, size_bytes=landed.size_bytes, sha256=landed.sha256, facts=reader.facts
        )

    def discard(self) -> None:
        """Remove what was written."""
        self.table.discard()
        self.rejects_file.discard()

    def _read(self, reader: Reader, landed: Landed) -> None:
        stream = RecordRange(landed, self.source) if self.source.is_range else landed
        content = Source(stream, is_first=self.source.start == 0)
        self._rejects.begin(content, None)
        for batch in reader.batches(content):
            self._rows += batch.num_rows
            if not self.table.rows and self._held_bytes + batch.nbytes <= self._most_held_bytes:
                self.held.append(copied(batch))
                self._held_bytes += batch.nbytes
                continue
            for held in self.held:
                self.table.write(held, self.source.key)
            self.held.clear()
            self.table.write(batch, self.source.key)

    @property
    def _most_held_bytes(self) -> int:
        return -1 if self.source.is_range else SHARED_BYTES

    def _counts(self, reader: Reader) -> Counts:
        return Counts(
            lines=reader.lines,
            rows=self._rows,
            rejected=self._rejects.count,
            control=reader.control,
            reasons=dict(self._rejects.reasons),
            expanded=reader.expanded,
        )


def convert(
    dataset: DataSet,
    stream: Stream,
    *,
    folder: Path,
    size_bytes: int | None = None,
    source_key: str = "",
) -> Conversion:
    """Convert one file of `dataset` to Parquet files in `folder`, as a `BatchConverter` does.

    Args:
        dataset: what the file should hold.
        stream: the file's bytes, read once from where it stands to its end.
        folder: an empty or missing folder.
        size_bytes: how many bytes the file has, where that is known.
        source_key: the key that its rows are marked with.

    Raises:
        FileRefused: as `BatchConverter.add`.
    """
    source = SourceFile(key=source_key, version_id="", size_bytes=size_bytes)
    with BatchConverter(dataset, folder, run_id="") as converter:
        conversion = converter.add(stream, source)
    return Conversion(
        counts=conversion.counts,
        size_bytes=conversion.size_bytes,
        sha256=conversion.sha256,
        facts=conversion.facts,
        parts=converter.parts,
        rejects=converter.rejects,
    )


def reconcile(dataset: DataSet, conversions: Sequence[Conversion]) -> Conversion:
    """The conversion of a whole file from those of its ranges, in order.

    Its hash is the hash of the ranges' hashes.

    Raises:
        FileRefused: the file as a whole is none of the data set, as `BatchConverter.add` says.
    """
    counts = Counts.total([each.counts for each in conversions])
    problem = None
    try:
        READERS[dataset.layout.format].reconcile_facts(
            dataset, [each.facts for each in conversions]
        )
    except Unreadable as error:
        problem = str(error)
    if problem := problem or _refusal(counts, dataset.max_bad_ratio):
        raise FileRefused(problem, counts)
    hashes = "".join(each.sha256 for each in conversions)
    return Conversion(
        counts=counts,
        size_bytes=sum(each.size_bytes for each in conversions),
        sha256=hashlib.sha256(hashes.encode("ascii")).hexdigest(),
    )


def _refusal(counts: Counts, max_bad_ratio: float) -> str | None:
    """Why these counts are no file of the data set; None where they are."""
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(counts.reasons.items()))
    if not counts.rows:
        return f"no record of the layout in {counts.lines} lines ({reasons or 'none rejected'})"
    if counts.bad_ratio > max_bad_ratio:
        return (
            f"{counts.rejected} of {counts.lines - counts.control} records are bad ({reasons}): "
            f"a ratio of {counts.bad_ratio:.6f}, over max_bad_ratio {max_bad_ratio}"
        )
    return None
