"""The DAGs whose runs people hear of: `notified_dag` in the place of Airflow's `DAG`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowFailException

from lake.notifications.channels import channels_of
from lake.settings import lake_settings

LAST_TASK = "notify"


class ProblemsReported(AirflowFailException):
    """A task fails for problems that it reported itself: its failure is no problem more."""


@contextmanager
def notified_dag(
    *, kept: str, deadline: timedelta | None = None, by_day: bool = False, **arguments: Any
) -> Iterator[DAG]:
    """A DAG of which people hear when a run fails, when one works again, and when one is late.

    The tasks that the block makes are followed by one that reports how they ended. It is a
    teardown, which runs whatever they did and decides nothing about the run. The callback of a run
    that failed reports what that task could not.

    Args:
        kept: what is kept where a run fails, and what to do then: sentences for a person.
        deadline: how long after it is queued a run should be done.
        by_day: whether each run has a day of its own.
        arguments: of the DAG.
    """
    if not channels_of(lake_settings()):
        with DAG(**arguments) as dag:
            yield dag
        return
    task_arguments = {
        "on_failure_callback": leave_task_failure,
        **arguments.get("default_args", {}),
    }
    with DAG(
        **arguments | {"default_args": task_arguments},
        on_failure_callback=partial(run_failed, kept=kept, by_day=by_day),
        deadline=_alert(deadline, kept=kept) if deadline else None,
    ) as dag:
        yield dag
        tasks = dag.tasks
        last = notify.override(on_failure_callback=None)(kept=kept, by_day=by_day)
        tasks >> last.as_teardown(on_failure_fail_dagrun=False)


@task(task_id=LAST_TASK)
def notify(kept: str, by_day: bool) -> dict[str, list[str]]:
    """Tells people what of the run is new to them; gives the ids of the problems."""
    from lake.notifications.problems import Reporter
    from lake.notifications.runs import TaskState, report_run

    context: Any = get_current_context()
    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    crumbs = context["ti"].get_task_breadcrumbs(dag_id, run_id)
    states = [
        TaskState(task_id=crumb["task_id"], state=crumb["state"])
        for crumb in crumbs
        if crumb["task_id"] != LAST_TASK
    ]
    reporter = Reporter.of(lake_settings())
    reported = report_run(reporter, _run(dag_id, run_id, kept=kept, by_day=by_day), states)
    return reported.model_dump(mode="json")


def leave_task_failure(context: Any) -> None:
    """Leave what a task raised, where its worker lives to say it."""
    from lake.notifications.problems import Reporter
    from lake.notifications.runs import TaskFailure, leave_failure

    error = context.get("exception")
    if error is None:  # Airflow calls this for a killed task, too, elsewhere and without a reason.
        return
    instance = context["ti"]
    failure = TaskFailure(
        task_id=instance.task_id,
        map_index=-1 if instance.map_index is None else instance.map_index,
        reason=_reason(error),
        tries=instance.try_number,
        failed_at=datetime.now(UTC),
        reported=isinstance(error, ProblemsReported),
    )
    run = _run(instance.dag_id, instance.run_id, kept="")
    leave_failure(Reporter.of(lake_settings()).store, run, failure)


def run_failed(context: Any, *, kept: str, by_day: bool) -> None:
    """Report a run that failed, in the DAG processor, where its last task did not."""
    from lake.notifications.problems import Reporter
    from lake.notifications.runs import report_ended_run

    run = _run(context["dag"].dag_id, context["run_id"], kept=kept, by_day=by_day)
    report_ended_run(Reporter.of(lake_settings()), run, str(context["reason"]))


def deadline_missed(context: dict[str, Any], *, kept: str, minutes: int) -> None:
    """Report a run that is late, on a worker: Airflow gives it the run and nothing else."""
    from lake.notifications.problems import Reporter
    from lake.notifications.runs import report_late_run

    found = context["dag_run"]
    run = _run(found["dag_id"], found["dag_run_id"], kept=kept)
    report_late_run(Reporter.of(lake_settings()), run, minutes=minutes, state=str(found["state"]))


def _alert(deadline: timedelta, *, kept: str) -> DeadlineAlert:
    minutes = int(deadline.total_seconds()) // 60
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=deadline,
        callback=SyncCallback(deadline_missed, kwargs={"kept": kept, "minutes": minutes}),
    )


def _run(dag_id: str, run_id: str, *, kept: str, by_day: bool = False) -> Any:
    from lake.notifications.runs import Run

    base_url = conf.get("api", "base_url", fallback="http://localhost:8080")
    return Run(dag_id=dag_id, run_id=run_id, kept=kept, airflow_url=base_url, by_day=by_day)


def _reason(error: object) -> str:
    """What was raised, without what Airflow knows to be secret."""
    from airflow.sdk._shared.secrets_masker import redact  # it has no public name

    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return str(redact(text))
