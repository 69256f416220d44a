from __future__ import annotations

import pytest
from lake.tables import Change, Warehouse, lake_table
from lake.tables.iceberg import IcebergTable

from tests.unit.lake.tables.conftest import DATABASE, Declare
from tests.unit.lake.tables.staged import MONDAY, stage, trade

NAME = "market_trades"


@pytest.fixture
def table(warehouse: Warehouse, declare: Declare) -> IcebergTable:
    made = lake_table(declare(), warehouse=warehouse)
    assert isinstance(made, IcebergTable)
    made.ensure()
    return made


def test_a_table_is_made_with_its_columns_comments_and_place(
    table: IcebergTable, warehouse: Warehouse
) -> None:
    assert table.ensure() == {"day": 1, "paper": 2, "price": 3, "source_key": 4}
    found = warehouse.glue.get_table(DatabaseName=DATABASE, Name=NAME)["Table"]
    assert found["Description"] == "Trades of a day"
    assert found["StorageDescriptor"]["Location"] == "s3://curated/market/trades"
    columns = [(c["Name"], c["Type"], c["Comment"]) for c in found["StorageDescriptor"]["Columns"]]
    assert columns == [
        ("day", "date", "The day"),
        ("paper", "string", "The paper"),
        ("price", "decimal(9,2)", "The price"),
        ("source_key", "string", "Landed object that the row came from"),
    ]
    assert table.applied() == 0
    assert table.parts() == []


def test_the_rows_before_a_change_can_still_be_read(
    table: IcebergTable, warehouse: Warehouse, declare: Declare
) -> None:
    old = stage(warehouse, declare(), "market/trades/data/r/1.parquet", [trade(MONDAY, "AAAA")])
    new = stage(warehouse, declare(), "market/trades/data/s/1.parquet", [trade(MONDAY, "BBBB")])
    table.apply(Change(number=1, run_id="r", add=(old,)))
    table.apply(Change(number=2, run_id="s", add=(new,), remove=(old.key,)))
    loaded = table.load()
    by_change = {s.summary["lake.change"]: s for s in loaded.snapshots() if s.summary}
    assert {n: s.summary["lake.run"] for n, s in by_change.items() if s.summary} == {
        "1": "r",
        "2": "s",
    }
    before = loaded.scan(snapshot_id=by_change["1"].snapshot_id).to_arrow().to_pylist()
    assert before == [trade(MONDAY, "AAAA")]


def test_bounds_leave_out_the_parts_that_a_query_does_not_want(
    table: IcebergTable, warehouse: Warehouse, declare: Declare
) -> None:
    parts = tuple(
        stage(
            warehouse,
            declare(),
            f"market/trades/data/r/{paper}.parquet",
            [trade(MONDAY, paper, price)],
        )
        for paper, price in (("AAAA", "1.00"), ("BBBB", "2.00"))
    )
    table.apply(Change(number=1, run_id="r", add=parts))
    for condition in ("paper = 'BBBB'", "price > 1.50"):
        tasks = list(table.load().scan(row_filter=condition).plan_files())
        assert [task.file.file_path for task in tasks] == [f"s3://curated/{parts[1].key}"]
    assert list(table.load().scan(row_filter="day = '2024-01-02'").plan_files()) == []
