from __future__ import annotations

from collections.abc import Sequence

import pytest
from lake.tables import Change, Part, PartChanges, RejectedRow, Warehouse, lake_table
from lake.tables.changes import changes_for, without_rejects

from tests.unit.lake.tables.conftest import FORMATS, Declare
from tests.unit.lake.tables.readers import Row, rows_of
from tests.unit.lake.tables.staged import MONDAY, ROOT, TUESDAY, Lake, stage, trade


@pytest.fixture(params=["iceberg", "parquet"])
def lake(request: pytest.FixtureRequest, warehouse: Warehouse, declare: Declare) -> Lake:
    return Lake(warehouse, declare(target=FORMATS[request.param]))


def test_rows_of_a_replaced_file_go_and_the_others_stay(lake: Lake) -> None:
    lake.load(
        "old",
        [trade(MONDAY, "AAAA", source="a"), trade(MONDAY, "BBBB", None, "b")],
        row_group_rows=1,
    )
    new = lake.stage("new", [trade(MONDAY, "AAAA", "2.00", "a")])
    changes = lake.apply(
        changes_for(lake.table, add=[new], replaced_source_keys=["a"], staging=f"{ROOT}/s")
    )
    assert lake.rows() == [trade(MONDAY, "AAAA", "2.00", "a"), trade(MONDAY, "BBBB", None, "b")]
    kept = next(part for part in changes.add if part != new)
    assert (kept.rows, kept.first_source_key, kept.last_source_key) == (1, "b", "b")
    assert kept.key.startswith(f"{ROOT}/s/")
    assert (
        kept.size_bytes
        == lake.warehouse.s3.head_object(Bucket=lake.warehouse.bucket, Key=kept.key)[
            "ContentLength"
        ]
    )


