"""What Airflow in a container is told of the lake, beside its secrets."""

from __future__ import annotations

from infra.local.mwaa.airflow import as_variables
from infra.local.settings import LocalSettings
from infra.settings import EnvironmentSettings


def airflow_variables(environment: EnvironmentSettings, settings: LocalSettings) -> dict[str, str]:
    """Where the lake is in the embedded AWS, and the options of the MWAA environment."""
    place = f"{settings.account_id}-{settings.region}"
    topic = f"arn:aws:sns:{settings.region}:{settings.account_id}:{environment.messages_topic}"
    options = {
        **environment.airflow.options,
        "lake.landing_bucket": f"{environment.prefix}-landing-{place}",
        "lake.curated_bucket": f"{environment.prefix}-curated-{place}",
        "lake.database": environment.database_name,
        "lake.workgroup": environment.prefix,
        "lake.arrival_queues": environment.arrival_queues,
        "lake.task_slots": str(environment.airflow.task_slots),
        **environment.message_options(topic if environment.notifications.topic else None),
        **environment.metric_options,
    }
    return {
        "AIRFLOW_ENV_NAME": environment.prefix,
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **as_variables(options),
    }
