"""The DAG that is usually written: the keys are listed, and a task is mapped to each file.

Copied into the DAGs of the benchmark's checkout. It converts as the lake does, from a prefix of the
landing bucket that is called as the DAG, and publishes nothing.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, task

DAG_ID = "one_task_a_file"

with DAG(
    dag_id=DAG_ID,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
):

    @task
    def list_keys() -> list[str]:
        """The landed files."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook  # noqa: PLC0415
        from lake.settings import lake_settings  # noqa: PLC0415

        return list(S3Hook().list_keys(lake_settings().landing_bucket, prefix=f"{DAG_ID}/"))

    @task
    def convert(key: str) -> int:
        """Convert one file, put its Parquet files beside the table; its rows."""
        import tempfile  # noqa: PLC0415
        from pathlib import Path  # noqa: PLC0415

        from airflow.providers.amazon.aws.hooks.s3 import S3Hook  # noqa: PLC0415
        from lake import convert as conversion  # noqa: PLC0415
        from lake.settings import lake_settings  # noqa: PLC0415
        from lake.tasks import data_set_named  # noqa: PLC0415

        settings, hook = lake_settings(), S3Hook()
        body = hook.get_key(key, settings.landing_bucket).get()["Body"]
        with tempfile.TemporaryDirectory() as temporary:
            data_set = data_set_named("market/quotes")
            done = conversion.convert(data_set, body, folder=Path(temporary), source_key=key)
            for part in done.parts:
                target = f"{DAG_ID}/{Path(key).stem}/{Path(part.path).name}"
                hook.load_file(Path(temporary) / part.path, target, settings.curated_bucket)
        return done.counts.rows

    convert.expand(key=list_keys())
