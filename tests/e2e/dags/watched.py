"""DAGs of which people hear, which do as their runs are told."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, get_current_context, task
from lake.notifications.dags import notified_dag

KEPT = "Nothing is lost."


@task
def act() -> None:
    """What the run's configuration says: `fail`, `die` with its worker, or `sleep`."""
    chosen: Any = get_current_context()["dag_run"].conf or {}
    if chosen.get("fail"):
        raise ValueError(f"as {chosen['fail']} with password=hunter2")
    if chosen.get("die"):
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(chosen.get("sleep", 0))


def watched(dag_id: str, **arguments: Any) -> DAG:
    """A DAG of this one task."""
    with notified_dag(
        dag_id=dag_id,
        kept=KEPT,
        schedule=None,
        is_paused_upon_creation=False,
        default_args={"retries": 0},
        **arguments,
    ) as dag:
        act()
    return dag


fails = watched("watched_fails")
dies = watched("watched_dies")
late = watched("watched_late", deadline=timedelta(seconds=5))
too_long = watched("watched_too_long", dagrun_timeout=timedelta(seconds=5))
