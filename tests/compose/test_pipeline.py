"""Files of each format go through Celery into their tables."""

from __future__ import annotations

import pytest

from .conftest import Stack

pytestmark = pytest.mark.compose


def test_the_tables_hold_what_the_files_hold_and_every_task_ran_on_a_worker(stack: Stack) -> None:
    print(stack.lake("demo"))  # compares tables and quarantine with the files

    tasks = stack.airflow(
        "GET", "/dags/~/dagRuns/~/taskInstances", QueryParameters={"state": "success", "limit": 100}
    )["task_instances"]
    assert {task["dag_id"] for task in tasks} >= {"market_quotes", "retail_orders", "web_events"}
    assert {task["hostname"] for task in tasks} == stack.containers("worker")
    assert stack.landed() == []
