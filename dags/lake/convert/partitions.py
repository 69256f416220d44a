"""Writes a table's rows as Parquet files, each in the folder of its partition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.convert.arrow import PARQUET_OPTIONS, array_of, arrow_schema, distinct
from lake.convert.conversion import Part
from lake.dataset import DataSet

OPEN_ROW_GROUPS = 512
"""Over all open files: Parquet holds about 13 KB of each in memory until its file is closed."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")
"""What Hive writes as %XX in the path of a partition."""

type Partition = tuple[str, ...]
"""The values of a row's partition columns, as text."""


@dataclass(slots=True)
class _OpenPart:
    writer: pq.ParquetWriter
    path: str
    rows: int = 0
    row_groups: int = 0


class PartitionedTable:
    """Parquet files in the Hive layout, one or more a partition.

    Many partitions may come in any order: files are closed, least recently written first, before
    they hold much memory, and a later row of their partition goes to the partition's next file.
    """

    def __init__(self, dataset: DataSet, folder: Path) -> None:
        self.rows = 0
        self._names = [column.name for column in dataset.partition_columns]
        self._schema = arrow_schema(dataset.file_columns)
        self._folder = folder
        self._open: dict[Partition, _OpenPart] = {}  # the most recently written last
        self._opened: Counter[Partition] = Counter()
        self._row_groups = 0
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._open:
            self._close_oldest()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files, complete when the table is closed, in the order of their paths."""
        return tuple(sorted(self._parts, key=lambda part: part.path))

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows, which may be of many partitions."""
        for partition, rows in _split(batch, self._names):
            part = self._open.pop(partition, None) or self._new_part(partition)
            self._open[partition] = part
            arrays = [_trimmed(rows.column(name)) for name in self._schema.names]
            part.writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
            part.rows += rows.num_rows
            part.row_groups += 1
            self.rows += rows.num_rows
            self._row_groups += 1
            while self._row_groups >= OPEN_ROW_GROUPS:
                self._close_oldest()

    def _new_part(self, partition: Partition) -> _OpenPart:
        folders = [
            f"{name}={_UNSAFE.sub(_escaped, value)}"
            for name, value in zip(self._names, partition, strict=True)
        ]
        path = "/".join([*folders, f"part-{self._opened[partition]:05}.parquet"])
        self._opened[partition] += 1
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return _OpenPart(pq.ParquetWriter(file, self._schema, **PARQUET_OPTIONS), path)

    def _close_oldest(self) -> None:
        partition = next(iter(self._open))
        part = self._open.pop(partition)
        part.writer.close()
        self._row_groups -= part.row_groups
        values = dict(zip(self._names, partition, strict=True))
        self._parts.append(Part(part.path, values, part.rows))


def _split(batch: pa.RecordBatch, names: list[str]) -> Iterator[tuple[Partition, pa.RecordBatch]]:
    """The rows of each partition of a batch, in their order."""
    if not batch.num_rows:
        return
    codes = np.zeros(batch.num_rows, np.int64)
    columns = []
    for name in names:
        values, indices = distinct(batch.column(name))
        codes = codes * len(values) + indices
        columns.append(([str(value) for value in values.to_pylist()], indices))
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    order = np.argsort(codes, kind="stable") if len(first) > 1 else None
    ends = np.cumsum(counts)
    for row, start, end in zip(first, ends - counts, ends, strict=True):
        partition = tuple(values[indices[row]] for values, indices in columns)
        if order is None:
            yield partition, batch
        else:
            yield partition, batch.take(array_of(order[start:end], pa.int64()))


def _trimmed(column: pa.Array[Any]) -> pa.Array[Any]:
    """A dictionary is cut down to what occurs, or each partition would get all of the batch's."""
    if isinstance(column, pa.DictionaryArray) and len(column.dictionary) > len(column):
        return column.dictionary_decode().dictionary_encode()
    return column


def _escaped(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"
