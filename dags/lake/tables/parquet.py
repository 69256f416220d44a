"""The Parquet objects of a table: opened where they are, with the lake's options written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from lake.tables.objects import ObjectReader
from lake.tables.table import Warehouse


@contextmanager
def open_parquet(
    warehouse: Warehouse, key: str, *, size_bytes: int | None = None
) -> Iterator[pq.ParquetFile]:
    """A part read in place: a request for its footer, and one for each column chunk."""
    reader = ObjectReader(warehouse.s3, warehouse.bucket, key, size_bytes)
    with pq.ParquetFile(pa.PythonFile(reader, mode="r")) as file:
        yield file
