"""One environment of the lake."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.airflow import AirflowSettings
from infra.settings.base import Settings
from infra.settings.engines import AthenaSettings, RedshiftSettings, SparkSettings
from infra.settings.network import NetworkSettings
from infra.settings.notifications import NotificationSettings
from infra.settings.storage import StorageSettings
from infra.settings.tags import PermissionsBoundary, Tags


class EnvironmentSettings(Settings):
    """One environment of the lake."""

    # No hyphen and no underscore: `lake-<name>-…` and `lake_<name>` are then never ambiguous.
    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,11}$")
    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    """The only AWS account it may be deployed to; None is that of the caller's credentials."""
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """The only region it may be deployed to; None is that of the caller's configuration."""
    tags: Tags = Field(default={}, validate_default=True)
    """Of every resource, such as who pays for it."""
    permissions_boundary: PermissionsBoundary | None = None
    """The managed policy that no role of the environment may exceed; None: there is none."""
    keep_data: bool
    """Whether buckets, key, database, work group and logs outlive a `cdk destroy`."""
    termination_protection: bool
    """Whether CloudFormation refuses to delete the stacks."""
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
    storage: StorageSettings
    athena: AthenaSettings
    network: NetworkSettings
    airflow: AirflowSettings
    notifications: NotificationSettings = NotificationSettings()
    spark: SparkSettings | None = None
    """None: no data set of the environment has `engine: spark`."""
    redshift: RedshiftSettings | None = None
    """None: the environment has no Redshift."""
    models_on: tuple[Literal["athena", "redshift"], ...] = Field(default=("athena",), min_length=1)
    """Where the models run."""

    @model_validator(mode="after")
    def targets_that_there_are(self) -> Self:
        """Refuse to run the models where nothing is."""
        if "redshift" in self.models_on and self.redshift is None:
            raise ValueError("models on redshift need redshift=RedshiftSettings(), its size")
        return self

    @model_validator(mode="after")
    def boundary_of_the_account(self) -> Self:
        """Refuse the policy of another account, which no role can have."""
        _, _, owner = (self.permissions_boundary or "").partition(":iam::")
        owner, _, _ = owner.partition(":")
        if self.account and owner.isdigit() and owner != self.account:
            raise ValueError(
                f"permissions_boundary is a policy of the account {owner}: expected one of "
                f"{self.account}, or of aws"
            )
        return self

    def on_redshift(self) -> Self:
        """The environment with its models on Redshift too, of the default size if it has none."""
        redshift = self.redshift or RedshiftSettings()
        return self.model_copy(update={"redshift": redshift, "models_on": ("athena", "redshift")})

    @property
    def prefix(self) -> str:
        """What every physical name starts with, and the name of the MWAA environment."""
        return f"lake-{self.name}"

    @property
    def arrival_queues(self) -> str:
        """What the names of the queues start with that S3 tells of landed files."""
        return f"{self.prefix}-arrivals-"

    @property
    def messages_topic(self) -> str:
        """The name of the topic of messages."""
        return f"{self.prefix}-messages"

    def message_options(self, topic_arn: str | None) -> dict[str, str]:
        """The configuration options that tell the DAGs where messages go."""
        chosen = self.notifications
        found = {"lake.environment": self.prefix, "lake.reminder_days": str(chosen.reminder_days)}
        if topic_arn:
            found["lake.sns_topic_arn"] = topic_arn
        if chosen.email:
            found["lake.smtp_connection_id"] = chosen.email.connection_id
            found["lake.email_from"] = chosen.email.sender
            found["lake.email_to"] = ", ".join(chosen.email.recipients)
        if chosen.slack_connection_id:
            found["lake.slack_connection_id"] = chosen.slack_connection_id
        return found

    @property
    def database_name(self) -> str:
        """The Glue database of the environment's tables."""
        return f"lake_{self.name}"
