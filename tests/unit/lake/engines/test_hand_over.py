"""Files that a data set hands over are converted as a batch like others."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from lake.dataset import load_data_set
from lake.engines.documents import LandedObject
from lake.pipeline.convert import convert_batch
from lake.pipeline.documents import (
    Batch,
    FileOutcome,
    FileRange,
    LandedFile,
    Plan,
    RunRecord,
)
from lake.pipeline.hand_over import SparkJob, write_spark_job
from lake.pipeline.lake import Lake as PipelineLake
from lake.pipeline.places import LEDGER_FILES, LEDGER_RUNS, Places
from lake.pipeline.plan import plan
from lake.pipeline.selection import Landed
from lake.pipeline.store import Store

from .compared import CURATED, LANDING, Lake

TRADES = """
description: Trades of a day
owner: tests
schedule: null
layout: {format: fixed_width, record_length: 17}
columns:
  - {name: day, type: date, position: 1, width: 8, description: Day of the trade}
  - {name: paper, type: string, position: 9, width: 4, description: Paper}
  - {name: price, type: "decimal(5,2)", position: 13, width: 5, description: Price}
partitions: [day]
max_bad_ratio: 0.4
"""
ORDERS: dict[str, object] = {
    "layout": {"format": "delimited"},
    "columns": [
        {"name": "day", "type": "date", "description": "Day of the order"},
        {"name": "paper", "type": "string", "description": "Paper"},
    ],
}
SEVERAL_LINES = b'day,paper\n2024-01-02,"A\nB"\n'
ONE_BAD = b"20240102AAAA01050\n20240103BBBB00099\n20240103CCCCxxxxx\n"
PLAN = Plan(run_id="run-1", kind="load", attempt="a", started_at=datetime(2024, 1, 2, tzinfo=UTC))

type Made = Callable[..., PipelineLake]


@pytest.fixture
def made(lake: Lake, tmp_path: Path) -> Made:
    """A data set of trades, with keys of its file replaced, in the lake."""

    def make(table: str, **changes: object) -> PipelineLake:
        path = tmp_path / "market" / f"{table}.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump({**yaml.safe_load(TRADES), **changes}))
        return PipelineLake(
            data_set=load_data_set(path),
            store=Store(landing_bucket=LANDING, curated_bucket=CURATED, s3=lake.warehouse.s3),
            warehouse=lake.warehouse,
            athena=lake.athena,  # type: ignore[arg-type]  # what stands for it
        )

    return make


def landed(file: LandedObject) -> LandedFile:
    return LandedFile(
        key=file.key,
        object_key=file.key,
        version_id=file.version_id,
        etag=file.etag,
        size_bytes=file.size_bytes,
        landed_at=datetime(2024, 1, 2, tzinfo=UTC),
    )


def test_what_athena_converts_and_what_a_worker_has_to_are_one_batch(
    lake: Lake, made: Made
) -> None:
    trades = made("athena_trades", engine="athena")
    files = [
        lake.land(ONE_BAD, "market/athena_trades/a.txt"),
        lake.land(gzip.compress(ONE_BAD), "market/athena_trades/b.txt.gz"),
        lake.land(b"nonsense\n", "market/athena_trades/c.txt"),
    ]
    places = Places.of(trades.data_set).run(PLAN.run_id)
    ranges = tuple(FileRange(file=landed(file)) for file in files)
    trades.store.write(
        places.batch(PLAN.attempt, 0), Batch(number=0, label="", engine="athena", ranges=ranges)
    )

    result = convert_batch(lake=trades, plan=PLAN, number=0)

    by_name = {each.range.file.name: each for each in result.results}
    assert {name: each.engine for name, each in by_name.items()} == {
        "a.txt": "athena", "b.txt.gz": "worker", "c.txt": "athena"
    }  # fmt: skip
    assert by_name["a.txt"].counts == by_name["b.txt.gz"].counts
    assert by_name["c.txt"].reason.startswith("no record of the layout in 1 lines")
    assert sum(part.rows for part in result.parts) == 4
    assert sum(part.rows for part in result.rejects) == 2
    for table, parts in ((trades.rows, result.parts), (trades.quarantine, result.rejects)):
        folder = f"{table.prefix}data/run-1/{result.conversion}/"
        assert all(part.key.startswith(folder) for part in parts)
    assert {tuple(part.partition.items()) for part in result.parts} == {
        (("day", "2024-01-02"),),
        (("day", "2024-01-03"),),
    }


def test_the_ledger_says_what_converted_a_file_and_a_run(lake: Lake, made: Made) -> None:
    trades = made("noted_trades", engine="athena")
    files = [
        lake.land(ONE_BAD, "market/noted_trades/a.txt"),
        lake.land(gzip.compress(ONE_BAD), "market/noted_trades/b.txt.gz"),
    ]
    outcomes = [
        FileOutcome(file=landed(file), state="loaded", engine=engine)
        for file, engine in zip(files, ("worker", "athena"), strict=True)
    ]
    times = {"started_at": PLAN.started_at, "ended_at": PLAN.started_at}
    for name, of in (("run-1", outcomes), ("run-2", outcomes[1:])):
        run = RunRecord(run_id=name, kind="load", files=tuple(of), **times)
        trades.ledger.record(run, change=None)

    assert engines(trades, LEDGER_RUNS) == ["athena, worker", "athena"]
    assert engines(trades, LEDGER_FILES) == ["worker", "athena", "athena"]


def engines(lake: PipelineLake, ledger: str) -> list[str | None]:
    """What a table of the ledger says."""
    folder = f"{ledger}{lake.data_set.table_name}/"
    return [
        engine
        for key in sorted(lake.store.sizes(folder))
        for engine in pq.read_table(io.BytesIO(lake.store.get_bytes(key)))["engine"].to_pylist()
    ]


def test_the_plan_hands_over_what_is_larger_than_the_data_set_says(lake: Lake, made: Made) -> None:
    run = {"hand_over_to": "spark", "hand_over_bytes": 20}
    trades = made("auto_trades", engine="auto", run=run)
    for name, content in (("a", ONE_BAD), ("b", ONE_BAD[:18]), ("c", ONE_BAD)):
        lake.land(content, f"market/auto_trades/{name}.txt")

    chosen = plan(lake=trades, selection=Landed(), run_id="run-1", task_slots=2, most_tasks=9)

    places = trades.places.run("run-1")
    batches = [
        trades.store.require(places.batch(chosen.attempt, number), Batch)
        for number in range(len(chosen.labels))
    ]
    assert [(b.engine, [each.file.name for each in b.ranges]) for b in batches] == [
        ("spark", ["a.txt", "c.txt"]),
        ("worker", ["b.txt"]),
    ]
    assert chosen.spark_batch == 0


def test_a_spark_job_has_the_files_that_spark_reads(lake: Lake, made: Made) -> None:
    trades = made("spark_trades", engine="spark")
    lake.land(ONE_BAD, "market/spark_trades/a.txt")
    lake.land(gzip.compress(ONE_BAD), "market/spark_trades/b.txt.gz")
    chosen = plan(lake=trades, selection=Landed(), run_id="run-1", task_slots=2, most_tasks=9)

    uri = write_spark_job(trades, chosen)

    places = trades.places.run("run-1")
    assert uri == f"s3://{CURATED}/{places.spark_document(chosen.attempt)}"
    job = trades.store.require(places.spark_job(chosen.attempt), SparkJob)
    assert [file.uri for file in job.document.files] == [
        f"s3://{LANDING}/market/spark_trades/a.txt"
    ]
    assert [each.file.name for each in job.left] == ["b.txt.gz"]
    assert set(job.document.field_ids) == {"day", "paper", "price", "source_key"}
    assert job.document.files[0].rows.startswith(
        f"s3://{CURATED}/{trades.rows.prefix}data/run-1/{job.conversion}/"
    )


def test_delimited_files_have_rules_by_their_header(lake: Lake, made: Made) -> None:
    orders = made("spark_orders", engine="spark", **ORDERS)
    for name, content in {
        "a": b"day,paper\n2024-01-02,A\n",
        "b": b"paper,day\nA,2024-01-02\n",
        "c": b"day,paper\n2024-01-03,C\n",
        "d": b"other\n",
    }.items():
        lake.land(content, f"market/spark_orders/{name}.csv")
    chosen = plan(lake=orders, selection=Landed(), run_id="run-1", task_slots=2, most_tasks=9)

    write_spark_job(orders, chosen)

    places = orders.places.run("run-1")
    job = orders.store.require(places.spark_job(chosen.attempt), SparkJob)
    assert [file.rules for file in job.document.files] == [0, 1, 0]
    first, second = ([column.sql for column in each.columns] for each in job.document.rules)
    assert "element_at(texts, 1)" in first[0]
    assert "element_at(texts, 2)" in second[0]
    assert [each.file.name for each in job.left] == ["d.csv"]


def test_a_worker_converts_what_spark_finds_that_it_does_not_read(lake: Lake, made: Made) -> None:
    orders = made("quoted_orders", engine="spark", **ORDERS)
    lake.land(SEVERAL_LINES, "market/quoted_orders/a.csv")
    chosen = plan(lake=orders, selection=Landed(), run_id="run-1", task_slots=2, most_tasks=9)
    write_spark_job(orders, chosen)
    places = orders.places.run("run-1")
    job = orders.store.require(places.spark_job(chosen.attempt), SparkJob)
    found = {"attempt": "1", "files": [{"lines": 3, "unread": 2}]}
    scratch = job.document.scratch.removeprefix(f"s3://{CURATED}/")
    lake.warehouse.s3.put_object(
        Bucket=CURATED, Key=f"{scratch}result/part-0", Body=json.dumps(found).encode()
    )

    result = convert_batch(lake=orders, plan=chosen, number=0)

    (converted,) = result.results
    assert converted.engine == "worker"
    assert sum(part.rows for part in result.parts) == 1


def test_a_worker_converts_what_athena_finds_that_it_does_not_read(lake: Lake, made: Made) -> None:
    orders = made("athena_orders", engine="athena", **ORDERS)
    lake.land(SEVERAL_LINES, "market/athena_orders/a.csv")
    lake.land(b'paper,day\n"A,B",2024-01-02\n', "market/athena_orders/b.csv")
    chosen = plan(lake=orders, selection=Landed(), run_id="run-1", task_slots=1, most_tasks=1)

    made_of = [
        convert_batch(lake=orders, plan=chosen, number=number)
        for number in range(len(chosen.labels))
    ]

    results = [each for result in made_of for each in result.results]
    by_name = {each.range.file.name: each.engine for each in results}
    assert by_name == {"a.csv": "worker", "b.csv": "athena"}
    assert sum(part.rows for result in made_of for part in result.parts) == 2


def test_a_run_without_files_for_spark_has_no_job(lake: Lake, made: Made) -> None:
    trades = made("idle_trades", engine="spark")
    assert lake
    chosen = plan(lake=trades, selection=Landed(), run_id="run-1", task_slots=2, most_tasks=9)
    assert write_spark_job(trades, chosen) is None
