"""The Parquet objects of a table: read in place or through a local file, in the table's columns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lake.tables.objects import ObjectReader
from lake.tables.table import Warehouse

FIELD_ID = b"PARQUET:field_id"
READ_ROWS = 1 << 14
"""Rows of a batch: some MB, however wide the table."""
COPY_BYTES = 1 << 20
PAGE_BYTES = 1 << 17
"""Read of a column chunk at once, so that none is held whole."""


@contextmanager
def open_parquet(
    warehouse: Warehouse, key: str, *, size_bytes: int | None = None
) -> Iterator[pq.ParquetFile]:
    """A part read in place: a request for its footer, and one for each column chunk."""
    reader = ObjectReader(warehouse.s3, warehouse.bucket, key, size_bytes)
    with pq.ParquetFile(pa.PythonFile(reader, mode="r")) as file:
        yield file


def download(warehouse: Warehouse, key: str, path: Path) -> None:
    """The whole object as a local file, in one request."""
    body = warehouse.s3.get_object(Bucket=warehouse.bucket, Key=key)["Body"]
    with closing(body), path.open("wb") as file:
        shutil.copyfileobj(body, file, COPY_BYTES)


@contextmanager
def open_local(path: Path) -> Iterator[pq.ParquetFile]:
    """A part that was downloaded."""
    with pq.ParquetFile(path, buffer_size=PAGE_BYTES, pre_buffer=False) as file:
        yield file


def batches(file: pq.ParquetFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a file in the columns of `schema`, some thousands at a time.

    A column is found by its field id, or by name where the file has none. One that the file lacks
    is NULL, one that was narrower is widened.
    """
    there = {_identity(field): field.name for field in file.schema_arrow}
    names = [there.get(_identity(field), there.get(field.name)) for field in schema]
    wanted = [name for name in names if name is not None]
    for batch in file.iter_batches(READ_ROWS, columns=wanted, use_threads=False):
        yield pa.RecordBatch.from_arrays(
            [
                _conformed(batch, name, field.type)
                for name, field in zip(names, schema, strict=True)
            ],
            schema=schema,
        )


def _identity(field: pa.Field[Any]) -> str | bytes:
    """The field's id, or its name."""
    return (field.metadata or {}).get(FIELD_ID, field.name)


def _conformed(batch: pa.RecordBatch, name: str | None, kind: Any) -> pa.Array[Any]:
    if name is None:
        missing: pa.Array[Any] = pa.nulls(batch.num_rows, kind)
        return missing
    column = batch.column(name)
    return column if column.type.equals(kind) else column.cast(kind)


def columns_of(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Some of the columns, in the order of `names`."""
    return pa.schema([schema.field(name) for name in names])
