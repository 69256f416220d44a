"""How the Spark job is started; imported while DAGs are parsed, so light."""

from __future__ import annotations

from typing import Any

from lake.settings import LakeSettings

POLL_SECONDS = 60
LONGEST_JOB_SECONDS = 6 * 3600


def start_job_arguments(settings: LakeSettings, *, document_uri: str, name: str) -> dict[str, Any]:
    """The arguments of `EmrServerlessStartJobOperator` that say what runs, and how long at most.

    Args:
        settings: of an environment that has Spark.
        document_uri: of the job document; a template of Airflow's may stand here.
        name: of the job run, for the console.
    """
    logging = {
        "enabled": True,
        "logGroupName": settings.spark_log_group,
        "logStreamNamePrefix": name,
    }
    return {
        "application_id": settings.spark_application_id,
        "execution_role_arn": settings.spark_job_role_arn,
        "name": name,
        "job_driver": {
            "sparkSubmit": {
                "entryPoint": settings.spark_entry_point,
                # An attempt writes where no other did: what is published is never replaced.
                "entryPointArguments": [document_uri, "{{ ti.try_number }}"],
            }
        },
        "configuration_overrides": {
            "monitoringConfiguration": {"cloudWatchLoggingConfiguration": logging}
        },
        "deferrable": True,
        "waiter_delay": POLL_SECONDS,
        "waiter_max_attempts": LONGEST_JOB_SECONDS // POLL_SECONDS,
    }
