"""The lake's tables in the embedded AWS, whose Glue compares versions and whose Athena reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awswrangler as wr
import boto3
import pytest
from lake.dataset import load_data_set
from lake.tables import Change, PartChanges, Warehouse, lake_table
from lake.tables.changes import changes_for

from tests.embedded.running import REGION, RunningEmulator
from tests.unit.lake.tables.conftest import FORMATS
from tests.unit.lake.tables.staged import MONDAY, ROOT, TUESDAY, Lake, trade

pytestmark = pytest.mark.embedded

TRADES = """
description: Trades of a day
owner: tests
schedule: null
layout: {{format: fixed_width, record_length: 21}}
columns:
  - {{name: day, type: date, position: 1, width: 8, description: Day}}
  - {{name: paper, type: string, position: 9, width: 4, description: Paper}}
  - {{name: price, type: "decimal(9,2)", position: 13, width: 9, nullable: true,
      description: Price}}
partitions: [day]
target: {target}
"""


@pytest.fixture(scope="module")
def warehouse(emulator: RunningEmulator) -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it saw first
        emulator.client("s3").create_bucket(Bucket="curated")
        emulator.client("glue").create_database(DatabaseInput={"Name": "lake"})
        yield Warehouse.connect(bucket="curated", database="lake")


@pytest.fixture(params=FORMATS)
def lake(request: pytest.FixtureRequest, warehouse: Warehouse, tmp_path: Path) -> Lake:
    path = tmp_path / "datasets" / "market" / f"{request.param}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TRADES.format(target=FORMATS[request.param]))
    return Lake(warehouse, load_data_set(path))


def athena(emulator: RunningEmulator, sql: str) -> list[list[str | None]]:
    """The rows of a query."""
    client: Any = emulator.client("athena")
    started = client.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": "lake"},
        ResultConfiguration={"OutputLocation": "s3://curated/_results/"},
    )
    query = {"QueryExecutionId": started["QueryExecutionId"]}
    while True:
        status = client.get_query_execution(**query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.05)
    assert status["State"] == "SUCCEEDED", status
    rows = client.get_query_results(**query)["ResultSet"]["Rows"][1:]
    return [[value.get("VarCharValue") for value in row["Data"]] for row in rows]


def test_athena_reads_what_changes_left(lake: Lake, emulator: RunningEmulator) -> None:
    lake.load("1", [trade(MONDAY, "AAAA", source="a"), trade(MONDAY, "BBBB", None, "b")])
    lake.load("2", [trade(TUESDAY, "AAAA", source="a")])
    changes = changes_for(lake.table, add=[], replaced_source_keys=["a"], staging=f"{ROOT}/s")
    lake.apply(changes)
    lake.load("3", [trade(MONDAY, "CCCC", "3.50", "c")])
    found = athena(
        emulator,
        f'SELECT day, paper, price, source_key FROM "{lake.table.name}" '
        "WHERE day BETWEEN DATE '2024-01-01' AND DATE '2024-01-31' ORDER BY paper",
    )
    assert found == [
        ["2024-01-01", "BBBB", None, "b"],
        ["2024-01-01", "CCCC", "3.50", "c"],
    ]


def test_a_commit_that_another_overtook_is_made_again(lake: Lake) -> None:
    number = lake.table.applied()
    change = Change(number=number + 1, run_id="r", add=(lake.stage("c1", [trade(MONDAY, "AAAA")]),))
    fast = lake_table(
        lake.data_set,
        warehouse=Warehouse.connect(bucket="curated", database="lake"),
    )
    part = lake.stage("c2", [trade(MONDAY, "ZZZZ")])
    event = "before-send.glue.UpdateTable"
    events: Any = lake.warehouse.glue.meta.events

    def overtake(**_: Any) -> None:
        events.unregister(event, overtake)
        fast.apply(change)
        fast.apply(Change(number=number + 2, run_id="s", add=(part,)))

    events.register(event, overtake)
    lake.table.apply(change)
    assert lake.table.applied() == number + 2
    assert [row["paper"] for row in lake.rows() if row["paper"] in ("AAAA", "ZZZZ")][-1] == "ZZZZ"


def test_awswrangler_reads_the_partitions_of_plain_parquet(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "datasets" / "market" / "plain.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TRADES.format(target="{format: parquet}"))
    lake = Lake(warehouse, load_data_set(path))
    lake.load("1", [trade(MONDAY, "AAAA")])
    [old] = lake.table.parts()
    lake.apply(PartChanges(add=(lake.stage("2", [trade(MONDAY, "BBBB")]),), remove=(old.key,)))
    session = boto3.session.Session(region_name=REGION)
    folders = wr.catalog.get_parquet_partitions("lake", lake.table.name, boto3_session=session)
    [(folder, values)] = folders.items()
    assert values == ["2024-01-01"]
    frame = wr.s3.read_parquet(folder, boto3_session=session)
    assert frame["paper"].to_list() == ["BBBB"]
