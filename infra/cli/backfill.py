"""`lake backfill`: past days, or the files of an archive prefix, computed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lake.dataset import DataSet
from lake.models.names import dag_id as models_dag_id

from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import DAGS, find_data_set
from infra.cli.runs import Runs
from infra.cli.steps import Failed, detail
from infra.local.settings import LocalSettings

MODEL_DAYS_AT_ONCE = 4


@dataclass(frozen=True)
class DayDag:
    """A DAG that computes a day a run."""

    dag_id: str
    days_at_once: int


def backfill_days(
    first: date,
    last: date,
    *,
    dag: DayDag,
    environment: DeployedEnvironment,
    settings: LocalSettings,
    wait_seconds: float | None,
) -> None:
    """Have Airflow compute each day again.

    Args:
        first: the first day.
        last: the last one, included.
        dag: the DAG of backfills.
        environment: where.
        settings: of the laptop.
        wait_seconds: how long to wait for the last run; None: not at all.

    Raises:
        Failed: the range is none, or a run failed.
    """
    if last < first:
        raise Failed(f"--from {first} is after --to {last}")
    runs = Runs(environment=environment, settings=settings, dag_id=dag.dag_id)
    backfill_id = runs.start_backfill(first, last, days_at_once=dag.days_at_once)
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
    name = f"{data_set.dag_id}_backfill"
    runs = Runs(environment=environment, settings=settings, dag_id=name)
    run_id = runs.trigger({"prefix": prefix, "pattern": pattern})
    if wait_seconds is not None:
        runs.wait_until_ended(run_id, timeout_seconds=wait_seconds)


def day_dag(name: str, *, on_redshift: bool) -> DayDag:
    """The DAG of backfills of a data set, `<domain>/<table>`, or of the models of a domain.

    Loads of a data set are one change after the other anyway; of models, days wait for each other
    at each table alone.

    Raises:
        Failed: there is none of that name, or a data set is asked for on Redshift.
    """
    if (DAGS / "models" / name).is_dir():
        models = models_dag_id(name, "redshift" if on_redshift else "athena")
        return DayDag(f"{models}_backfill", days_at_once=MODEL_DAYS_AT_ONCE)
    if on_redshift:
        raise Failed(f"{name} is no domain of models, such as music; nothing else is on Redshift")
    return DayDag(f"{find_data_set(name).dag_id}_backfill", days_at_once=1)
