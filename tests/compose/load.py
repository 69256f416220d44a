"""Large files in the landing bucket, and the run that loads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from infra.cli.landing import find_data_set, put
from infra.cli.runs import Runs
from infra.samples.cotahist import SampleTruth, write_quotes

from .conftest import Stack

DAG = "market_quotes"
FILES = 3
ROWS = 100_000
"""Of a file of 25 MB, which a task of its own converts."""
MALFORMED = 3
STARTED_WITHIN_SECONDS = 120
ACTIVE = {"queued", "running"}


@dataclass(frozen=True, kw_only=True)
class Load:
    """A run of Airflow over files that landed."""

    stack: Stack
    truths: dict[date, SampleTruth]
    run: str

    @classmethod
    def start(cls, stack: Stack, folder: Path, *, first_day: date) -> Load:
        """Drop three days' files; returns when a conversion runs on a worker."""
        days = [first_day + timedelta(days=n) for n in range(FILES)]
        paths = {day: folder / f"COTAHIST_D{day:%d%m%Y}.TXT" for day in days}
        truths = {
            day: write_quotes(
                path, trading_day=day, rows=ROWS, malformed=MALFORMED, seed=day.toordinal()
            )
            for day, path in paths.items()
        }
        # Else a run on schedule could begin with the first of them.
        _pause(stack, True)
        put(
            list(paths.values()),
            data_set=find_data_set("market/quotes"),
            environment=stack.environment,
            settings=stack.settings,
        )
        _pause(stack, False)
        for path in paths.values():
            path.unlink()
        if not _runs(stack) & ACTIVE:
            Runs(environment=stack.environment, settings=stack.settings, dag_id=DAG).trigger()
        running = stack.wait_for(
            lambda: [each for each in _tasks(stack, "~") if each["state"] == "running"],
            timeout_seconds=STARTED_WITHIN_SECONDS,
            what="a running conversion",
            service="scheduler",
        )
        return cls(stack=stack, truths=truths, run=running[0]["dag_run_id"])

    def conversions(self) -> list[dict[str, Any]]:
        """The tasks that convert, one for each file, as Airflow knows them."""
        return _tasks(self.stack, self.run)

    def wait_until_handed_over(self, *, timeout_seconds: float) -> None:
        """Wait until no task is on its way from the scheduler to a worker."""
        path = f"/dags/{DAG}/dagRuns/{self.run}/taskInstances"
        self.stack.wait_for(
            lambda: (
                not self.stack.airflow("GET", path, QueryParameters={"state": "queued"})[
                    "task_instances"
                ]
            ),
            timeout_seconds=timeout_seconds,
            what="a worker for each task",
            service="scheduler",
        )

    def wait_until_complete(self, *, timeout_seconds: float) -> None:
        """Wait until the run has succeeded, and compare the table with the files.

        Raises AssertionError where it fails, or the table has a row less, more or twice.
        """
        path = f"/dags/{DAG}/dagRuns/{self.run}"
        ended = self.stack.wait_for(
            lambda: {self.stack.airflow("GET", path)["state"]} - ACTIVE,
            timeout_seconds=timeout_seconds,
            what=f"the end of the run {self.run}",
            service="worker",
        )
        assert ended == {"success"}, self.stack.compose("logs", "--no-color", "--tail", "60")
        days = list(self.truths)
        found = self.stack.rows(
            f"SELECT data, count(*), sum(voltot) FROM {DAG} "
            f"WHERE data BETWEEN DATE '{days[0]}' AND DATE '{days[-1]}' GROUP BY data ORDER BY data"
        )
        assert found == [(day, each.rows, each.total_voltot) for day, each in self.truths.items()]
        assert self.stack.landed() == []


def _pause(stack: Stack, paused: bool) -> None:
    stack.wait_for(
        lambda: stack.airflow("PATCH", f"/dags/{DAG}", Body={"is_paused": paused}),
        timeout_seconds=60,
        what="an answer of Airflow",
        service="api-server",
    )


def _runs(stack: Stack) -> set[str]:
    path = f"/dags/{DAG}/dagRuns"
    query = {"order_by": "-id", "limit": 5}
    return {run["state"] for run in stack.airflow("GET", path, QueryParameters=query)["dag_runs"]}


def _tasks(stack: Stack, run: str) -> list[dict[str, Any]]:
    query = {"order_by": "-start_date", "limit": 100}
    path = f"/dags/{DAG}/dagRuns/{run}/taskInstances"
    found = stack.airflow("GET", path, QueryParameters=query)["task_instances"]
    return [task for task in found if task["task_id"] == "convert"]
