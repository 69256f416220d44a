"""DAG runs through MWAA's InvokeRestApi: what `lake put --wait` and the main job follow."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from lake.dataset import DataSet

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.rest import invoke, status_of
from infra.cli.steps import Failed, detail
from infra.local.settings import LocalSettings

ENDED = {"success", "failed"}
LOCKED_TRIES = 30
SETTLED_SECONDS = 5
"""Airflow makes the run of a table's event once the run before it has ended."""
ARRIVAL_SECONDS = 20
"""Within these a file starts a run by itself, on a busy machine too."""


def patience_with(data_set: DataSet) -> float:
    """How long to wait for the run that a file starts by itself, if it does."""
    return ARRIVAL_SECONDS if data_set.loads_on_arrival else 0


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The runs of one DAG in one environment."""

    environment: DeployedEnvironment
    settings: LocalSettings
    dag_id: str

    def wait_until_loaded(
        self,
        keys: Collection[str],
        *,
        timeout_seconds: float,
        patience_seconds: float = 0,
        since: datetime | None = None,
    ) -> dict[str, Any]:
        """Wait until a run that succeeded has taken `keys` out of the landing bucket.

        A run that waits for files takes them; where none is active for `patience_seconds`, one is
        triggered. A run that ended before `since`, by default now, is none of those; a failure
        counts only of a run that began after it, and so had to do with the files.

        Raises:
            Failed: a run failed, with what its tasks said, or the time is over.
        """
        since = since or datetime.now(UTC)
        deadline = time.monotonic() + timeout_seconds
        self.wait_until_parsed(timeout_seconds=timeout_seconds)
        active_at = time.monotonic()
        while time.monotonic() < deadline:
            recent = self._recent()
            ended = [run for run in recent if run["state"] in ENDED and _ended(run) > since]
            if failed := [r for r in ended if r["state"] == "failed" and _began_after(since, r)]:
                raise Failed(self._why(failed[0]))
            if ended and not self._landed(keys):
                return ended[0]
            if any(run["state"] not in ENDED for run in recent):
                active_at = time.monotonic()
            elif time.monotonic() - active_at >= patience_seconds:
                self.trigger()
            time.sleep(1)
        raise Failed(
            f"{self.dag_id} did not load {', '.join(sorted(keys))} within {timeout_seconds:.0f} s; "
            f"look at {self.environment.webserver_url}/dags/{self.dag_id}"
        )

    def wait_until_parsed(self, *, timeout_seconds: float) -> None:
        """Wait until Airflow knows the DAG.

        Raises:
            Failed: it has an import error, which is shown, or does not appear in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            try:
                self._call("GET", f"/dags/{self.dag_id}")
            except ClientError as error:
                if status_of(error) != HTTPStatus.NOT_FOUND:
                    raise
            else:
                return
            self._fail_where_not_imported()
            time.sleep(0.5)
        raise Failed(f"Airflow does not know the DAG {self.dag_id} after {timeout_seconds:.0f} s")

    def trigger(self, conf: Mapping[str, str] | None = None) -> str:
        """Start a run now; gives its id."""
        run_id = f"manual__{datetime.now(UTC).isoformat()}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
        try:
            self._call("POST", f"/dags/{self.dag_id}/dagRuns", body=body)
        except ClientError as error:
            if status_of(error) != HTTPStatus.CONFLICT:  # by a call whose answer was lost
                raise
        detail(f"triggered {run_id}")
        return run_id

    def wait_until_ended(self, run_id: str, *, timeout_seconds: float) -> None:
        """Wait until a run has succeeded.

        Raises:
            Failed: it failed, with what its tasks said, or the time is over.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            run = self._call("GET", f"/dags/{self.dag_id}/dagRuns/{run_id}")
            if run["state"] == "failed":
                raise Failed(self._why(run))
            if run["state"] == "success":
                return
            time.sleep(1)
        raise Failed(f"run {run_id} of {self.dag_id} has not ended in {timeout_seconds:.0f} s")

    def wait_until_idle(
        self, *, since: datetime, timeout_seconds: float, conf: Mapping[str, str]
    ) -> None:
        """Wait until runs that ended after `since` have succeeded, and none is active any more.

        Where nothing starts one within seconds, because nothing changed, one is triggered with
        `conf`.

        Raises:
            Failed: one failed, with what its tasks said, the DAG's file is wrong, or the time is
                over.
        """
        deadline = time.monotonic() + timeout_seconds
        self.wait_until_parsed(timeout_seconds=timeout_seconds)
        triggers_at: float | None = time.monotonic() + ARRIVAL_SECONDS
        rested_at = time.monotonic()
        while time.monotonic() < deadline:
            recent = self._recent()
            ended = [run for run in recent if run["state"] in ENDED and _ended(run) > since]
            active = [run for run in recent if run["state"] not in ENDED]
            if failed := [run for run in ended if run["state"] == "failed"]:
                raise Failed(self._why(failed[0]))
            if active:
                rested_at = time.monotonic()
            elif ended and time.monotonic() - rested_at > SETTLED_SECONDS:
                return
            if triggers_at and not ended and not active and time.monotonic() > triggers_at:
                self._fail_where_not_imported()
                self.trigger(conf)
                triggers_at = None
            time.sleep(1)
        raise Failed(f"{self.dag_id} has not come to rest within {timeout_seconds:.0f} s")

    def _fail_where_not_imported(self) -> None:
        for problem in self._call("GET", "/importErrors")["import_errors"]:
            if self.dag_id.startswith(Path(problem["filename"]).stem):
                raise Failed(f"{self.dag_id}: {problem['stack_trace'].strip()}")

    def start_backfill(self, first: date, last: date, *, days_at_once: int = 1) -> int:
        """Have Airflow run the DAG for each day of a range, also those that it ran for before.

        Gives the backfill's id.

        Raises:
            Failed: another one runs, or Airflow's database stays locked; on SQLite another process
                may write at once.
        """
        body = {
            "dag_id": self.dag_id,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "reprocess_behavior": "completed",
            "max_active_runs": days_at_once,
        }
        for _ in range(LOCKED_TRIES):
            try:
                return int(self._call("POST", "/backfills", body=body)["id"])
            except ClientError as error:
                if status_of(error) == HTTPStatus.CONFLICT:
                    raise Failed(f"a backfill of {self.dag_id} runs already") from error
                if status_of(error) != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
            time.sleep(1)
        raise Failed(f"Airflow's database is locked: no backfill of {self.dag_id} could be made")

    def wait_until_backfilled(
        self, backfill_id: int, first: date, last: date, *, timeout_seconds: float
    ) -> None:
        """Wait until every run of a backfill has succeeded.

        Raises:
            Failed: one failed, with what its tasks said, or the time is over.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._call("GET", f"/backfills/{backfill_id}")["completed_at"]:
            if time.monotonic() > deadline:
                raise Failed(f"backfill {backfill_id} has not ended in {timeout_seconds:.0f} s")
            time.sleep(1)
        days = {"logical_date_gte": f"{first}T00:00:00Z", "logical_date_lte": f"{last}T00:00:00Z"}
        found = self._call("GET", f"/dags/{self.dag_id}/dagRuns", query={**days, "limit": 1000})
        if failed := [run for run in found["dag_runs"] if run["state"] == "failed"]:
            raise Failed(f"{len(failed)} days failed; {self._why(failed[0])}")

    def _recent(self) -> list[dict[str, Any]]:
        path = f"/dags/{self.dag_id}/dagRuns"
        return list(self._call("GET", path, query={"order_by": "-id", "limit": 10})["dag_runs"])

    def _landed(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are still in the landing bucket."""
        s3 = client("s3", self.settings)
        there = set()
        for key in keys:
            listed = s3.list_objects_v2(
                Bucket=self.environment.landing_bucket, Prefix=key, MaxKeys=1
            )
            there |= {item["Key"] for item in listed.get("Contents", [])} & {key}
        return there

    def _why(self, run: dict[str, Any]) -> str:
        """What the failed tasks of a run said last."""
        path = f"/dags/{self.dag_id}/dagRuns/{run['dag_run_id']}/taskInstances"
        said = []
        for task in self._call("GET", path, query={"state": "failed"})["task_instances"]:
            name = task.get("rendered_map_index") or ""
            log = self._call(
                "GET",
                f"{path}/{task['task_id']}/logs/{task['try_number']}",
                query={"map_index": task["map_index"], "full_content": "true"},
            )
            said.append(f"{task['task_id']} {name}: {_last_error(log['content'])}")
        return f"run {run['dag_run_id']} of {self.dag_id} failed: " + "; ".join(said)

    def _call(self, method: str, path: str, **members: dict[str, Any]) -> Any:
        return invoke(method, path, name=self.environment.name, settings=self.settings, **members)


def _ended(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["end_date"].replace("Z", "+00:00"))


def _began_after(since: datetime, run: dict[str, Any]) -> bool:
    began = run.get("start_date")
    return began is None or datetime.fromisoformat(began.replace("Z", "+00:00")) > since


def _last_error(content: Any) -> str:
    """The last error of a task's log, whose lines are dictionaries with `event` and `level`."""
    events = [line for line in content if isinstance(line, dict)]
    for line in reversed(events):
        if details := line.get("error_detail"):
            return str(details[0].get("exc_value", line["event"]))
    wrong = [line["event"] for line in events if line.get("level") in {"error", "critical"}]
    return wrong[-1] if wrong else "no error in its log"
