"""Files start their runs themselves: one, many at once, while nobody watches, and after a kill."""

from __future__ import annotations

import os
import signal
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.samples.cotahist import write_quotes
from tests.deployed_lake import wait_for

from .conftest import PARSED_WITHIN_SECONDS, Lab
from .test_faults import component

pytestmark = pytest.mark.e2e

DAG = "market_quotes"
LOADED_WITHIN_SECONDS = 240
BEGUN_WITHIN_SECONDS = 20


def land(lab: Lab, folder: Path, first: date, files: int) -> list[date]:
    """Put a file a day, straight into the bucket; nobody triggers anything."""
    days = [first + timedelta(days=n) for n in range(files)]
    s3, bucket = lab.client("s3"), lab.environment.landing_bucket
    for day in days:
        path = folder / f"COTAHIST_D{day:%d%m%Y}.TXT"
        write_quotes(path, trading_day=day, rows=20, malformed=0, seed=day.toordinal())
        s3.upload_file(str(path), bucket, f"market/quotes/{path.name}")
    return days


def loaded(lab: Lab, days: list[date]) -> bool:
    found = lab.rows(
        "SELECT count(DISTINCT data), count(*) FROM market_quotes "
        f"WHERE data BETWEEN DATE '{days[0]}' AND DATE '{days[-1]}'"
    )
    return found == [(len(days), 20 * len(days))]


def runs_since(lab: Lab, since: datetime) -> list[dict[str, Any]]:
    query = {"order_by": "run_after", "run_after_gte": since.isoformat(), "limit": 100}
    found = lab.airflow("GET", f"/dags/{DAG}/dagRuns", QueryParameters=query)["dag_runs"]
    return [run for run in found if run["run_type"] == "asset_triggered"]


def table_events(lab: Lab, since: datetime) -> list[dict[str, Any]]:
    query = {"timestamp_gte": since.isoformat(), "limit": 100}
    found = lab.airflow("GET", "/assets/events", QueryParameters=query)["asset_events"]
    return [event for event in found if event["name"] == DAG]


def now(lab: Lab) -> datetime:
    """After what the tests before have left has ended."""
    wait_for(
        lambda: not _active(lab),
        timeout_seconds=LOADED_WITHIN_SECONDS,
        what="the runs of before to end",
    )
    return datetime.now().astimezone()


def _active(lab: Lab) -> list[Any]:
    path, query = f"/dags/{DAG}/dagRuns", {"state": ["queued", "running"]}
    return list(lab.airflow("GET", path, QueryParameters=query)["dag_runs"])


def test_a_file_starts_a_run_within_seconds_which_says_the_days_that_changed(
    lab: Lab, tmp_path: Path
) -> None:
    since = now(lab)
    days = land(lab, tmp_path, date(2025, 1, 6), files=1)

    (run,) = wait_for(
        lambda: runs_since(lab, since), timeout_seconds=BEGUN_WITHIN_SECONDS, what="a run"
    )
    wait_for(
        lambda: table_events(lab, since),
        timeout_seconds=LOADED_WITHIN_SECONDS,
        what="the table's event",
    )

    assert loaded(lab, days)
    assert [event["extra"] for event in table_events(lab, since)] == [
        {"days": [str(days[0])], "run_id": run["dag_run_id"]}
    ]
    print(f"run queued {datetime.fromisoformat(run['queued_at']) - since} after the put began")


def test_many_files_at_once_are_a_few_runs(lab: Lab, tmp_path: Path) -> None:
    since = now(lab)
    days = land(lab, tmp_path, date(2026, 1, 1), files=100)

    wait_for(
        lambda: loaded(lab, days), timeout_seconds=LOADED_WITHIN_SECONDS, what="all of the files"
    )

    now(lab)
    assert len(runs_since(lab, since)) <= 3


def test_a_file_that_lands_while_the_dag_is_paused_is_loaded_when_it_is_not(
    lab: Lab, tmp_path: Path
) -> None:
    since = now(lab)
    watched = watchers(lab)
    pause(lab, True)
    wait_for(
        lambda: watchers(lab) < watched,
        timeout_seconds=PARSED_WITHIN_SECONDS,
        what="the watcher to go",
    )
    days = land(lab, tmp_path, date(2025, 2, 3), files=1)
    assert runs_since(lab, since) == []

    pause(lab, False)

    wait_for(
        lambda: loaded(lab, days), timeout_seconds=LOADED_WITHIN_SECONDS, what="the file's rows"
    )


def test_a_file_that_lands_while_the_triggerer_is_killed_is_loaded(
    lab: Lab, tmp_path: Path
) -> None:
    now(lab)
    os.kill(component(lab, "triggerer"), signal.SIGKILL)
    days = land(lab, tmp_path, date(2025, 3, 3), files=1)

    wait_for(
        lambda: loaded(lab, days), timeout_seconds=LOADED_WITHIN_SECONDS, what="the file's rows"
    )


def pause(lab: Lab, paused: bool) -> None:
    lab.airflow("PATCH", f"/dags/{DAG}", Body={"is_paused": paused})


def watchers(lab: Lab) -> int:
    """How many there are, by what the asset of the files says of itself."""
    found = lab.airflow("GET", "/assets", QueryParameters={"name_pattern": f"{DAG}_files"})
    return sum(len(asset["watchers"]) for asset in found["assets"])
