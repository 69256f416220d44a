"""Two that change a table at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lake.tables import Change, PartChanges, Warehouse, lake_table

from tests.unit.lake.tables.conftest import FORMATS, Declare
from tests.unit.lake.tables.staged import MONDAY, TUESDAY, Lake, trade


@pytest.fixture(params=FORMATS)
def lake(request: pytest.FixtureRequest, versioned: Warehouse, declare: Declare) -> Lake:
    return Lake(versioned, declare(target=FORMATS[request.param]))


def once_before(client: Any, operation: str, do: Callable[[], object]) -> None:
    """Do something just before the client's next request of this operation."""
    name = client.meta.service_model.service_name
    event = f"provide-client-params.{name}.{operation}"

    def handler(**_: Any) -> None:
        client.meta.events.unregister(event, handler)
        do()

    client.meta.events.register_first(event, handler)


def other(lake: Lake) -> Lake:
    """Another process at the same table."""
    mine = Warehouse.connect(bucket=lake.warehouse.bucket, database=lake.warehouse.database)
    seen = Lake.__new__(Lake)
    seen.warehouse, seen.data_set = mine, lake.data_set
    seen.table = lake_table(lake.data_set, warehouse=mine)
    return seen


def test_a_change_that_another_applied_meanwhile_is_there_once(lake: Lake) -> None:
    change = Change(number=1, run_id="r", add=(lake.stage("1", [trade(MONDAY, "AAAA")]),))
    once_before(lake.warehouse.glue, "UpdateTable", lambda: other(lake).table.apply(change))
    lake.table.apply(change)
    assert lake.rows() == [trade(MONDAY, "AAAA")]
    assert lake.table.applied() == 1


def test_a_change_goes_on_after_another_described_the_table(
    lake: Lake, declare: Declare, versioned: Warehouse, request: pytest.FixtureRequest
) -> None:
    target = FORMATS[request.node.callspec.params["lake"]]
    once_before(
        lake.warehouse.glue,
        "UpdateTable",
        lambda: Lake(versioned, declare(target=target, description="All trades")),
    )
    lake.load("1", [trade(MONDAY, "AAAA")])
    assert lake.rows() == [trade(MONDAY, "AAAA")]
    assert lake.table.applied() == 1


SLOW = {"iceberg": "UpdateTable", "parquet": "BatchUpdatePartition", "projected": "UpdateTable"}


def test_one_that_was_overtaken_leaves_what_came_after_it(
    lake: Lake, request: pytest.FixtureRequest
) -> None:
    lake.load("1", [trade(MONDAY, "AAAA", source="1")])
    [first] = lake.table.parts()
    change = Change(
        number=2,
        run_id="r",
        add=(lake.stage("2", [trade(MONDAY, "BBBB", source="2")]),),
        remove=(first.key,),
    )

    def overtake() -> None:
        fast = other(lake)
        fast.table.apply(change)
        [second] = fast.table.parts()
        third = fast.stage("3", [trade(MONDAY, "CCCC", source="3")])
        fast.apply(PartChanges(add=(third,), remove=(second.key,)))

    slow = SLOW[request.node.callspec.params["lake"]]
    once_before(lake.warehouse.glue, slow, overtake)
    lake.table.apply(change)
    assert lake.rows() == [trade(MONDAY, "CCCC", source="3")]
    assert lake.table.applied() == 3


def test_a_copy_that_comes_too_late_is_taken_back(versioned: Warehouse, declare: Declare) -> None:
    lake = Lake(versioned, declare(target=FORMATS["projected"]))
    change = Change(number=1, run_id="r", add=(lake.stage("1", [trade(MONDAY, "AAAA")]),))

    def overtake() -> None:
        fast = other(lake)
        fast.table.apply(change)
        [part] = fast.table.parts()
        fast.apply(PartChanges(remove=(part.key,)))

    once_before(lake.warehouse.s3, "CopyObject", overtake)
    lake.table.apply(change)
    assert lake.rows() == []
    assert lake.table.applied() == 2


def test_what_one_that_was_killed_pointed_back_is_mended_by_the_next_change(
    versioned: Warehouse, declare: Declare
) -> None:
    lake = Lake(versioned, declare(target=FORMATS["parquet"]))
    lake.load("1", [trade(MONDAY, "AAAA")])
    glue: Any = lake.warehouse.glue
    place = {"DatabaseName": lake.warehouse.database, "TableName": lake.table.name}
    [stale] = glue.get_partitions(**place)["Partitions"]
    lake.load("2", [trade(MONDAY, "BBBB")])
    storage = stale["StorageDescriptor"]
    glue.update_partition(
        **place,
        PartitionValueList=stale["Values"],
        PartitionInput={"Values": stale["Values"], "StorageDescriptor": storage},
    )
    lake.load("3", [trade(TUESDAY, "AAAA")])
    assert lake.rows() == [trade(MONDAY, "AAAA"), trade(MONDAY, "BBBB"), trade(TUESDAY, "AAAA")]
