"""The DAG of a data set: the one module of the lake that imports Airflow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.operators.s3 import S3DeleteObjectsOperator, S3ListOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from lake.dataset import DataSet, load_data_set
from lake.settings import LakeSettings, lake_settings

DATA_SETS = Path(__file__).resolve().parents[1] / "datasets"
DELETE_AT_ONCE = 1000
"""S3's limit for one DeleteObjects (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)."""
UNCHANGED_NO_MORE = {"PreconditionFailed", "NoSuchKey"}
"""S3's answers for an object that was replaced, or deleted, since it was read."""


def build_dag(name: str) -> DAG:
    """The DAG of the data set `<domain>/<table>`.

    Raises:
        lake.dataset.DataSetError: the data set file is wrong; Airflow shows it as an import error.
        lake.settings.SettingsMissing: the environment lacks one of the `lake.*` options.
    """
    data_set = _data_set(name)
    settings = lake_settings()
    run = {"name": name, "this_run": "{{ run_id }}"}
    with DAG(**_dag_arguments(data_set, settings)) as dag:
        wait = _wait_for_file(data_set, settings)
        listed = _list_files(data_set, settings)
        planned = plan(**run, listed_keys=listed.output)  # type: ignore[arg-type]  # an XCom
        converted = convert.partial(**run).expand(batch=planned)
        published = publish(**run)
        checked = check(**run)
        deleted = _delete_processed(settings).expand(keys=checked)

        wait >> listed >> planned >> converted >> published >> checked >> deleted
        planned >> published  # it runs where the plan did, whatever became of a conversion
        converted >> deleted  # it runs only where every conversion succeeded
    return dag


def _dag_arguments(data_set: DataSet, settings: LakeSettings) -> dict[str, Any]:
    return {
        "dag_id": data_set.dag_id,
        "description": data_set.description,
        "doc_md": f"Loads `s3://{settings.landing_bucket}/{data_set.source_prefix}` into the table "
        f"`{settings.database}.{data_set.table_name}`.",
        "tags": [data_set.domain, data_set.layout.format],
        "schedule": data_set.schedule,
        "start_date": pendulum.datetime(2024, 1, 1, tz="UTC"),
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


def _list_files(data_set: DataSet, settings: LakeSettings) -> S3ListOperator:
    return S3ListOperator(
        task_id="list_files", bucket=settings.landing_bucket, prefix=data_set.source_prefix
    )


@task
def plan(name: str, this_run: str, listed_keys: list[str]) -> list[dict[str, Any]]:
    """Which files are new; gives each mapped conversion its batch."""
    from lake.pipeline import plan as stage

    made = stage.plan(
        data_set=_data_set(name), store=_store(), listed_keys=listed_keys, run_id=this_run
    )
    return [
        {"number": number, "label": stage.batch_label(batch)}
        for number, batch in enumerate(made.batches)
    ]


@task(map_index_template="{{ batch_label }}")
def convert(name: str, this_run: str, batch: dict[str, Any]) -> dict[str, int]:
    """Converts the files of one batch; a file that is refused fails the task at once."""
    from lake.pipeline.convert import FilesRefused, convert_batch

    get_current_context()["batch_label"] = batch["label"]  # type: ignore[typeddict-unknown-key]
    data_set, store = _data_set(name), _store()
    files = _plan(data_set, store, this_run).batches[batch["number"]]
    try:
        results = convert_batch(data_set=data_set, store=store, batch=files, run_id=this_run)
    except FilesRefused as refused:
        raise AirflowFailException(str(refused)) from refused
    return {
        "rows": sum(result.rows for result in results),
        "rejected": sum(result.rejected for result in results),
    }


@task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
def publish(name: str, this_run: str) -> dict[str, int]:
    """Makes the converted files part of the table, each with its durable record."""
    from lake.pipeline import publish as stage

    data_set, store = _data_set(name), _store()
    plan = _plan(data_set, store, this_run)
    published = stage.publish(data_set=data_set, store=store, catalog=_catalog(), plan=plan)
    return {
        "files": len(published.loaded),
        "refused": len(published.refused),
        "rows": sum(record.rows for record in published.loaded),
        "rejected": sum(record.rejected for record in published.loaded),
    }


@task
def check(name: str, this_run: str) -> list[list[tuple[str, str]]]:
    """Compares the table with what was published; gives the processed objects to delete."""
    from lake.pipeline import check as stage

    data_set, store = _data_set(name), _store()
    plan = _plan(data_set, store, this_run)
    stage.check(data_set=data_set, store=store, catalog=_catalog(), plan=plan)
    processed = [(file.key, file.etag) for file in plan.files]
    return [
        processed[start : start + DELETE_AT_ONCE]
        for start in range(0, len(processed), DELETE_AT_ONCE)
    ]


class S3DeleteUnchangedObjectsOperator(S3DeleteObjectsOperator):
    """Deletes the objects that are still what was read: a newer upload under a key survives.

    `keys` is a list of (key, ETag), at most a thousand. S3 compares the ETag as it deletes
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html).
    """

    def execute(self, context: Any) -> None:  # noqa: ARG002  # Airflow's signature
        """Delete the objects; one that is gone already is no error.

        Raises:
            RuntimeError: S3 refused some for another reason than a newer upload.
        """
        read: list[tuple[str, str]] = list(self.keys or [])  # type: ignore[arg-type]  # see above
        s3: Any = self.hook.conn
        answer = s3.delete_objects(
            Bucket=self.bucket,
            Delete={"Objects": [{"Key": key, "ETag": etag} for key, etag in read]},
        )
        kept = answer.get("Errors", [])
        for error in kept:
            self.log.info("kept %s: %s", error["Key"], error["Code"])
        if refused := [error for error in kept if error["Code"] not in UNCHANGED_NO_MORE]:
            raise RuntimeError(f"{self.bucket} kept objects that were processed: {refused[:3]}")


def _delete_processed(settings: LakeSettings) -> Any:
    return S3DeleteUnchangedObjectsOperator.partial(
        task_id="delete_processed",
        bucket=settings.landing_bucket,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    )


def _data_set(name: str) -> DataSet:
    return load_data_set(DATA_SETS / f"{name}.yaml")


def _store() -> Any:
    from lake.pipeline.store import Store

    settings = lake_settings()
    return Store(landing_bucket=settings.landing_bucket, curated_bucket=settings.curated_bucket)


def _catalog() -> Any:
    from lake.pipeline.catalog import Catalog

    settings = lake_settings()
    return Catalog(database=settings.database, workgroup=settings.workgroup)


def _plan(data_set: DataSet, store: Any, this_run: str) -> Any:
    from lake.pipeline.documents import Plan
    from lake.pipeline.places import Places

    return store.require(Places.of(data_set).run(this_run).plan, Plan)
