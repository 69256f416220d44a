"""Logs land, and the star of both targets is what the files say: kills, again, backfills."""

from __future__ import annotations

import json
import os
import signal
from datetime import date
from typing import Any

import pytest

from infra.cli.demo_warehouse import make_month
from infra.cli.query import query, query_redshift
from infra.cli.runs import Runs
from tests.deployed_lake import wait_for
from tests.music_truth import STAR, MusicTruth

from .conftest import Lab
from .test_faults import component

pytestmark = pytest.mark.e2e

TIMEOUT_SECONDS = 420
FIRST, SECOND, LAST = date(2018, 11, 1), date(2018, 11, 2), date(2018, 11, 30)
ASK = {"athena": query, "redshift": query_redshift}
DAGS = {"athena": "music_models", "redshift": "music_models_redshift"}
WORK_GROUP = "lake-dev"
BY_HAND = {"from_day": "2018-10-31", "to_day": "2018-12-01"}


@pytest.fixture(scope="module")
def truth(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> MusicTruth:
    """What the files say that `lake demo warehouse` lands: a month."""
    root = tmp_path_factory.mktemp("music")
    make_month(root / "logs", root / "songs")
    said = lab.lake("demo", "warehouse").stdout
    assert "athena and redshift: this answer, and as many plays as the files have" in said
    return MusicTruth(logs=root / "logs", songs=root / "songs")


def runs(lab: Lab, dag_id: str) -> Runs:
    return Runs(environment=lab.environment, settings=lab.settings, dag_id=dag_id)


def is_as(lab: Lab, truth: MusicTruth, target: str) -> bool:
    """Whether every table of the star has the truth's rows; pytest shows the first that not."""
    for name in STAR:
        table = truth.table(name)
        columns = ", ".join(f'"{column}"' for column in table.columns)
        sql = f'SELECT {columns} FROM "{name}"'
        answer = ASK[target](sql, environment=lab.environment, settings=lab.settings)
        assert _texts(answer.rows) == _texts(table.rows), f"{name} on {target}"
    return True


def _texts(rows: Any) -> list[tuple[str, ...]]:
    """Rows as texts, times without zeros at their ends."""
    return sorted(
        tuple(text.rstrip("0").rstrip(".") if ":" in text else text for text in map(str, row))
        for row in rows
    )


@pytest.mark.parametrize("target", DAGS)
def test_what_landed_is_in_the_star(lab: Lab, truth: MusicTruth, target: str) -> None:
    assert is_as(lab, truth, target)


def test_a_kill_in_the_middle_of_the_loads_is_made_good(lab: Lab, truth: MusicTruth) -> None:
    begun = {dag_id: runs(lab, dag_id).trigger(BY_HAND) for dag_id in DAGS.values()}
    wait_for(
        lambda: any(loading(lab, dag_id, run_id) for dag_id, run_id in begun.items()),
        timeout_seconds=180,
        what="a load that runs",
    )
    os.kill(component(lab, "scheduler"), signal.SIGKILL)
    for dag_id, run_id in begun.items():
        runs(lab, dag_id).wait_until_ended(run_id, timeout_seconds=TIMEOUT_SECONDS)
    assert all(is_as(lab, truth, target) for target in DAGS)


def loading(lab: Lab, dag_id: str, run_id: str) -> bool:
    path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
    found = lab.airflow("GET", path, QueryParameters={"state": "running"})["task_instances"]
    return any(task["task_id"].endswith((".load", ".copy")) for task in found)


def test_a_target_that_refuses_is_asked_again_and_then_has_the_rows(
    lab: Lab, truth: MusicTruth
) -> None:
    models, athena = runs(lab, DAGS["athena"]), lab.client("athena")
    athena.update_work_group(WorkGroup=WORK_GROUP, State="DISABLED")
    try:
        run_id = models.trigger(BY_HAND)
        path = f"/dags/{DAGS['athena']}/dagRuns/{run_id}/taskInstances"

        def refused() -> Any:
            tasks = lab.airflow("GET", path, QueryParameters={"state": "up_for_retry"})
            return tasks["task_instances"]

        task, *_ = wait_for(refused, timeout_seconds=120, what="a load that was refused")
        query = {"map_index": task["map_index"]}
        said = lab.airflow("GET", f"{path}/{task['task_id']}/logs/1", QueryParameters=query)
        assert task["task_id"].endswith(".load")
        assert f"WorkGroup {WORK_GROUP} is disabled." in json.dumps(said)
    finally:
        athena.update_work_group(WorkGroup=WORK_GROUP, State="ENABLED")
    models.wait_until_ended(run_id, timeout_seconds=TIMEOUT_SECONDS)
    assert is_as(lab, truth, "athena")


def test_one_backfill_computes_days_again_and_changes_nothing(lab: Lab, truth: MusicTruth) -> None:
    snapshots = 'SELECT count(*) FROM "music_songplays$snapshots"'
    before = lab.rows(snapshots)
    models = runs(lab, "music_models_backfill")
    backfill = models.start_backfill(FIRST, SECOND, days_at_once=2)
    days = ("--from", str(FIRST), "--to", str(LAST))
    second = lab.lake("backfill", "music", *days, check=False)
    assert second.returncode == 1
    assert "a backfill of music_models_backfill runs already" in second.stdout + second.stderr
    models.wait_until_backfilled(backfill, FIRST, SECOND, timeout_seconds=TIMEOUT_SECONDS)
    assert is_as(lab, truth, "athena")
    assert lab.rows(snapshots) == before


def test_the_audit_table_has_the_rows_of_each_step(lab: Lab, truth: MusicTruth) -> None:
    found = lab.rows(
        "SELECT relation, max(row_count) FROM model_audit "
        f"WHERE step = 'music_songplays' AND day = DATE '{FIRST}' GROUP BY relation ORDER BY 1"
    )
    plays, events = truth.table("music_songplays"), truth.table("music_event_logs")
    assert found == [
        (name, sum(row[table.columns.index("day")] == FIRST for row in table.rows))
        for name, table in (("music_event_logs", events), ("music_songplays", plays))
    ]


def test_upkeep_leaves_the_star_as_it_is_in_fewer_files(lab: Lab, truth: MusicTruth) -> None:
    upkeep = runs(lab, "music_models_maintenance")
    upkeep.wait_until_ended(upkeep.trigger(), timeout_seconds=TIMEOUT_SECONDS)
    assert is_as(lab, truth, "athena")
    for table, folder in {
        "music_songplays": "day",
        "model_audit": "date_trunc('month', recorded_at)",
    }.items():
        files = lab.rows(f'SELECT count(*) FROM "{table}$files"')
        assert files == lab.rows(f"SELECT count(DISTINCT {folder}) FROM {table}"), table
