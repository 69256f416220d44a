"""What a run loaded is measured once, whatever it was killed at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from airflow.sdk.exceptions import AirflowFailException
from lake import tasks
from lake.metrics import Metrics
from lake.pipeline import measure
from lake.pipeline.audit import audit
from lake.pipeline.documents import Plan
from lake.pipeline.measure import measure_load
from lake.pipeline.publish import publish
from lake.pipeline.selection import Replay

from .conftest import GARBAGE, GOOD, ONE_BAD, OTHER_DAY, Declare, Pipeline
from .memory_s3 import MemoryS3

type Land = Callable[[str, str], str]

ORDER = "_replays/market/trades/1.json"


@dataclass(frozen=True)
class Taken(Metrics):
    """Metrics that remember what they were told."""

    namespace: str = "MwaaLake"
    environment: str = "lake-test"
    away: bool = False
    told: list[tuple[str, dict[str, float]]] = field(default_factory=list)

    def publish(self, table: str, values: Mapping[str, float]) -> bool:
        if not self.away:
            self.told.append((table, dict(values)))
        return not self.away


def run(pipeline: Pipeline, run_id: str, metrics: Metrics) -> Plan:
    """A run up to its end, as the DAG has it."""
    plan = pipeline.plan(run_id)
    pipeline.convert(plan)
    pipeline.finish(plan)
    measure_load(lake=pipeline.lake, plan=plan, metrics=metrics)
    return plan


def test_rows_and_bad_records_of_the_loaded_files_are_counted(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    land("b.txt", ONE_BAD)
    metrics = Taken()
    run(pipeline, "run-1", metrics)
    values = {"RowsLoaded": 4, "RowsQuarantined": 1, "QuarantineRatio": 0.2}
    assert metrics.told == [("market_trades", values)]


def test_the_records_of_a_refused_file_are_in_the_ratio_alone(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", OTHER_DAY)
    land("bad.txt", GARBAGE)
    metrics = Taken()
    run(pipeline, "run-1", metrics)
    ((_, values),) = metrics.told
    assert (values["RowsLoaded"], values["RowsQuarantined"]) == (1, 0)
    assert values["QuarantineRatio"] > 0.5


def test_a_run_that_is_tried_again_is_measured_once(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    metrics = Taken()
    plan = run(pipeline, "run-1", metrics)
    measure_load(lake=pipeline.lake, plan=plan, metrics=metrics)
    assert len(metrics.told) == 1


def test_where_cloudwatch_is_away_the_next_try_measures(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    plan = run(pipeline, "run-1", Taken(away=True))
    metrics = Taken()
    measure_load(lake=pipeline.lake, plan=plan, metrics=metrics)
    assert [values["RowsLoaded"] for _, values in metrics.told] == [2]


def test_a_publication_that_was_killed_after_its_commit_is_measured_as_it_was(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", ONE_BAD)
    plan = pipeline.plan("run-1")
    pipeline.convert(plan)
    audit(lake=pipeline.lake, plan=plan)
    publish(lake=pipeline.lake, plan=plan)
    again = publish(lake=pipeline.lake, plan=plan)
    assert {file.state for file in again.files} == {"unchanged"}
    metrics = Taken()
    measure_load(lake=pipeline.lake, plan=plan, metrics=metrics)
    values = {"RowsLoaded": 2, "RowsQuarantined": 1, "QuarantineRatio": pytest.approx(1 / 3)}
    assert metrics.told == [("market_trades", values)]


def test_the_same_files_again_are_nothing_new(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    run(pipeline, "run-1", Taken())
    land("a.txt", GOOD)
    metrics = Taken()
    run(pipeline, "run-2", metrics)
    assert metrics.told == [("market_trades", {"RowsLoaded": 0, "RowsQuarantined": 0})]


def test_a_replay_counts_what_it_took_in_and_has_no_ratio(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    mended = pipeline.of(
        declare(("13, width: 5", "13, width: 5, missing: [xxxxx], nullable: true"))
    )
    s3.put_object(Bucket="landing", Key=ORDER, Body=json.dumps({}).encode())
    plan = mended.plan("replay-1", Replay(ORDER))
    publish(lake=mended.lake, plan=plan)
    metrics = Taken()
    measure_load(lake=mended.lake, plan=plan, metrics=metrics)
    assert metrics.told == [("market_trades", {"RowsLoaded": 1})]


def test_the_last_task_measures_before_it_fails_for_refused_files(
    pipeline: Pipeline, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    land("bad.txt", GARBAGE)
    pipeline.run("run-1")
    metrics = Taken()
    monkeypatch.setattr(tasks, "_lake", lambda _: pipeline.lake)
    monkeypatch.setattr(measure, "lake_settings", lambda: None)
    monkeypatch.setattr(Metrics, "of", lambda _: metrics)
    with pytest.raises(AirflowFailException, match=r"refused market/trades/bad\.txt"):
        tasks.report.function("market/trades", "run-1")
    assert [values["RowsLoaded"] for _, values in metrics.told] == [0]
