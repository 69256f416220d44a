"""What a reader of a table sees, from the catalog and the objects alone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lake.tables import LakeTable, Warehouse
from lake.tables.iceberg import IcebergTable

type Row = dict[str, Any]


def rows_of(table: LakeTable) -> list[Row]:
    """The rows of a table, sorted by their text."""
    if isinstance(table, IcebergTable):
        return ordered(table.load().scan().to_arrow().to_pylist())
    return ordered(_hive_rows(table.warehouse, table.name))


def ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def _hive_rows(warehouse: Warehouse, name: str) -> list[Row]:
    """As Athena reads: by name, in the table's columns, what lies below each location."""
    glue: Any = warehouse.glue
    place = {"DatabaseName": warehouse.database}
    table: Any = glue.get_table(**place, Name=name)["Table"]
    columns = [c["Name"] for c in table["StorageDescriptor"]["Columns"]]
    keys = [c["Name"] for c in table["PartitionKeys"]]
    storages = [table["StorageDescriptor"]]
    if keys and "projection.enabled" not in table["Parameters"]:
        pages = glue.get_paginator("get_partitions").paginate(**place, TableName=name)
        storages = [p["StorageDescriptor"] for page in pages for p in page["Partitions"]]
    rows: list[Row] = []
    for storage in storages:
        names = [c["Name"] for c in storage["Columns"]]
        assert names == columns, "a partition has its table's columns"
        for body in objects_below(warehouse, storage["Location"]):
            for row in pq.read_table(pa.BufferReader(body)).to_pylist():
                rows.append({column: row.get(column) for column in (*keys, *columns)})
    return rows


def objects_below(warehouse: Warehouse, location: str) -> list[bytes]:
    """The Parquet objects that a query of a location reads: none in a folder with an underscore."""
    prefix = location.removeprefix(f"s3://{warehouse.bucket}/")
    assert prefix.endswith("/")
    pages = warehouse.s3.get_paginator("list_objects_v2").paginate(
        Bucket=warehouse.bucket, Prefix=prefix
    )
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return [
        warehouse.s3.get_object(Bucket=warehouse.bucket, Key=key)["Body"].read()
        for key in keys
        if "/_" not in key and f"{prefix}data/" not in key
    ]
