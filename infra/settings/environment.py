"""One environment of the lake."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.airflow import AirflowSettings
from infra.settings.base import Settings
from infra.settings.engines import AthenaSettings, RedshiftSettings, SparkSettings
from infra.settings.lake_formation import LakeFormationSettings
from infra.settings.network import ExistingVpc, NetworkSettings
from infra.settings.notifications import NotificationSettings
from infra.settings.operations import METRICS_NAMESPACE, OperationsSettings
from infra.settings.refusals import SettingsRefused
from infra.settings.secrets import SecretsSettings
from infra.settings.storage import StorageSettings
from infra.settings.tags import PermissionsBoundary, Tags

type EncryptionKeyType = Literal["customer-managed", "aws-owned"]
"""As https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html calls them."""
MAIL_PORTS = frozenset({25, 465, 587, 2525})
REDSHIFT_ZONES = 3
"""A work group wants subnets in three zones.
https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html"""


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
    encryption_key: EncryptionKeyType = "customer-managed"
    """The keys that encrypt all that is kept: one of its own in KMS, with a price and a policy, or
    those that AWS owns, which cost nothing and admit whoever may use the service.

    Chosen before the first deploy. A change replaces the MWAA environment, which CloudFormation
    refuses while its name is in use; the stack of the buckets is changed by then, and a key that is
    in use may be deleted. Destroy the environment before, or deploy under another name
    (docs/encryption.md); `lake preflight --aws` refuses the rest.
    """
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
    operations: OperationsSettings = OperationsSettings()
    secrets: SecretsSettings = SecretsSettings()
    spark: SparkSettings | None = None
    """None: no data set of the environment has `engine: spark`."""
    redshift: RedshiftSettings | None = None
    """None: the environment has no Redshift."""
    lake_formation: LakeFormationSettings | None = None
    """None: IAM alone says who reads the tables, as accounts have it by default."""
    models_on: tuple[Literal["athena", "redshift"], ...] = Field(default=("athena",), min_length=1)
    """Where the models run."""

    @model_validator(mode="after")
    def targets_that_there_are(self) -> Self:
        """Refuse to run the models where nothing is."""
        if "redshift" in self.models_on and self.redshift is None:
            raise ValueError(
                f"models_on={self.models_on}: expected redshift=RedshiftSettings() with it"
            )
        vpc = self.network.vpc
        if isinstance(vpc, ExistingVpc) and self.redshift:
            given = len(vpc.redshift_subnet_ids)
            if given != REDSHIFT_ZONES:
                raise ValueError(
                    f"network.vpc.redshift_subnet_ids: redshift needs {REDSHIFT_ZONES} in distinct "
                    f"zones, not {given}"
                )
        return self

    @model_validator(mode="after")
    def messages_that_leave_the_network(self) -> Self:
        """Refuse messages by a way that the network does not have."""
        network, told = self.network, self.notifications
        if told.slack_connection_id and network.routing == "private":
            raise ValueError(
                f"notifications.slack_connection_id={told.slack_connection_id!r}: Slack is on the "
                "Internet, and network.routing='private' does not reach it"
            )
        if told.email and not MAIL_PORTS & set(network.outbound_ports):
            ports = ", ".join(map(str, sorted(MAIL_PORTS)))
            raise ValueError(
                f"notifications.email: a mail server is reached by one of the ports {ports}; add "
                "it to network.outbound_ports"
            )
        return self

    @model_validator(mode="after")
    def clients_of_a_web_server_in_the_network(self) -> Self:
        """Refuse to admit clients to a web server that is on the Internet alone."""
        if self.network.web_clients and self.airflow.webserver_access_mode == "PUBLIC_ONLY":
            raise ValueError(
                "network.web_clients: a web server with "
                "airflow.webserver_access_mode='PUBLIC_ONLY' is not in the VPC"
            )
        return self

    @model_validator(mode="after")
    def alarms_that_somebody_hears(self) -> Self:
        """Refuse alarms without the topic that they tell."""
        if self.operations.alarms and not self.notifications.topic:
            raise ValueError(
                "operations.alarms=True needs notifications.topic=True: alarms are published to it"
            )
        return self

    @model_validator(mode="after")
    def boundary_of_the_account(self) -> Self:
        """Refuse the policy of another account, which no role can have."""
        _, _, owner = (self.permissions_boundary or "").partition(":iam::")
        owner, _, _ = owner.partition(":")
        if self.account and owner.isdigit() and owner != self.account:
            raise ValueError(
                f"permissions_boundary={self.permissions_boundary!r}: expected a policy of the "
                f"account {self.account}, or of aws"
            )
        return self

    @model_validator(mode="after")
    def readers_of_the_account(self) -> Self:
        """Refuse a reader of another account, with whom the tables would have to be shared."""
        accounts = self.lake_formation.accounts if self.lake_formation else []
        if self.account and accounts not in ([], [self.account]):
            raise ValueError(
                f"lake_formation.readers: of the account {accounts[0]}: expected users and roles "
                f"of {self.account}"
            )
        return self

    def on_redshift(self) -> Self:
        """The environment with its models on Redshift too, of the default size if it has none."""
        redshift = self.redshift or RedshiftSettings()
        targets = ("athena", "redshift")
        return type(self)(**{**dict(self), "redshift": redshift, "models_on": targets})

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
    def metric_options(self) -> dict[str, str]:
        """The configuration option that tells the DAGs where they measure, if they do."""
        if not self.operations.measured:
            return {}
        return {"lake.metrics_namespace": METRICS_NAMESPACE}

    @property
    def database_name(self) -> str:
        """The Glue database of the environment's tables."""
        return f"lake_{self.name}"


def by_name(*environments: EnvironmentSettings) -> Mapping[str, EnvironmentSettings]:
    """Return the environments by name, or raise SettingsRefused where two have the same."""
    names = [environment.name for environment in environments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsRefused(
            f"infra/environments.py: two environments have the name {', '.join(twice)}: expected "
            "names of their own, because every name in the account begins with it"
        )
    return MappingProxyType(dict(zip(names, environments, strict=True)))
