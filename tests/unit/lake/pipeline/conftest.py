"""A lake in miniature: buckets and Athena in memory, Glue on moto, a data set of three columns."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lake.dataset import DataSet, load_data_set
from lake.pipeline.audit import audit
from lake.pipeline.check import check
from lake.pipeline.convert import convert_batch
from lake.pipeline.documents import Plan, Published
from lake.pipeline.lake import Lake
from lake.pipeline.originals import take_away
from lake.pipeline.plan import plan
from lake.pipeline.publish import publish
from lake.pipeline.selection import Landed, Selection
from lake.pipeline.store import Store
from lake.tables import LakeTable, Warehouse

from .memory_athena import MemoryAthena
from .memory_glue import MemoryGlue
from .memory_s3 import MemoryS3

TRADES = """
description: Trades of a day
owner: tests
schedule: null
layout: {format: fixed_width, record_length: 17}
columns:
  - {name: day, type: date, format: YYYYMMDD, position: 1, width: 8, description: Day of the trade}
  - {name: paper, type: string, position: 9, width: 4, description: Paper}
  - {name: price, type: "decimal(5,2)", position: 13, width: 5, description: Price}
keys: [day, paper]
partitions: [day]
max_bad_ratio: 0.4
run: {max_mapped_tasks: 3}
"""
GOOD = "20240102AAAA01050\n20240102BBBB00099\n"
OTHER_DAY = "20240103AAAA01100\n"
ONE_BAD = "20240104AAAA01050\n20240104BBBB00099\n20240104CCCCxxxxx\n"
GARBAGE = "this is not a file of trades\n" * 3

type Declare = Callable[..., DataSet]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Makes the data set of trades, with parts of its text replaced."""

    def make(*changes: tuple[str, str], target: str = "{}") -> DataSet:
        text = TRADES + f"target: {target}\n"
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "datasets" / "market" / "trades.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return load_data_set(path)

    return make


@pytest.fixture
def data_set(declare: Declare) -> DataSet:
    return declare()


@pytest.fixture
def glue() -> MemoryGlue:
    return MemoryGlue()


def make_lake(data_set: DataSet, s3: Any, glue: Any) -> Lake:
    athena = MemoryAthena()
    lake = Lake(
        data_set=data_set,
        store=Store(landing_bucket="landing", curated_bucket="curated", s3=s3),
        warehouse=Warehouse(bucket="curated", database="lake_test", s3=s3, glue=glue),
        athena=athena,  # type: ignore[arg-type]  # what stands for it
    )
    athena.lake = lake
    return lake


@pytest.fixture
def s3() -> MemoryS3:
    return MemoryS3()


@pytest.fixture
def lake(data_set: DataSet, s3: MemoryS3, glue: MemoryGlue) -> Lake:
    return make_lake(data_set, s3, glue)


@pytest.fixture
def land(s3: MemoryS3) -> Callable[[str, str], str]:
    def put(name: str, text: str) -> str:
        key = f"market/trades/{name}"
        s3.put_object(Bucket="landing", Key=key, Body=text.encode())
        return key

    return put


@dataclass(frozen=True)
class Pipeline:
    """The stages one after the other, as the DAG runs them."""

    lake: Lake

    def plan(self, run_id: str, selection: Selection | None = None) -> Plan:
        return plan(
            lake=self.lake,
            selection=selection or Landed(),
            run_id=run_id,
            task_slots=2,
            most_tasks=1024,
        )

    def stages(self, made: Plan) -> list[Callable[[], object]]:
        """What is left of a run after its plan, in order."""
        lake = self.lake
        return [
            *(
                partial(convert_batch, lake=lake, plan=made, number=number)
                for number in range(len(made.labels))
            ),
            partial(audit, lake=lake, plan=made),
            partial(publish, lake=lake, plan=made),
            partial(self.take_away, made),
        ]

    def take_away(self, made: Plan) -> None:
        for number in check(lake=self.lake, plan=made):
            take_away(lake=self.lake, plan=made, number=number)

    def convert(self, made: Plan) -> None:
        for number in range(len(made.labels)):
            convert_batch(lake=self.lake, plan=made, number=number)

    def run(self, run_id: str, selection: Selection | None = None) -> Published:
        made = self.plan(run_id, selection)
        self.convert(made)
        return self.finish(made)

    def finish(self, made: Plan) -> Published:
        audit(lake=self.lake, plan=made)
        published = publish(lake=self.lake, plan=made)
        self.take_away(made)
        return published

    def of(self, data_set: DataSet) -> Pipeline:
        """The same lake, after its data set file was changed."""
        return Pipeline(make_lake(data_set, self.lake.store.s3, self.lake.warehouse.glue))


@pytest.fixture
def pipeline(lake: Lake) -> Pipeline:
    return Pipeline(lake)


def rows(lake: Lake) -> list[tuple[str, str, str, str]]:
    """What a reader of the table sees: day, paper, price and the file's name."""
    return sorted(
        (str(row["day"]), row["paper"], str(row["price"]), row["source_key"].rpartition("/")[2])
        for row in read(lake, visible(lake, lake.rows))
    )


def visible(lake: Lake, table: LakeTable) -> list[str]:
    """The keys of the objects that the catalog leads a reader to."""
    if lake.data_set.target.format == "iceberg":
        return [part.key for part in table.parts()]
    glue, database = lake.warehouse.glue, lake.warehouse.database
    described = glue.get_table(DatabaseName=database, Name=table.name)["Table"]
    locations = [described["StorageDescriptor"]["Location"]]
    if described["PartitionKeys"]:
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName=table.name
        )
        locations = [
            p["StorageDescriptor"]["Location"] for page in pages for p in page["Partitions"]
        ]
    prefixes = [location.removeprefix("s3://curated/") for location in locations]
    return [key for prefix in prefixes for key in lake.store.sizes(prefix)]


def quarantined(lake: Lake) -> list[dict[str, Any]]:
    """What a reader of the quarantine sees."""
    found = read(lake, visible(lake, lake.quarantine))
    return sorted(found, key=lambda row: (row["source_key"], row["line_number"]))


def read(lake: Lake, keys: list[str]) -> list[dict[str, Any]]:
    return [
        row
        for key in keys
        for row in pq.read_table(io.BytesIO(lake.store.get_bytes(key))).to_pylist()
    ]


def ledger(lake: Lake, table: str = "runs") -> list[dict[str, Any]]:
    """The rows of a table of the ledger, in the order of their objects."""
    return read(lake, sorted(lake.store.sizes(f"_ledger/{table}/")))
