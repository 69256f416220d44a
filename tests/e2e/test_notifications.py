"""What people hear of runs that fail, die, are late or take too long: each once, and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.cli.messages import ReceivedMessage, read_messages
from tests.deployed_lake import DeployedLake, wait_for

from .conftest import Lab

pytestmark = pytest.mark.e2e

WATCHED = Path(__file__).parent / "dags" / "watched.py"
ENDED = ("success", "failed")
MINUTES = 4


@pytest.fixture(scope="module")
def lake(lab: Lab) -> Iterator[DeployedLake]:
    """The lake with the DAGs of these tests, which go with them: others look at the same bucket."""
    bucket = lab.environment.curated_bucket.replace("-curated-", "-airflow-")
    file = {"Bucket": bucket, "Key": "dags/watched.py"}
    lab.client("s3").put_object(**file, Body=WATCHED.read_bytes())
    wait_for(
        lambda: "watched_fails" in dag_ids(lab),
        timeout_seconds=MINUTES * 60,
        what="the DAGs of the tests",
    )
    yield lab
    lab.client("s3").delete_object(**file)


def dag_ids(lake: DeployedLake) -> set[str]:
    return {dag["dag_id"] for dag in lake.airflow("GET", "/dags")["dags"]}


def trigger(lake: DeployedLake, dag_id: str, **conf: Any) -> str:
    body = {"logical_date": None, "conf": conf}
    return str(lake.airflow("POST", f"/dags/{dag_id}/dagRuns", Body=body)["dag_run_id"])


def state_when_ended(lake: DeployedLake, dag_id: str, run_id: str) -> str:
    def state() -> str | None:
        run: Mapping[str, Any] = lake.airflow("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        return run["state"] if run["state"] in ENDED else None

    return str(wait_for(state, timeout_seconds=MINUTES * 60, what=f"the end of {dag_id}"))


def heard_of(lake: DeployedLake, dag_id: str) -> list[ReceivedMessage]:
    every = read_messages(lake.environment, lake.settings)
    return [message for message in every if f" {dag_id}: " in message.subject]


def words(messages: list[ReceivedMessage]) -> list[str]:
    return [message.subject.rpartition(": ")[2] for message in messages]


def wait_until_heard(lake: DeployedLake, dag_id: str, *expected: str) -> list[ReceivedMessage]:
    """What is heard of a DAG, as soon as it is as much as expected; it is just that."""
    wait_for(
        lambda: len(heard_of(lake, dag_id)) >= len(expected),
        timeout_seconds=MINUTES * 60,
        what=f"{len(expected)} messages of {dag_id}",
    )
    messages = heard_of(lake, dag_id)
    assert words(messages) == list(expected)
    return messages


def test_a_dag_that_fails_and_fails_is_heard_of_once_and_once_when_it_works(
    lake: DeployedLake,
) -> None:
    runs = [trigger(lake, "watched_fails", fail="told") for _ in range(2)]
    assert [state_when_ended(lake, "watched_fails", run) for run in runs] == ["failed"] * 2
    (message,) = wait_until_heard(lake, "watched_fails", "act failed - FAIL")
    assert "ValueError: as told with password=***\n\nNothing is lost." in message.text
    assert "hunter2" not in message.text

    good = trigger(lake, "watched_fails")
    assert state_when_ended(lake, "watched_fails", good) == "success"
    _, over = wait_until_heard(lake, "watched_fails", "act failed - FAIL", "act failed - OVER")
    assert f"The run {good} of watched_fails succeeded" in over.text


def test_of_a_task_whose_worker_is_killed_people_hear_all_the_same(lake: DeployedLake) -> None:
    run = trigger(lake, "watched_dies", die=True)
    assert state_when_ended(lake, "watched_dies", run) == "failed"
    (message,) = wait_until_heard(lake, "watched_dies", "act failed - FAIL")
    assert "It ended without a word: its worker was killed or lost" in message.text


def test_a_late_run_is_heard_of_while_it_runs_and_when_it_is_done(lake: DeployedLake) -> None:
    run = trigger(lake, "watched_late", sleep=40)
    late = "not done after 0 minutes - FAIL"
    (message,) = wait_until_heard(lake, "watched_late", late)
    assert "it is running" in message.text
    assert state_when_ended(lake, "watched_late", run) == "success"
    wait_until_heard(lake, "watched_late", late, "not done after 0 minutes - OVER")


def test_a_run_that_takes_longer_than_a_run_may_is_heard_of(lake: DeployedLake) -> None:
    run = trigger(lake, "watched_too_long", sleep=120)
    assert state_when_ended(lake, "watched_too_long", run) == "failed"
    wait_until_heard(lake, "watched_too_long", "timed out - FAIL")
