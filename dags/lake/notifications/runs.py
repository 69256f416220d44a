"""What a run of a DAG is as a problem: which task failed, why, and what a person can do.

Airflow keeps the states of tasks, but not what they raised. A task that fails for good leaves that
as a document in the curated bucket; one whose worker was killed leaves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from lake.notifications.documents import Problem, Reported
from lake.notifications.problems import Reporter
from lake.pipeline.places import safe_name
from lake.pipeline.store import Store
from lake.tables.documents import Document

DONE = {"success", "skipped"}
KILLED = (
    "It ended without a word: its worker was killed or lost (for example, it ran out of memory)."
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a DAG, as messages name it."""

    dag_id: str
    run_id: str
    kept: str
    """What is kept where one fails, and what to do: sentences for a person."""
    airflow_url: str
    """Of the environment's web server."""
    by_day: bool = False
    """Whether each run but those by hand has a day of its own, so that one which works says nothing
    of another."""

    @property
    def url(self) -> str:
        """Its page in Airflow."""
        page = f"dags/{quote(self.dag_id)}/runs/{quote(self.run_id, safe='')}"
        return f"{self.airflow_url.rstrip('/')}/{page}"

    @property
    def scope(self) -> str:
        """Of what fails."""
        return f"runs/{self.dag_id}"

    @property
    def deadline_scope(self) -> str:
        """Of what is late."""
        return f"deadlines/{self.dag_id}"

    @property
    def days(self) -> str:
        """The prefix of how the runs of days ended."""
        return f"_runs/_days/{self.dag_id}/"

    @property
    def folder(self) -> str:
        """The prefix of what its tasks leave about their failures."""
        return f"_runs/_failures/{self.dag_id}/{safe_name(self.run_id)}/"


class TaskFailure(Document):
    """What a task raised when it failed for good."""

    task_id: str
    map_index: int
    """-1 where the task is not mapped."""
    reason: str
    tries: int
    failed_at: datetime
    reported: bool = False
    """Whether the task itself reported what it failed for."""


class DayReported(Document):
    """How the run of a day ended last."""

    failed: bool


class RunReported(Document):
    """That a run was reported: so that nothing reports it twice."""

    failed: tuple[str, ...]
    """The tasks."""


@dataclass(frozen=True, kw_only=True)
class TaskState:
    """What Airflow knows of a task of a run that has ended."""

    task_id: str
    state: str


def leave_failure(store: Store, run: Run, failure: TaskFailure) -> None:
    """Leave what a task raised, for the run's report."""
    store.write(f"{run.folder}tasks/{failure.task_id}.{failure.map_index}.json", failure)


def report_run(reporter: Reporter, run: Run, states: Iterable[TaskState]) -> Reported:
    """Report a run whose tasks have ended: its failed tasks are problems, the others are not.

    A run that did something, and in which nothing failed, is the end of every problem of its DAG;
    where each run has a day of its own, once no day is left that failed and did not work since. Of
    a run that failed, and of one that found nothing to do, a task that did not run says nothing.

    Raises:
        lake.notifications.channels.ChannelsFailed: as `lake.notifications.problems.report`.
    """
    by_task: dict[str, list[str]] = {}
    for each in states:
        by_task.setdefault(each.task_id, []).append(each.state)
    failed = {id: found.count("failed") for id, found in by_task.items() if "failed" in found}
    done = {id for id, found in by_task.items() if "success" in found and set(found) <= DONE}
    if not failed and not done:
        return Reported()
    well = f"The run {run.run_id} of {run.dag_id} succeeded:\n{run.url}"
    days_failed = _days_failed(reporter.store, run, failed=bool(failed))
    open_ids = reporter.open_ids(run.scope) if failed or days_failed else frozenset[str]()
    if days_failed:
        done = set()
    reported = reporter.report(
        run.scope,
        _problems(reporter.store, run, failed, by_task),
        unjudged=open_ids - done,
        when_over=f"It worked in the run {run.run_id} of {run.dag_id}:\n{run.url}"
        if failed
        else well,
    )
    if not failed:
        reporter.report(run.deadline_scope, [], when_over=well)
    reporter.store.write(f"{run.folder}reported.json", RunReported(failed=tuple(failed)))
    return reported


