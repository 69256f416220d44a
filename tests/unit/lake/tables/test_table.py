"""What holds for every format."""

from __future__ import annotations

import pytest
from lake.tables import Change, ChangeRefused, PartChanges, Warehouse

from tests.unit.lake.tables.conftest import FORMATS, Declare
from tests.unit.lake.tables.staged import MONDAY, TUESDAY, Lake, trade


@pytest.fixture(params=FORMATS)
def lake(request: pytest.FixtureRequest, warehouse: Warehouse, declare: Declare) -> Lake:
    return Lake(warehouse, declare(target=FORMATS[request.param]))


def test_a_new_table_is_empty(lake: Lake) -> None:
    assert lake.table.applied() == 0
    assert lake.table.parts() == []
    assert lake.rows() == []


def test_a_table_can_be_ensured_again(lake: Lake) -> None:
    lake.load("1", [trade(MONDAY, "AAAA")])
    assert lake.table.ensure() == lake.table.field_ids()
    assert lake.table.applied() == 1
    assert lake.rows() == [trade(MONDAY, "AAAA")]


def test_a_change_shows_its_rows_and_its_parts(lake: Lake) -> None:
    monday = [trade(MONDAY, "AAAA", source="b.txt"), trade(MONDAY, "BBBB", None, "a.txt")]
    tuesday = [trade(TUESDAY, "AAAA", "2.50")]
    parts = (lake.stage("1", monday), lake.stage("2", tuesday))
    lake.apply(PartChanges(add=parts))
    assert lake.rows() == monday + tuesday
    live = {part.partition["day"]: part for part in lake.table.parts()}
    for day, staged in zip(("2024-01-01", "2024-01-02"), parts, strict=True):
        assert live[day].model_copy(update={"key": staged.key}) == staged
        assert lake.warehouse.s3.head_object(Bucket=lake.warehouse.bucket, Key=live[day].key)
    assert lake.table.applied() == 1


def test_a_part_that_is_removed_is_gone_with_its_rows(lake: Lake) -> None:
    lake.load("old", [trade(MONDAY, "AAAA", source="a")])
    lake.load("stays", [trade(MONDAY, "CCCC", source="c")])
    [old] = [part for part in lake.table.parts() if part.first_source_key == "a"]
    lake.apply(PartChanges(add=(lake.stage("new", [trade(MONDAY, "BBBB")]),), remove=(old.key,)))
    assert lake.rows() == [trade(MONDAY, "BBBB"), trade(MONDAY, "CCCC", source="c")]
    assert len(lake.table.parts()) == 2


def test_a_partition_that_loses_its_last_part_is_gone(lake: Lake) -> None:
    lake.load("1", [trade(MONDAY, "AAAA")])
    lake.load("2", [trade(TUESDAY, "AAAA")])
    [monday] = [part for part in lake.table.parts() if part.partition == {"day": "2024-01-01"}]
    lake.apply(PartChanges(remove=(monday.key,)))
    assert lake.rows() == [trade(TUESDAY, "AAAA")]


def test_a_number_that_was_applied_is_not_applied_again(lake: Lake) -> None:
    change = Change(number=1, run_id="r", add=(lake.stage("1", [trade(MONDAY, "AAAA")]),))
    lake.table.apply(change)
    lake.table.apply(change)
    assert lake.rows() == [trade(MONDAY, "AAAA")]


def test_a_number_that_leaves_a_gap_is_refused(lake: Lake) -> None:
    with pytest.raises(ChangeRefused, match="market_trades shows change 0: 1 comes next, not 2"):
        lake.table.apply(Change(number=2, run_id="r"))


def test_a_change_without_parts_counts(lake: Lake) -> None:
    lake.table.apply(Change(number=1, run_id="r"))
    assert lake.table.applied() == 1
    assert lake.table.parts() == []


def test_a_part_that_is_not_there_cannot_be_removed(lake: Lake) -> None:
    with pytest.raises(ChangeRefused, match=r"change 1 .*removes what is not in .*: nothing\.parq"):
        lake.table.apply(Change(number=1, run_id="r", remove=("nothing.parquet",)))
    assert lake.table.applied() == 0


@pytest.mark.parametrize("target", ["iceberg", "parquet"])
def test_a_table_may_have_no_partitions(
    target: str, warehouse: Warehouse, declare: Declare
) -> None:
    lake = Lake(warehouse, declare(target=FORMATS[target], partitions="[]"))
    lake.load("1", [trade(MONDAY, "AAAA"), trade(TUESDAY, "AAAA")])
    lake.load("2", [trade(TUESDAY, "BBBB")])
    assert lake.rows() == [trade(MONDAY, "AAAA"), trade(TUESDAY, "AAAA"), trade(TUESDAY, "BBBB")]


@pytest.mark.parametrize("target", ["iceberg", "parquet"])
def test_a_partition_may_be_of_any_text(
    target: str, warehouse: Warehouse, declare: Declare
) -> None:
    data_set = declare(
        {"paper": "string", "units": "int"}, partitions="[paper]", target=FORMATS[target]
    )
    lake = Lake(warehouse, data_set)
    rows = [{"paper": "a/b =é%", "units": 1, "source_key": "a"}]
    lake.load("1", rows)
    assert lake.rows() == rows
    assert [part.partition for part in lake.table.parts()] == [{"paper": "a/b =é%"}]
