from __future__ import annotations

import pytest
from lake.tables import Change, ChangeRefused, Warehouse, lake_table
from lake.tables.iceberg import IcebergTable

from tests.unit.lake.tables.conftest import DATABASE, Declare
from tests.unit.lake.tables.staged import MONDAY, TUESDAY, Row, stage, trade

NAME = "market_trades"


def read(table: IcebergTable) -> list[Row]:
    """What pyiceberg's own reader gives."""
    rows = table.load().scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda row: (str(row["day"]), row["paper"]))


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


def test_a_change_shows_its_rows_and_its_parts(
    table: IcebergTable, warehouse: Warehouse, declare: Declare
) -> None:
    ids = table.ensure()
    rows = [trade(MONDAY, "AAAA", source="b.txt"), trade(MONDAY, "BBBB", None, "a.txt")]
    other = [trade(TUESDAY, "AAAA", "2.50")]
    parts = (
        stage(warehouse, declare(), "market/trades/data/r/1.parquet", rows, field_ids=ids),
        stage(warehouse, declare(), "market/trades/data/r/2.parquet", other, field_ids=ids),
    )
    table.apply(Change(number=1, run_id="r", add=parts))
    assert read(table) == rows + other
    assert sorted(table.parts(), key=lambda part: part.key) == list(parts)
    assert table.applied() == 1


def test_a_part_that_is_removed_is_gone_with_its_rows(
    table: IcebergTable, warehouse: Warehouse, declare: Declare
) -> None:
    old = stage(warehouse, declare(), "market/trades/data/r/1.parquet", [trade(MONDAY, "AAAA")])
    new = stage(warehouse, declare(), "market/trades/data/s/1.parquet", [trade(MONDAY, "BBBB")])
    table.apply(Change(number=1, run_id="r", add=(old,)))
    table.apply(Change(number=2, run_id="s", add=(new,), remove=(old.key,)))
    assert read(table) == [trade(MONDAY, "BBBB")]
    assert table.parts() == [new]


def test_a_number_that_was_applied_is_not_applied_again(
    table: IcebergTable, warehouse: Warehouse, declare: Declare
) -> None:
    part = stage(warehouse, declare(), "market/trades/data/r/1.parquet", [trade(MONDAY, "AAAA")])
    change = Change(number=1, run_id="r", add=(part,))
    table.apply(change)
    table.apply(change)
    assert read(table) == [trade(MONDAY, "AAAA")]


def test_a_number_that_leaves_a_gap_is_refused(table: IcebergTable) -> None:
    with pytest.raises(ChangeRefused, match="market_trades shows change 0: 1 comes next, not 2"):
        table.apply(Change(number=2, run_id="r"))


def test_a_change_without_parts_counts(table: IcebergTable) -> None:
    table.apply(Change(number=1, run_id="r"))
    assert table.applied() == 1
    assert table.parts() == []


def test_a_part_that_is_not_there_cannot_be_removed(table: IcebergTable) -> None:
    with pytest.raises(ChangeRefused, match=r"removes what is not in it: nothing\.parquet"):
        table.apply(Change(number=1, run_id="r", remove=("nothing.parquet",)))
    assert table.applied() == 0


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
