"""The DAGs of a data set; `tasks` and `notifications.dags` are the others that import Airflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import (
    DAG,
    AssetOrTimeSchedule,
    BaseOperator,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    TriggerRule,
)

from lake import tasks
from lake.assets import files_asset, table_asset
from lake.dataset import DataSet
from lake.engines.limits import engines_of, require_engines
from lake.engines.spark_start import start_job_arguments
from lake.notifications.dags import notified_dag
from lake.parameters import backfill_parameters, load_parameters
from lake.settings import LakeSettings, lake_settings

START = pendulum.datetime(2024, 1, 1, tz="UTC")

KEPT = (
    "The table holds what was published, and no part of a file that was not. Such a file stays "
    "where it landed, and every run tries it again: mend the cause, or put a mended file in its "
    "place under the same key."
)
KEPT_BY_BACKFILL = (
    "The table holds what was published, and no part of a file that was not. Nothing repeats the "
    "run by itself: mend the cause, and clear the run in Airflow."
)
KEPT_BY_MAINTENANCE = "The table is complete as it is; the next run does what this one did not."


def build_dags(name: str) -> tuple[DAG, ...]:
    """The DAGs of the data set `<domain>/<table>`: its loads, its backfills, its upkeep.

    Raises:
        lake.dataset.DataSetError: the data set file is wrong; Airflow shows it as an import error.
        lake.settings.SettingsMissing: the environment lacks one of the `lake.*` options.
        lake.engines.limits.EngineMissing: the environment lacks the engine that converts the files.
    """
    data_set, settings = tasks.data_set_named(name), lake_settings()
    require_engines(data_set, spark_application_id=settings.spark_application_id)
    return (
        _load(name, data_set, settings),
        _backfill(name, data_set, settings),
        _maintenance(name, data_set),
    )


def _load(name: str, data_set: DataSet, settings: LakeSettings) -> DAG:
    """From the files that land to the table, whenever the data set's schedule says.

    However many files land while a run is active, one run follows it and takes all of them.
    """
    run = {"name": name, "this_run": "{{ run_id }}"}
    with notified_dag(
        dag_id=data_set.dag_id,
        description=data_set.description,
        doc_md=f"Loads `s3://{settings.landing_bucket}/{data_set.source_prefix}` into the table "
        f"`{settings.database}.{data_set.table_name}`.",
        schedule=_schedule(data_set, settings),
        start_date=START,
        kept=KEPT,
        deadline=_deadline(data_set),
        params=load_parameters(),
        **_dag_arguments(data_set),
    ) as dag:
        planned = tasks.plan(**run)
        if not data_set.loads_on_arrival:
            _wait_for_file(data_set, settings) >> planned
        _converted_to_published(run, data_set, settings, planned)
    return dag


def _schedule(data_set: DataSet, settings: LakeSettings) -> Any:
    """When files are loaded; on arrival there is a sweep by time besides."""
    if not data_set.loads_on_arrival:
        return data_set.schedule
    files = [files_asset(data_set, settings)]
    if data_set.run.sweep is None:
        return files
    sweep = CronTriggerTimetable(data_set.run.sweep, timezone="UTC")
    return AssetOrTimeSchedule(timetable=sweep, assets=files)


def _backfill(name: str, data_set: DataSet, settings: LakeSettings) -> DAG:
    """The files of a day again, from the archive too: `airflow backfill create` runs it for days.

    A day that comes round by the schedule has nothing to do. Triggered by hand, it takes the files
    of some days or of an archive prefix in one run, or records of the quarantine.
    """
    run = {"name": name, "this_run": "{{ run_id }}"}
    with notified_dag(
        dag_id=f"{data_set.dag_id}_backfill",
        description=f"Converts files of {data_set.table_name} again, a day a run",
        doc_md=f"Loads the files of a day from `s3://{settings.landing_bucket}/` again, those of "
        "the archive too, as the data set file is now.",
        schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
        start_date=START,
        kept=KEPT_BY_BACKFILL,
        by_day=True,
        params=backfill_parameters(),
        **_dag_arguments(data_set),
    ) as dag:
        _converted_to_published(run, data_set, settings, tasks.plan_backfill(**run))
    return dag


def _maintenance(name: str, data_set: DataSet) -> DAG:
    """What keeps the table fast, when the data set's `maintenance` says.

    Without a start date it first runs when its time comes, not when it is deployed.
    """
    with notified_dag(
        dag_id=f"{data_set.dag_id}_maintenance",
        description=f"Merges small files of {data_set.table_name}, forgets old snapshots",
        schedule=data_set.maintenance.schedule,
        kept=KEPT_BY_MAINTENANCE,
        **_dag_arguments(data_set),
    ) as dag:
        run = {"name": name, "this_run": "{{ run_id }}"}
        maintained = tasks.maintain(**run)
        if data_set.checks.declared:
            maintained >> tasks.quality_of_table(**run)
    return dag


def _converted_to_published(
    run: dict[str, str], data_set: DataSet, settings: LakeSettings, planned: Any
) -> None:
    """The stages that every kind of run has in common."""
    has_spark = "spark" in engines_of(data_set)
    convert = tasks.convert.override(
        pool=data_set.run.pool,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS  # Spark may have been skipped
        if has_spark
        else TriggerRule.ALL_SUCCESS,
    )
    converted = convert.partial(**run).expand(batch=planned)
    if has_spark:
        planned >> tasks.spark_job(**run) >> _spark(data_set, settings) >> converted
    audited = tasks.audit(**run)
    published = tasks.publish(**run)
    checked = tasks.check(**run)
    announced = tasks.announce.override(outlets=[table_asset(data_set.table_name)])(**run)
    taken_away = tasks.archive_or_delete.partial(**run).expand(chunk=checked)
    reported = tasks.report(**run)

    planned >> converted >> audited >> published >> checked >> taken_away >> reported
    if data_set.checks.declared:  # a run that fails them announces nothing, and loses nothing
        checked >> tasks.quality(**run) >> announced
    checked >> announced  # whatever becomes of the originals, and of files that were refused
    planned >> audited  # it runs where the plan did, whatever became of a conversion
    [converted, checked] >> reported  # it runs only where all of it succeeded


def _spark(data_set: DataSet, settings: LakeSettings) -> BaseOperator:
    """Converts what is handed to Spark, without a worker meanwhile; skipped where nothing is."""
    from airflow.providers.amazon.aws.operators.emr import (  # noqa: PLC0415  # few need it
        EmrServerlessStartJobOperator,
    )

    return EmrServerlessStartJobOperator(
        task_id="spark",
        **start_job_arguments(
            settings,
            document_uri="{{ ti.xcom_pull(task_ids='spark_job') }}",
            name=data_set.table_name,
        ),
    )


def _dag_arguments(data_set: DataSet) -> dict[str, Any]:
    return {
        "tags": [data_set.domain, data_set.layout.format],
        "catchup": False,
        "is_paused_upon_creation": False,
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(hours=24),
        "default_args": {
            "owner": data_set.owner,
            "retries": 5,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=5),
            "execution_timeout": timedelta(hours=6),
        },
    }


def _deadline(data_set: DataSet) -> timedelta | None:
    minutes = data_set.run.deadline_minutes
    return timedelta(minutes=minutes) if minutes else None


def _wait_for_file(data_set: DataSet, settings: LakeSettings) -> S3KeySensor:
    """Waits without a worker; where nothing lands in time, the run is skipped."""
    return S3KeySensor(
        task_id="wait_for_file",
        bucket_name=settings.landing_bucket,
        bucket_key=data_set.source_wildcard,
        wildcard_match=True,
        deferrable=True,
        poke_interval=data_set.run.poke_interval_seconds,
        timeout=data_set.run.wait_timeout_seconds,
        soft_fail=True,
    )
