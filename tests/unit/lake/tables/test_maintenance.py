"""Compaction, and what is deleted when nothing needs it any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lake.tables import PartChanges, Warehouse
from lake.tables.bucket import Bucket
from lake.tables.compaction import compaction
from lake.tables.iceberg import IcebergTable
from lake.tables.table import GRACE

from tests.unit.lake.tables.conftest import FORMATS, Declare
from tests.unit.lake.tables.staged import MONDAY, ROOT, TUESDAY, Lake, trade

NOW = datetime.now(UTC)


@pytest.fixture(params=FORMATS)
def lake(request: pytest.FixtureRequest, warehouse: Warehouse, declare: Declare) -> Lake:
    return Lake(warehouse, declare(target=FORMATS[request.param]))


def many(lake: Lake) -> None:
    for name in "cab":
        lake.load(name, [trade(MONDAY, name, source=name)])
    lake.load("t", [trade(TUESDAY, "t", source="t")])


def test_small_parts_of_a_partition_become_one(lake: Lake) -> None:
    many(lake)
    rows = lake.rows()
    changes = lake.apply(compaction(lake.table, target_file_bytes=10**6, staging=f"{ROOT}/s"))
    assert [(part.rows, part.first_source_key, part.last_source_key) for part in changes.add] == [
        (3, "a", "c")
    ]
    assert len(changes.remove) == 3
    assert lake.rows() == rows
    assert len(lake.table.parts()) == 2


def test_what_is_large_enough_is_left_alone(lake: Lake) -> None:
    many(lake)
    size = lake.table.parts()[0].size_bytes
    none = compaction(lake.table, target_file_bytes=size, staging=f"{ROOT}/s")
    assert none == PartChanges()


def test_merged_parts_are_about_as_large_as_wanted(lake: Lake) -> None:
    many(lake)
    size = max(part.size_bytes for part in lake.table.parts())
    changes = compaction(lake.table, target_file_bytes=2 * size, staging=f"{ROOT}/s")
    assert [(part.first_source_key, part.last_source_key) for part in changes.add] == [("a", "b")]


def test_a_compaction_takes_no_more_parts_than_it_may(lake: Lake) -> None:
    many(lake)
    for name in "uv":
        lake.load(name, [trade(TUESDAY, name, source=name)])
    changes = compaction(lake.table, target_file_bytes=10**6, staging=f"{ROOT}/s", most_parts=4)
    assert len(changes.remove) == 3


def keys(lake: Lake) -> set[str]:
    return {found.key for found in Bucket(lake.warehouse).listed(lake.table.prefix)}


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The day after tomorrow, when today's objects are old."""
    late = NOW + 2 * GRACE

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # always this moment
            return late.astimezone(tz)

    monkeypatch.setattr("lake.tables.iceberg.datetime", Clock)
    monkeypatch.setattr("lake.tables.hive.datetime", Clock)
    return late


def test_what_the_table_has_stays_and_the_rest_goes(lake: Lake, tomorrow: datetime) -> None:
    many(lake)
    lake.apply(compaction(lake.table, target_file_bytes=10**6, staging=f"{ROOT}/s"))
    lake.stage("orphan", [trade(MONDAY, "AAAA")])
    lake.stage("underway/1", [trade(MONDAY, "AAAA")])
    rows = lake.rows()
    before = keys(lake)
    deleted = lake.table.expire(before=tomorrow, needed=[f"{ROOT}/underway/"])
    left = keys(lake)
    assert len(before - left) == deleted > 0
    assert f"{ROOT}/orphan.parquet" not in left
    assert f"{ROOT}/underway/1.parquet" in left
    assert {part.key for part in lake.table.parts()} <= left
    assert sum(key.endswith(".parquet") for key in left) == 3
    assert lake.rows() == rows
    assert lake.table.applied() == 5
    lake.load("new", [trade(MONDAY, "ZZZZ")])
    assert lake.table.applied() == 6


def test_what_a_query_may_still_read_stays_for_a_day(lake: Lake) -> None:
    many(lake)
    lake.apply(compaction(lake.table, target_file_bytes=10**6, staging=f"{ROOT}/s"))
    before = keys(lake)
    assert lake.table.expire(before=NOW - timedelta(days=7)) == 0
    assert keys(lake) == before


def test_time_travel_reaches_as_far_back_as_snapshots_are_kept(
    warehouse: Warehouse, declare: Declare, tomorrow: datetime
) -> None:
    lake = Lake(warehouse, declare())
    assert isinstance(lake.table, IcebergTable)
    lake.load("1", [trade(MONDAY, "AAAA", source="a")])
    [part] = lake.table.parts()
    lake.apply(PartChanges(remove=(part.key,)))
    first = lake.table.load().snapshots()[0].snapshot_id
    lake.table.expire(before=NOW - timedelta(days=7))
    travelled = lake.table.load().scan(snapshot_id=first).to_arrow().to_pylist()
    assert travelled == [trade(MONDAY, "AAAA", source="a")]
    lake.table.expire(before=tomorrow)
    assert [s.snapshot_id for s in lake.table.load().snapshots()] != [first]
    assert not any(key.endswith("/1.parquet") for key in keys(lake))
