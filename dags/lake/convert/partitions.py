"""Writes a table's rows as Parquet files, each in the folder of its partition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.convert.arrow import (
    BATCH_ROWS,
    PARQUET_OPTIONS,
    array_of,
    copied,
    dictionary_columns,
    distinct,
    repeated_text,
    with_field_ids,
)
from lake.convert.conversion import Part
from lake.dataset import DataSet
from lake.dataset.column import SOURCE_KEY

OPEN_ROW_GROUPS = 512
"""Over all open files: Parquet holds about 13 KB of each in memory until its file is closed."""
MOST_PENDING_BYTES = 16 << 20
"""Of rows held in memory until they are enough for a row group."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")
"""What Hive writes as %XX in the path of a partition."""

type Partition = tuple[str, ...]
"""The values of a row's partition columns, as text."""


class PartNames:
    """Gives each part of a folder a path of its own."""

    def __init__(self, dataset: DataSet) -> None:
        self._columns = dataset.partitions
        self._given: Counter[Partition] = Counter()

    def values(self, partition: Partition) -> dict[str, str]:
        """The values by column."""
        return dict(zip(self._columns, partition, strict=True))

    def next(self, partition: Partition) -> str:
        """`<column>=<value>/part-NNNNN.parquet`, not given before."""
        folders = [
            f"{name}={_UNSAFE.sub(_escaped, value)}"
            for name, value in self.values(partition).items()
        ]
        number = self._given[partition]
        self._given[partition] += 1
        return "/".join([*folders, f"part-{number:05}.parquet"])


@dataclass(slots=True)
class _OpenPart:
    path: str
    first_source_key: str
    last_source_key: str
    writer: pq.ParquetWriter | None = None
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))
    rows: int = 0
    row_groups: int = 0
    pending: list[pa.RecordBatch] = field(default_factory=list)
    pending_rows: int = 0
    pending_bytes: int = 0


