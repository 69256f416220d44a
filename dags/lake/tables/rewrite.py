"""Writes parts of a table anew: without some of their rows, or several as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from boto3.s3.transfer import TransferConfig
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, PARQUET_OPTIONS
from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import UNKNOWN_LAST, Part
from lake.tables.parquet import batches, columns_of, download, open_local, open_parquet
from lake.tables.table import LakeTable
from lake.tables.types import arrow_field

MOST_PENDING_BYTES = 16 << 20
"""Of rows held in memory until they are enough for a row group."""

ONE_AT_A_TIME = TransferConfig(use_threads=False)
"""Ten threads would hold 80 MB of a large part on its way to S3."""

type Kept = NDArray[np.bool_]
"""Of each row of a part, in their order, whether it stays."""

type Judge = Callable[[pa.RecordBatch], Kept]
"""Says of each row of a batch whether it stays."""


class Rewriter:
    """Rewrites parts of one table; the new objects go below `staging` under names of their own.

    Nothing is overwritten, so that whoever computed the same change before keeps its objects. In
    memory: a row group of the part that is written, and a byte for each row of the one read.
    """

    def __init__(self, table: LakeTable, *, staging: str) -> None:
        pa.set_memory_pool(pa.system_memory_pool())  # 40 MB less than what Arrow takes by default
        self.warehouse = table.warehouse
        self.schema = _arrow_schema(table)
        self._staging = staging.removesuffix("/")

    def judged(self, part: Part, columns: Sequence[str], judge: Judge) -> Kept:
        """Which rows of a part stay; only these columns of it are read."""
        schema = columns_of(self.schema, columns)
        with open_parquet(self.warehouse, part.key, size_bytes=part.size_bytes) as file:
            judged = [judge(batch) for batch in batches(file, schema)]
        return np.concatenate(judged) if judged else np.empty(0, np.bool_)

    def write(
        self, parts: Iterable[tuple[Part, Kept | None]], *, target_file_bytes: int | None = None
    ) -> list[Part]:
        """Write the rows that stay (None: all) of parts of one partition, in their order.

        Gives one part, or where `target_file_bytes` is given another whenever one has grown so
        far; none where no row stays.
        """
        made: list[Part] = []
        with TemporaryDirectory(prefix="lake-") as temporary:
            folder = Path(temporary)
            writer = _Writer(folder / "new.parquet", self.schema)
            partition: dict[str, str] = {}
            for part, kept in parts:
                partition = part.partition
                for batch in self._rows(part, kept, folder / "old.parquet"):
                    writer.write(batch)
                    if target_file_bytes and writer.size_bytes >= target_file_bytes:
                        made += self._uploaded(writer, partition)
                        writer = _Writer(folder / "new.parquet", self.schema)
            made += self._uploaded(writer, partition)
        return made

    def _rows(self, part: Part, kept: Kept | None, path: Path) -> Iterator[pa.RecordBatch]:
        download(self.warehouse, part.key, path)
        first = 0
        with open_local(path) as file:
            for batch in batches(file, self.schema):
                chosen = None if kept is None else kept[first : first + batch.num_rows]
                first += batch.num_rows
                if chosen is None or chosen.all():
                    yield batch
                elif chosen.any():
                    yield batch.filter(_boolean_array(chosen))

    def _uploaded(self, writer: _Writer, partition: dict[str, str]) -> list[Part]:
        """The part that was written, now an object; none where it has no rows."""
        writer.close()
        if not writer.rows:
            return []
        key = f"{self._staging}/{uuid4().hex}.parquet"
        self.warehouse.s3.upload_file(
            str(writer.path), self.warehouse.bucket, key, Config=ONE_AT_A_TIME
        )
        return [
            Part(
                key=key,
                partition=partition,
                rows=writer.rows,
                size_bytes=writer.path.stat().st_size,
                first_source_key=writer.first_source_key,
                last_source_key=writer.last_source_key,
            )
        ]


class _Writer:
    """One Parquet file, its rows gathered into row groups of a good size."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self.first_source_key = ""
        self.last_source_key = ""
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(self._sink, schema, **PARQUET_OPTIONS)
        self._pending: list[pa.RecordBatch] = []

    @property
    def size_bytes(self) -> int:
        """Bytes of the row groups written so far."""
        return self._sink.tell()

    def write(self, batch: pa.RecordBatch) -> None:
        ends: Any = pc.min_max(batch.column(SOURCE_KEY))
        first, last = ends["min"].as_py() or "", ends["max"].as_py() or UNKNOWN_LAST
        self.first_source_key = min(self.first_source_key, first) if self.rows else first
        self.last_source_key = max(self.last_source_key, last)
        self.rows += batch.num_rows
        self._pending.append(batch)
        rows = sum(each.num_rows for each in self._pending)
        if rows >= BATCH_ROWS or sum(each.nbytes for each in self._pending) >= MOST_PENDING_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._sink.close()

    def _flush(self) -> None:
        """Write a row group."""
        if self._pending:
            table = pa.Table.from_batches(self._pending)
            self._pending = []
            self._writer.write_table(table, row_group_size=table.num_rows)


def _arrow_schema(table: LakeTable) -> pa.Schema:
    field_ids = table.field_ids()
    return pa.schema(
        [arrow_field(column.name, column.parsed, field_ids) for column in table.schema.columns]
    )


def _boolean_array(values: Kept) -> pa.Array[Any]:
    """From a buffer: `pyarrow.array` would import pandas."""
    packed = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, packed])
