"""A table and runs that load rows into it; parts as a conversion stages them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lake.dataset import DataSet
from lake.tables import Change, LakeTable, Part, PartChanges, Warehouse, lake_table
from lake.tables.schema import table_schema
from lake.tables.types import arrow_field

from tests.unit.lake.tables.readers import Row, rows_of

ROOT = "market/trades/data"
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


class Lake:
    """A table, and runs that load rows into it."""

    def __init__(self, warehouse: Warehouse, data_set: DataSet) -> None:
        self.warehouse = warehouse
        self.data_set = data_set
        self.table: LakeTable = lake_table(data_set, warehouse=warehouse)
        self.table.ensure()

    def stage(self, name: str, rows: Sequence[Row], row_group_rows: int = 1000) -> Part:
        return stage(
            self.warehouse,
            self.data_set,
            f"{ROOT}/{name}.parquet",
            rows,
            field_ids=self.table.field_ids(),
            row_group_rows=row_group_rows,
        )

    def apply(self, changes: PartChanges) -> PartChanges:
        number = self.table.applied() + 1
        self.table.apply(
            Change(number=number, run_id=f"r{number}", add=changes.add, remove=changes.remove)
        )
        return changes

    def load(self, name: str, rows: Sequence[Row], row_group_rows: int = 1000) -> Part:
        part = self.stage(name, rows, row_group_rows)
        self.apply(PartChanges(add=(part,)))
        return part

    def rows(self) -> list[Row]:
        """What a reader sees."""
        return rows_of(self.table)
