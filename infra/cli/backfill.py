"""`lake backfill`: files of past days, or of an archive prefix, through the table again."""

from __future__ import annotations

from datetime import date

from lake.dataset import DataSet

from infra.cli.environment import DeployedEnvironment
from infra.cli.runs import Runs
from infra.cli.steps import Failed, detail
from infra.local.settings import LocalSettings


def backfill_days(
    first: date,
    last: date,
    *,
    data_set: DataSet,
    environment: DeployedEnvironment,
    settings: LocalSettings,
    wait_seconds: float | None,
) -> None:
    """Have Airflow convert the files of each day again, one day after the other.

    Args:
        first: the first day.
        last: the last one, included.
        data_set: whose files.
        environment: where.
        settings: of the laptop.
        wait_seconds: how long to wait for the last run; None: not at all.

    Raises:
        Failed: the range is none, or a run failed.
    """
    if last < first:
        raise Failed(f"--from {first} is after --to {last}")
    runs = _runs(data_set, environment, settings)
    backfill_id = runs.start_backfill(first, last)
    detail(f"backfill {backfill_id} of {runs.dag_id}, {(last - first).days + 1} days")
    if wait_seconds is not None:
        runs.wait_until_backfilled(backfill_id, first, last, timeout_seconds=wait_seconds)


def backfill_archive(
    prefix: str,
    pattern: str,
    *,
    data_set: DataSet,
    environment: DeployedEnvironment,
    settings: LocalSettings,
    wait_seconds: float | None,
) -> None:
    """Convert the archived files below a prefix again, whatever their days, in one run.

    Raises:
        Failed: the run failed.
    """
    runs = _runs(data_set, environment, settings)
    run_id = runs.trigger({"prefix": prefix, "pattern": pattern})
    if wait_seconds is not None:
        runs.wait_until_ended(run_id, timeout_seconds=wait_seconds)


def _runs(data_set: DataSet, environment: DeployedEnvironment, settings: LocalSettings) -> Runs:
    return Runs(environment=environment, settings=settings, dag_id=f"{data_set.dag_id}_backfill")
