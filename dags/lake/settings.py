"""What the environment tells the DAGs: its buckets, database and work group."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsMissing(RuntimeError):
    """A configuration option of the environment is missing."""


type TargetName = Literal["athena", "redshift"]
"""A query engine that models run on."""


class LakeSettings(BaseSettings):
    """The `lake.*` configuration options of the MWAA environment.

    MWAA hands the option `lake.landing_bucket` to every component as the variable
    `AIRFLOW__LAKE__LANDING_BUCKET`
    (https://docs.aws.amazon.com/mwaa/latest/userguide/configuring-env-variables.html).
    """

    model_config = SettingsConfigDict(env_prefix="AIRFLOW__LAKE__", frozen=True, extra="ignore")

    landing_bucket: str
    curated_bucket: str
    database: str
    workgroup: str
    arrival_queues: str
    """What the names of the queues start with that S3 tells of landed files."""
    task_slots: int = Field(ge=1)
    """Tasks that the environment runs at once, with all of its workers."""
    environment: str = "lake"
    """What messages call it."""
    sns_topic_arn: str | None = None
    """Where messages are published; None where they are not."""
    smtp_connection_id: str | None = None
    """The Airflow connection of the mail server; None where nothing is mailed."""
    email_from: str | None = None
    email_to: str | None = None
    """With commas between."""
    slack_connection_id: str | None = None
    """The Airflow connection of Slack's webhook; None where nothing is posted."""
    reminder_days: int = Field(default=0, ge=0)
    """After which an open problem is told again; 0: never."""
    metrics_namespace: str | None = None
    """Of CloudWatch, where loads and checks are measured; None: they are not."""
    models_on: str = Field(default="athena", pattern=r"^(athena|redshift)(,(athena|redshift))*$")
    """Where the models run: the targets, with commas between."""
    redshift_workgroup: str | None = None
    """Of Redshift Serverless; None where the environment has no Redshift."""
    redshift_database: str | None = None
    """The one database of its namespace."""
    spark_application_id: str | None = None
    """Of EMR Serverless; None where the environment has no Spark."""
    spark_job_role_arn: str | None = None
    """What its jobs run as."""
    spark_entry_point: str | None = None
    """The URI of what they run."""
    spark_log_group: str | None = None
    """Where they log."""

    @property
    def targets(self) -> tuple[TargetName, ...]:
        """Where the models run."""
        names: tuple[TargetName, ...] = ("athena", "redshift")
        return tuple(name for name in names if name in self.models_on.split(","))


def lake_settings() -> LakeSettings:
    """Read the settings.

    Raises:
        SettingsMissing: names each option that the environment lacks.
    """
    try:
        return LakeSettings()
    except ValidationError as error:
        missing = ", ".join(f"lake.{problem['loc'][0]}" for problem in error.errors())
        raise SettingsMissing(
            f"the environment lacks the configuration option(s) {missing}; "
            "expected in AirflowConfigurationOptions, for example lake.landing_bucket = my-bucket"
        ) from None