def test_a_part_that_only_a_replaced_file_gave_leaves_nothing(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA", source="a")])
    [old] = lake.table.parts()
    changes = changes_for(lake.table, add=[], replaced_source_keys=["a"], staging=f"{ROOT}/s")
    assert changes == PartChanges(remove=(old.key,), remove_from=(old.partition,))


def test_a_part_whose_range_of_keys_has_the_file_but_none_of_its_rows_stays(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA", source="a"), trade(MONDAY, "BBBB", source="c")])
    changes = changes_for(lake.table, add=[], replaced_source_keys=["b"], staging=f"{ROOT}/s")
    assert changes == PartChanges()


def test_an_overwrite_removes_the_partitions_that_the_rows_fall_in(lake: Lake) -> None:
    lake.load("monday", [trade(MONDAY, "AAAA")])
    lake.load("tuesday", [trade(TUESDAY, "AAAA"), trade(TUESDAY, "BBBB", source="b")])
    new = lake.stage("new", [trade(MONDAY, "CCCC", source="c")])
    lake.apply(
        changes_for(
            lake.table,
            add=[new],
            replaced_source_keys=["b"],
            write="overwrite_partitions",
            staging=f"{ROOT}/s",
        )
    )
    assert lake.rows() == [trade(MONDAY, "CCCC", source="c"), trade(TUESDAY, "AAAA")]


def upsert(lake: Lake, add: Sequence[Part], order: Sequence[str], *keys: str) -> PartChanges:
    return lake.apply(
        changes_for(
            lake.table,
            add=add,
            write="upsert",
            keys=keys or ("day", "paper"),
            source_order=order,
            staging=f"{ROOT}/s",
        )
    )


def test_an_upsert_replaces_the_rows_of_its_keys(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA"), trade(MONDAY, "BBBB")])
    lake.load("other", [trade(TUESDAY, "AAAA")])
    [untouched] = [p for p in lake.table.parts() if p.partition == {"day": "2024-01-02"}]
    new = lake.stage("new", [trade(MONDAY, "BBBB", "9.00", "b"), trade(MONDAY, "CCCC", source="b")])
    changes = upsert(lake, [new], ["b"])
    assert lake.rows() == [
        trade(MONDAY, "AAAA"),
        trade(MONDAY, "BBBB", "9.00", "b"),
        trade(MONDAY, "CCCC", source="b"),
        trade(TUESDAY, "AAAA"),
    ]
    assert untouched.key in {part.key for part in lake.table.parts()}
    assert changes.superseded == {}


def test_of_incoming_rows_with_one_key_the_last_file_wins(lake: Lake) -> None:
    first = lake.stage("1", [trade(MONDAY, "AAAA", "1.00", "z"), trade(MONDAY, "BBBB", source="z")])
    second = lake.stage(
        "2", [trade(MONDAY, "AAAA", "2.00", "y"), trade(MONDAY, "AAAA", "3.00", "y")]
    )
    changes = upsert(lake, [second, first], ["z", "y"])
    assert lake.rows() == [
        trade(MONDAY, "AAAA", "3.00", "y"),
        trade(MONDAY, "BBBB", source="z"),
    ]
    assert changes.superseded == {"y": 1, "z": 1}


def test_null_keys_are_equal(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA", None), trade(MONDAY, "BBBB", "1.00")])
    new = lake.stage("new", [trade(MONDAY, "CCCC", None, "b")])
    upsert(lake, [new], ["b"], "day", "price")
    assert lake.rows() == [trade(MONDAY, "BBBB", "1.00"), trade(MONDAY, "CCCC", None, "b")]


def test_keys_without_the_partition_find_their_row_in_another_one(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA"), trade(MONDAY, "BBBB")])
    new = lake.stage("new", [trade(TUESDAY, "AAAA", "2.00", "b")])
    upsert(lake, [new], ["b"], "paper")
    assert lake.rows() == [trade(MONDAY, "BBBB"), trade(TUESDAY, "AAAA", "2.00", "b")]


def test_an_upsert_also_drops_the_rows_of_a_replaced_file(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA", source="a"), trade(MONDAY, "BBBB", source="b")])
    lake.load("older", [trade(TUESDAY, "AAAA", source="a")])
    new = lake.stage("new", [trade(MONDAY, "CCCC", source="a")])
    lake.apply(
        changes_for(
            lake.table,
            add=[new],
            replaced_source_keys=["a"],
            write="upsert",
            keys=["day", "paper"],
            source_order=["a"],
            staging=f"{ROOT}/s",
        )
    )
    assert lake.rows() == [trade(MONDAY, "BBBB", source="b"), trade(MONDAY, "CCCC", source="a")]


def rejected(line: int | None, source: str = "a", member: str | None = None) -> Row:
    return {
        "source_key": source,
        "source_version": "1",
        "member": member,
        "line_number": line,
        "byte_offset": 0,
        "length_bytes": 3,
        "reason": "bad",
        "column_name": None,
        "raw": "abc",
        "raw_bytes": b"abc",
        "run_id": "r",
    }


def test_replayed_records_leave_the_quarantine(warehouse: Warehouse, declare: Declare) -> None:
    table = lake_table(declare(), warehouse=warehouse, which="quarantine")
    ids = table.ensure()
    rows = [rejected(1), rejected(2), rejected(2, member="m"), rejected(2, "b"), rejected(None)]
    part = stage(
        warehouse,
        declare(),
        "market/trades_quarantine/data/r/1.parquet",
        rows,
        field_ids=ids,
        which="quarantine",
    )
    table.apply(Change(number=1, run_id="r", add=(part,)))
    gone = [RejectedRow("a", None, 2), RejectedRow("a", None, None)]
    changes, found = without_rejects(
        table, rows=[*gone, RejectedRow("a", None, 7)], staging="market/trades_quarantine/data/s"
    )
    table.apply(Change(number=2, run_id="s", add=changes.add, remove=changes.remove))
    assert found == set(gone)
    assert rows_of(table) == [rows[0], rows[2], rows[3]]


def test_large_upserts_agree_with_a_naive_one(lake: Lake) -> None:
    papers = [f"{number:04}" for number in range(500)]
    old = [trade(MONDAY, paper, "1.00", "a") for paper in papers]
    new = [trade(MONDAY, paper, "2.00", "b") for paper in papers[100:300] * 2]
    lake.load("old", old, row_group_rows=64)
    upsert(lake, [lake.stage("new", new, row_group_rows=64)], ["b"])
    naive = {row["paper"]: row for row in [*old, *new]}
    assert lake.rows() == [naive[paper] for paper in papers]
