"""Columns that have structs and arrays inside."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.dataset import load_data_set
from lake.tables import IncompatibleSchema, Warehouse
from lake.tables.changes import changes_for
from lake.tables.compaction import compaction

from tests.unit.lake.tables.readers import Row, ordered
from tests.unit.lake.tables.staged import ROOT, Lake

EVENTS = """
description: Orders
owner: tests
schedule: null
layout: {{format: json}}
target: {{format: {format}}}
columns:
  - {{name: id, type: int, description: Number}}
  - {{name: lines, type: "{type}", nullable: true, description: What was ordered}}
"""
LINES = "array<struct<sku:string,price:decimal(9,2),tags:array<string>>>"


def orders(folder: Path, warehouse: Warehouse, format: str, type: str = LINES) -> Lake:
    path = folder / "datasets" / "market" / "trades.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(EVENTS.format(format=format, type=type))
    return Lake(warehouse, load_data_set(path))


def order(number: int, source: str = "a") -> Row:
    line = {"sku": "A", "price": None, "tags": ["x", None]}
    return {"id": number, "lines": [line, None] if number else None, "source_key": source}


@pytest.mark.parametrize("format", ["iceberg", "parquet"])
def test_rows_keep_their_structs_and_arrays_through_a_rewrite(
    tmp_path: Path, warehouse: Warehouse, format: str
) -> None:
    lake = orders(tmp_path, warehouse, format)
    lake.load("1", [order(0), order(1, "b"), order(2)])
    lake.load("2", [order(3)])
    lake.apply(changes_for(lake.table, add=[], replaced_source_keys=["b"], staging=f"{ROOT}/s"))
    lake.apply(compaction(lake.table, target_file_bytes=10**6, staging=f"{ROOT}/s"))
    [part] = lake.table.parts()
    body = warehouse.s3.get_object(Bucket=warehouse.bucket, Key=part.key)["Body"].read()
    # Not by pyiceberg, which gives an array that is NULL as an empty one.
    assert ordered(pq.read_table(pa.BufferReader(body)).to_pylist()) == [
        order(0),
        order(2),
        order(3),
    ]


@pytest.mark.parametrize("format", ["iceberg", "parquet"])
def test_another_type_inside_is_refused(tmp_path: Path, warehouse: Warehouse, format: str) -> None:
    orders(tmp_path, warehouse, format)
    other = LINES.replace("sku:string", "sku:int")
    with pytest.raises(IncompatibleSchema, match=r"column lines is array<struct<sku:string"):
        orders(tmp_path, warehouse, format, other)


def test_iceberg_gives_the_ids_of_fields_inside(tmp_path: Path, warehouse: Warehouse) -> None:
    ids = orders(tmp_path, warehouse, "iceberg").table.field_ids()
    inside = ["lines.element", "lines.element.sku", "lines.element.tags.element"]
    assert set(inside) <= set(ids)
    assert len({ids[name] for name in inside}) == 3


def test_a_file_without_ids_is_read_by_name(tmp_path: Path, warehouse: Warehouse) -> None:
    lake = orders(tmp_path, warehouse, "iceberg")
    lake.table.field_ids = dict  # type: ignore[method-assign]  # as an engine that knows none
    lake.load("1", [order(1), order(2)])
    assert lake.rows() == [order(1), order(2)]