class PartitionedTable:
    """Parquet files in the Hive layout, one or more a partition, with all columns in them.

    Many partitions may come in any order, a few rows at a time: rows wait in memory for a row
    group's worth; files are closed, least recently written first, before they hold much memory,
    and a later row of their partition goes to the partition's next file.
    """

    def __init__(
        self,
        dataset: DataSet,
        folder: Path,
        *,
        names: PartNames | None = None,
        field_ids: Mapping[str, int] | None = None,
    ) -> None:
        self.rows = 0
        self._dataset = dataset
        self._folder = folder
        self._names = names or PartNames(dataset)
        self._field_ids = field_ids or {}
        self._open: dict[Partition, _OpenPart] = {}  # the most recently written last
        self._row_groups = 0
        self._pending_bytes = 0
        self._parts: list[Part] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files, complete when the table is closed, in the order of their paths."""
        return tuple(sorted(self._parts, key=lambda part: part.path))

    def write(self, batch: pa.RecordBatch, source_key: str, *, is_overwritten: bool = True) -> None:
        """Write rows of one source, which may be of many partitions.

        Args:
            batch: the rows.
            source_key: the key that they are marked with.
            is_overwritten: whether the batch may be, after this, so that what is held is a copy.
        """
        key_column = repeated_text(source_key, batch.num_rows)
        batch = batch.append_column(pa.field(SOURCE_KEY, key_column.type, False), key_column)
        for partition, rows, is_copy in _split(batch, self._dataset.partitions):
            part = self._open.pop(partition, None) or _OpenPart(
                self._names.next(partition), source_key, source_key
            )
            self._open[partition] = part
            part.first_source_key = min(part.first_source_key, source_key)
            part.last_source_key = max(part.last_source_key, source_key)
            if rows.num_rows >= BATCH_ROWS // 2 and not part.pending:
                self._write_row_group(part, pa.Table.from_batches([rows]))
            else:
                self._hold(part, copied(rows) if is_overwritten and not is_copy else rows)
        self.rows += batch.num_rows
        while self._row_groups >= OPEN_ROW_GROUPS:
            self._close_oldest()

    def close(self) -> None:
        """Write what is held, and finish the files."""
        while self._open:
            self._close_oldest()

    def discard(self) -> None:
        """Remove what was written."""
        self.close()
        for part in self._parts:
            (self._folder / part.path).unlink()
        self._parts.clear()

    def _hold(self, part: _OpenPart, rows: pa.RecordBatch) -> None:
        rows = _trimmed(rows)
        part.pending.append(rows)
        part.pending_rows += rows.num_rows
        part.pending_bytes += rows.nbytes
        self._pending_bytes += rows.nbytes
        if part.pending_rows >= BATCH_ROWS:
            self._flush(part)
        while self._pending_bytes > MOST_PENDING_BYTES:
            self._flush(max(self._open.values(), key=lambda each: each.pending_bytes))

    def _flush(self, part: _OpenPart) -> None:
        first, *others = (pa.Table.from_batches([rows]) for rows in part.pending)
        held = [first, *(_as_schema(rows, first.schema) for rows in others)]
        self._write_row_group(part, pa.concat_tables(held).unify_dictionaries())
        self._pending_bytes -= part.pending_bytes
        part.pending.clear()
        part.pending_rows = part.pending_bytes = 0

    def _write_row_group(self, part: _OpenPart, rows: pa.Table) -> None:
        if part.writer is None:
            file = self._folder / part.path
            file.parent.mkdir(parents=True, exist_ok=True)
            part.schema = with_field_ids(rows.schema, self._field_ids)
            part.writer = pq.ParquetWriter(
                file, part.schema, use_dictionary=dictionary_columns(rows), **PARQUET_OPTIONS
            )
        part.writer.write_table(_as_schema(rows, part.schema), row_group_size=max(1, rows.num_rows))
        part.rows += rows.num_rows
        part.row_groups += 1
        self._row_groups += 1

    def _close_oldest(self) -> None:
        partition = next(iter(self._open))
        part = self._open[partition]
        if part.pending:
            self._flush(part)
        del self._open[partition]
        if part.writer is None:
            raise RuntimeError(f"{part.path} is open and has no rows")
        part.writer.close()
        self._row_groups -= part.row_groups
        self._parts.append(
            Part(
                path=part.path,
                partition=self._names.values(partition),
                rows=part.rows,
                size_bytes=(self._folder / part.path).stat().st_size,
                first_source_key=part.first_source_key,
                last_source_key=part.last_source_key,
            )
        )


def _split(
    batch: pa.RecordBatch, names: tuple[str, ...]
) -> Iterator[tuple[Partition, pa.RecordBatch, bool]]:
    """The rows of each partition of a batch, in their order, and whether they are a copy."""
    if not batch.num_rows:
        return
    encoded = [distinct(batch.column(name)) for name in names]
    if all(len(values) == 1 for values, _ in encoded):
        yield tuple(str(values[0].as_py()) for values, _ in encoded), batch, False
        return
    codes = np.zeros(batch.num_rows, np.int64)
    columns = []
    for values, indices in encoded:
        codes = codes * len(values) + indices
        columns.append(([str(value) for value in values.to_pylist()], indices))
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(counts)
    for row, start, end in zip(first, ends - counts, ends, strict=True):
        partition = tuple(values[indices[row]] for values, indices in columns)
        yield partition, batch.take(array_of(order[start:end], pa.int64())), True


def _as_schema(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows of the same columns: text that is a dictionary in some and plain in others is one."""
    columns = [
        column if column.type.equals(field.type) else column.cast(field.type)
        for column, field in zip(rows.columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _trimmed(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Dictionaries cut down to what occurs, or each partition would get all of the batch's."""
    arrays: list[pa.Array[Any]] = [
        column.dictionary_decode().dictionary_encode()
        if isinstance(column, pa.DictionaryArray) and len(column.dictionary) > len(column)
        else column
        for column in rows.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=rows.schema)


def _escaped(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"
