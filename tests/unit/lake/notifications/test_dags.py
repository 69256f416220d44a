"""A DAG of which people hear, as Airflow sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.sdk import DAG, task
from airflow.sdk.definitions.deadline import DeadlineReference
from airflow.serialization.serialized_objects import DagSerialization
from lake.notifications.dags import LAST_TASK, deadline_missed, notified_dag

OPTIONS = ("LANDING_BUCKET", "CURATED_BUCKET", "DATABASE", "WORKGROUP")


@pytest.fixture(autouse=True)
def lake_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS:
        monkeypatch.setenv(f"AIRFLOW__LAKE__{option}", option.lower().replace("_", "-"))
    monkeypatch.setenv("AIRFLOW__LAKE__TASK_SLOTS", "10")
    monkeypatch.setenv("AIRFLOW__LAKE__ARRIVAL_QUEUES", "lake-dev-arrivals-")
    topic = "arn:aws:sns:us-east-1:111122223333:lake-dev-messages"
    monkeypatch.setenv("AIRFLOW__LAKE__SNS_TOPIC_ARN", topic)


def build(**arguments: Any) -> DAG:
    @task
    def load() -> None:
        """Nothing."""

    @task
    def check() -> None:
        """Nothing."""

    with notified_dag(dag_id="sales", kept="All is kept.", schedule=None, **arguments) as dag:
        load() >> check()
    return dag


@dataclass(frozen=True)
class _State:
    """Of a task, as much as decides about its run."""

    task_id: str
    state: str = "success"


def test_the_last_task_waits_for_all_others_and_decides_nothing() -> None:
    dag = build()
    last = dag.get_task(LAST_TASK)
    assert last.upstream_task_ids == {"load", "check"}
    assert last.is_teardown
    assert not last.on_failure_fail_dagrun
    leaves = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    every = [_State(task_id) for task_id in ("load", "check", LAST_TASK)]
    run: Any = DagRun()
    deciding = run._tis_for_dagrun_state(dag=leaves, tis=every)
    assert [ti.task_id for ti in deciding] == ["check"]


def test_tasks_leave_why_they_failed_beside_what_the_dag_says_itself() -> None:
    dag = build(default_args={"retries": 3})
    for name in ("load", "check"):
        assert dag.get_task(name).retries == 3
        assert len(dag.get_task(name).on_failure_callback) == 1  # type: ignore[arg-type]  # a list
    assert not dag.get_task(LAST_TASK).on_failure_callback
    assert dag.has_on_failure_callback


def test_a_deadline_is_counted_from_when_the_run_was_queued_and_is_told_from_a_worker() -> None:
    deadlines: Any = build(deadline=timedelta(minutes=90)).deadline
    (alert,) = deadlines
    assert alert.reference == DeadlineReference.DAGRUN_QUEUED_AT
    assert alert.interval == timedelta(minutes=90)
    assert alert.callback.path == f"{deadline_missed.__module__}.deadline_missed"
    assert alert.callback.kwargs == {"kept": "All is kept.", "minutes": 90}


def test_a_dag_without_a_deadline_has_none() -> None:
    assert build().deadline is None


def test_an_environment_that_tells_nobody_has_the_plain_dag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW__LAKE__SNS_TOPIC_ARN")
    dag = build(deadline=timedelta(minutes=90))
    assert set(dag.task_ids) == {"load", "check"}
    assert not dag.has_on_failure_callback
    assert dag.deadline is None
