"""The conversion of files, whatever their format: many small ones together, or a large one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from lake.convert.arrow import with_field_ids
from lake.convert.attempt import Attempt, refusal
from lake.convert.conversion import (
    REJECTS_FOLDER,
    Conversion,
    Counts,
    FileRefused,
    Part,
    Unreadable,
)
from lake.convert.partitions import PartitionedTable, PartNames
from lake.convert.readers import reader_class
from lake.convert.rejects import QUARANTINE_SCHEMA, RejectsFile
from lake.convert.source import SourceFile, Stream
from lake.dataset import DataSet


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
        attempt = Attempt(
            self._dataset,
            source,
            folder=self._folder,
            table=self._table(),
            rejects_file=self._rejects_file(),
            run_id=self._run_id,
        )
        try:
            conversion = attempt.convert(stream)
        except BaseException:
            attempt.discard()
            raise
        self._accept(attempt)
        return conversion

    def _accept(self, attempt: Attempt) -> None:
        for batch in attempt.held:
            self._shared.write(batch, attempt.source.key, is_overwritten=False)
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
        reader_class(dataset).reconcile_facts(dataset, [each.facts for each in conversions])
    except Unreadable as error:
        problem = str(error)
    if problem := problem or refusal(counts, dataset.max_bad_ratio):
        raise FileRefused(problem, counts)
    hashes = "".join(each.sha256 for each in conversions)
    return Conversion(
        counts=counts,
        size_bytes=sum(each.size_bytes for each in conversions),
        sha256=hashlib.sha256(hashes.encode("ascii")).hexdigest(),
    )
