"""Following a data set's runs through Airflow's REST API."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.cli.landing import find_data_set
from infra.cli.runs import ARRIVAL_SECONDS, Runs, patience_with
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

from .test_lake import ENVIRONMENT

KEY = "market/quotes/A.TXT"


class Airflow:
    """A landing bucket and a DAG whose runs end one poll after the other."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.runs: list[dict[str, Any]] = []
        self.landed = {KEY}
        self.triggered = 0

    def call(self, method: str, path: str, **_: Any) -> Any:
        if method == "POST":
            self.triggered += 1
            self.runs.append({"dag_run_id": f"run-{self.triggered}", "state": "running"})
            return self.runs[-1]
        if path.endswith("/taskInstances"):
            task = {"task_id": "convert", "try_number": 1, "map_index": 2}
            return {"task_instances": [{**task, "rendered_map_index": "A.TXT"}]}
        if "/logs/" in path:
            error = {
                "level": "error",
                "event": "Task failed",
                "error_detail": [{"exc_value": "no"}],
            }
            return {"content": [{"event": "begin"}, error]}
        if path.endswith("/dagRuns"):
            self._go_on()
            return {"dag_runs": list(reversed(self.runs))}
        return {}

    def _go_on(self) -> None:
        if self.runs and self.runs[-1]["state"] == "running":
            state = self.states.pop(0)
            later = datetime.now(UTC) + timedelta(seconds=1)
            self.runs[-1] |= {"state": state.split()[0], "end_date": later.isoformat()}
            if state == "success":
                self.landed.clear()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.runs.time.sleep", lambda _: None)


def follow(
    airflow: Airflow,
    monkeypatch: pytest.MonkeyPatch,
    *,
    since: datetime | None = None,
    patience_seconds: float = 0,
) -> dict[str, Any]:
    monkeypatch.setattr(Runs, "_call", lambda _self, *a, **k: airflow.call(*a, **k))
    monkeypatch.setattr(Runs, "_landed", lambda _self, keys: airflow.landed & set(keys))
    runs = Runs(environment=ENVIRONMENT, settings=LocalSettings(), dag_id="market_quotes")
    return runs.wait_until_loaded(
        [KEY], timeout_seconds=5, since=since, patience_seconds=patience_seconds
    )


def test_a_run_is_triggered_where_none_is_active(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow("success")

    assert follow(airflow, monkeypatch)["dag_run_id"] == "run-1"
    assert airflow.triggered == 1


def test_a_run_that_waits_already_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow("success")
    airflow.runs.append({"dag_run_id": "scheduled-1", "state": "running"})

    assert follow(airflow, monkeypatch)["dag_run_id"] == "scheduled-1"
    assert airflow.triggered == 0


def test_a_run_that_the_file_starts_by_itself_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow = Airflow("success")
    began = {"dag_run_id": "asset_triggered-1", "state": "running"}
    polls = iter(range(100))

    def poll(_: float) -> None:
        if next(polls) == 3:
            airflow.runs.append(began)

    monkeypatch.setattr("infra.cli.runs.time.sleep", poll)

    assert follow(airflow, monkeypatch, patience_seconds=4)["dag_run_id"] == "asset_triggered-1"
    assert airflow.triggered == 0


def test_a_run_that_began_before_and_fails_has_nothing_to_do_with_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow = Airflow("failed", "success")
    before = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    airflow.runs.append({"dag_run_id": "earlier", "state": "running", "start_date": before})

    assert follow(airflow, monkeypatch)["dag_run_id"] == "run-1"


def test_where_the_file_starts_none_a_run_is_triggered_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow = Airflow("success")

    assert follow(airflow, monkeypatch, patience_seconds=0.2)["dag_run_id"] == "run-1"
    assert airflow.triggered == 1


def test_only_a_data_set_on_arrival_is_given_time_to_start_by_itself() -> None:
    quotes = find_data_set("market/quotes")
    assert patience_with(quotes) == ARRIVAL_SECONDS
    assert patience_with(quotes.model_copy(update={"schedule": "@daily"})) == 0


def test_a_run_that_listed_before_the_file_landed_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow = Airflow("success without", "success")

    assert follow(airflow, monkeypatch)["dag_run_id"] == "run-2"


def test_a_run_that_loaded_the_file_before_anybody_waited_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow = Airflow()
    dropped = datetime.now(UTC) - timedelta(minutes=2)
    ended = (dropped + timedelta(minutes=1)).isoformat()
    airflow.runs.append({"dag_run_id": "swift", "state": "success", "end_date": ended})
    airflow.landed.clear()

    assert follow(airflow, monkeypatch, since=dropped)["dag_run_id"] == "swift"
    assert airflow.triggered == 0


def test_a_failed_run_says_which_file_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failed, match=r"run-1 of market_quotes failed: convert A\.TXT: no"):
        follow(Airflow("failed"), monkeypatch)


class Backfilling:
    """An Airflow on a locked SQLite; its backfill is done at the second look."""

    def __init__(self, *states: str) -> None:
        self.states = states
        self.asked: list[Any] = []
        self.looks = 0

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        self.asked.append((method, path, arguments))
        if method == "POST" and len(self.asked) == 1:
            answer: Any = {"Error": {"Code": "RestApiServerException"}, "RestApiStatusCode": 503}
            raise ClientError(answer, "InvokeRestApi")
        if method == "POST":
            return {"id": 7}
        if path == "/backfills/7":
            self.looks += 1
            return {"completed_at": "2026-01-01T00:00:00Z" if self.looks > 1 else None}
        if path.endswith("/taskInstances"):
            return {"task_instances": []}
        return {"dag_runs": [{"dag_run_id": f"{n}", "state": s} for n, s in enumerate(self.states)]}


@pytest.mark.parametrize("states", [("success", "success"), ("success", "failed")])
def test_a_backfill_is_waited_for_and_fails_with_a_day_of_it(
    monkeypatch: pytest.MonkeyPatch, states: tuple[str, ...]
) -> None:
    airflow = Backfilling(*states)
    monkeypatch.setattr(Runs, "_call", lambda _self, *a, **k: airflow.call(*a, **k))
    runs = Runs(environment=ENVIRONMENT, settings=LocalSettings(), dag_id="market_quotes_backfill")
    days = date(2024, 1, 2), date(2024, 1, 3)

    backfill_id = runs.start_backfill(*days)
    if "failed" in states:
        with pytest.raises(Failed, match="1 days failed"):
            runs.wait_until_backfilled(backfill_id, *days, timeout_seconds=5)
    else:
        runs.wait_until_backfilled(backfill_id, *days, timeout_seconds=5)

    body = airflow.asked[1][2]["body"]
    assert (body["from_date"], body["to_date"]) == ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z")
    assert (body["reprocess_behavior"], body["max_active_runs"]) == ("completed", 1)
    assert airflow.looks == 2