def report_ended_run(reporter: Reporter, run: Run, reason: str) -> Reported:
    """Report a run that Airflow says has failed, where no task of it did so.

    Its last task reports a run, and can be prevented: by the run's time limit, which ends all
    tasks, and by a channel that stays down for all of its tries.

    Args:
        reason: Airflow's word: `task_failure`, `timed_out`, `all_tasks_deadlocked`.
    """
    store = reporter.store
    _days_failed(store, run, failed=True)
    timed_out = reason == "timed_out"
    if not timed_out and store.read(f"{run.folder}reported.json", RunReported):
        return Reported()
    left = [] if timed_out else _left(store, run)
    failed = {failure.task_id: 1 for failure in left}
    problems = _problems(store, run, failed, {}) if failed else [_ended(run, reason)]
    return reporter.report(run.scope, problems, unjudged=reporter.open_ids(run.scope))


def report_late_run(reporter: Reporter, run: Run, *, minutes: int, state: str) -> Reported:
    """Report a run that its deadline found unfinished; over when a run of its DAG succeeds.

    A run that has failed is late, too, and was reported as that.
    """
    if state == "failed":
        return Reported()
    late = Problem(
        id="late",
        title=f"{run.dag_id}: not done after {minutes} minutes",
        text=f"The run {run.run_id} of {run.dag_id} should have been done {minutes} minutes after "
        f"it was due; it is {state}.\n\nIt goes on, and a message says when it is done. The page "
        "below shows what it waits for: a file that has not landed, a worker, or a slow task.",
        severity="fail",
        url=run.url,
    )
    return reporter.report(run.deadline_scope, [late])


def _days_failed(store: Store, run: Run, *, failed: bool) -> bool:
    """Keep how the run of a day ended; gives whether a day failed that did not work since."""
    if not run.by_day:
        return False
    if not run.run_id.startswith("manual__"):
        store.write(f"{run.days}{safe_name(run.run_id)}.json", DayReported(failed=failed))
    days = store.read_many(sorted(store.sizes(run.days)), DayReported)
    return any(day.failed for day in days if day)


def _problems(
    store: Store, run: Run, failed: Mapping[str, int], by_task: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """Of the failed tasks, but for those that reported themselves why."""
    left: dict[str, TaskFailure] = {}
    for failure in _left(store, run) if failed else []:
        left.setdefault(failure.task_id, failure)
    return [
        _problem(run, task_id, left.get(task_id), count=count, of=len(by_task.get(task_id, ())))
        for task_id, count in failed.items()
        if not (task_id in left and left[task_id].reported)
    ]


def _problem(run: Run, task_id: str, left: TaskFailure | None, *, count: int, of: int) -> Problem:
    tries = f" after {_counted(left.tries, 'try', 'tries')}" if left else ""
    mapped = f"\n\nSo did {count} of its {of} parts; this is the first." if of > 1 else ""
    reason = left.reason if left else KILLED
    return Problem(
        id=task_id,
        title=f"{run.dag_id}: {task_id} failed",
        text=f"The task {task_id} of the run {run.run_id} failed{tries}:\n\n{reason}{mapped}\n\n"
        f"{run.kept}",
        severity="fail",
        url=run.url,
    )


def _ended(run: Run, reason: str) -> Problem:
    said = {"timed_out": "It took longer than a run may, and was ended."}
    return Problem(
        id=reason,
        title=f"{run.dag_id}: {reason.replace('_', ' ')}",
        text=f"The run {run.run_id} failed. {said.get(reason, f'Airflow says: {reason}.')}\n\n"
        f"{run.kept}",
        severity="fail",
        url=run.url,
    )


def _left(store: Store, run: Run) -> list[TaskFailure]:
    keys = sorted(store.sizes(f"{run.folder}tasks/"))
    return [found for found in store.read_many(keys, TaskFailure) if found]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
