"""Parts as a conversion stages them, from rows written out in a test."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lake.dataset import DataSet
from lake.tables import Part, Warehouse
from lake.tables.schema import table_schema
from lake.tables.types import arrow_field

type Row = dict[str, Any]

MONDAY, TUESDAY = date(2024, 1, 1), date(2024, 1, 2)


def trade(day: date, paper: str, price: str | None = "1.00", source: str = "a.txt") -> Row:
    return {
        "day": day,
        "paper": paper,
        "price": None if price is None else Decimal(price),
        "source_key": source,
    }


def stage(
    warehouse: Warehouse,
    data_set: DataSet,
    key: str,
    rows: Sequence[Row],
    *,
    field_ids: Mapping[str, int] | None = None,
    row_group_rows: int = 1000,
    which: Any = "rows",
) -> Part:
    """Write rows, all of one partition, as a part in the bucket."""
    wanted = table_schema(data_set, which)
    schema = pa.schema([arrow_field(c.name, c.parsed, field_ids or {}) for c in wanted.columns])
    body = io.BytesIO()
    pq.write_table(
        pa.Table.from_pylist(list(rows), schema),
        body,
        row_group_size=row_group_rows,
        store_decimal_as_integer=True,
        store_schema=False,
        compression="zstd",
    )
    warehouse.s3.put_object(Bucket=warehouse.bucket, Key=key, Body=body.getvalue())
    sources = sorted({row["source_key"] for row in rows})
    return Part(
        key=key,
        partition={name: str(rows[0][name]) for name in wanted.partitions},
        rows=len(rows),
        size_bytes=len(body.getvalue()),
        first_source_key=sources[0],
        last_source_key=sources[-1],
    )
