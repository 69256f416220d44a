"""The environments of the lake: one frozen entry each, which differ by value only.

The limits are those of the AWS::MWAA::Environment resource and of the MWAA user guide, so that a
value that MWAA would refuse after a wait of 20 minutes is refused here at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

MICRO = "mw1.micro"
MICRO_COMPONENTS = 1
"""On mw1.micro each component runs exactly once, without autoscaling."""
MIN_COMPONENTS = 2
"""On every other class at least two schedulers and two web servers run."""
PUBLIC_AND_PRIVATE_SINCE = (3, 2)
TASKS_A_WORKER = MappingProxyType(
    {
        MICRO: 3,
        "mw1.small": 5,
        "mw1.medium": 10,
        "mw1.large": 20,
        "mw1.xlarge": 40,
        "mw1.2xlarge": 80,
    }
)
"""Tasks that one worker of a class runs at once, as MWAA sets it
(https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html)."""

RPUS_IN_SMALL_STEPS = 512
"""https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"""

OPTION_KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
OPTION_KEY_MAX_LENGTH = 64
OPTION_VALUE = re.compile(r"[\x20-\x7e]{1,65536}")
REFUSED_OPTIONS = re.compile(
    r"core\.(executor|fernet_key|load_examples|multi_team|sql_alchemy_conn)"
    r"|database\.sql_alchemy_conn"
    r"|celery\.(broker_url|result_backend)"
    r"|operators\.default_queue"
    r"|dag_processor\.standalone_dag_processor"
    r"|logging\.logging_config_class"
    r"|metrics\..*"
    r"|triggerer\.queues_enabled"
    r"|webserver\.base_url"
)
"""MWAA keeps these for itself, or does not support them."""


def checked_options(options: Mapping[str, str]) -> Mapping[str, str]:
    """Return `options` read-only, or raise ValueError for one that MWAA refuses."""
    for key, value in options.items():
        if not OPTION_KEY.fullmatch(key) or len(key) > OPTION_KEY_MAX_LENGTH:
            raise ValueError(
                f"Airflow option {key!r}: expected section.name in lower case, "
                f"at most {OPTION_KEY_MAX_LENGTH} characters"
            )
        if REFUSED_OPTIONS.fullmatch(key):
            raise ValueError(f"Airflow option {key!r}: MWAA does not let it be set")
        if key.startswith("lake."):
            raise ValueError(f"Airflow option {key!r}: the CDK app sets the lake's own options")
        if not OPTION_VALUE.fullmatch(value):
            raise ValueError(
                f"Airflow option {key!r}: expected 1 to 65,536 printable ASCII characters"
            )
    return MappingProxyType(dict(options))


EmailAddress = Annotated[str, Field(pattern=r"^[^\s@,;<>]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$")]
ConnectionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""Of an Airflow connection."""


class Settings(BaseModel):
    """The base of all settings: frozen, and a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StorageSettings(Settings):
    """How long the lake's buckets keep what is no longer current."""

    landing_noncurrent_days: int = Field(ge=1)
    """Days that a version of a landed file is kept after its deletion or replacement."""
    archive_days: int = Field(ge=1)
    """Days that a processed original is kept in the archive, from where backfills read it."""
    archive_rarely_read_days: int | None = Field(default=None, ge=1)
    """Days after which an archived original moves to S3 Glacier Instant Retrieval, which is cheaper
    to keep and as fast to read; None: never."""
    run_documents_days: int = Field(default=30, ge=1)
    """Days that the plan and the results of a run are kept."""
    query_results_days: int = Field(ge=1)
    """Days that the result of an Athena query is kept."""
    dags_noncurrent_days: int = Field(ge=1)
    """Days that a replaced version of a DAG file is kept in the Airflow bucket."""
    aborted_upload_days: int = Field(default=2, ge=1)
    """Days after which the parts of an unfinished multipart upload are removed."""

    @model_validator(mode="after")
    def archived_before_it_expires(self) -> Self:
        """Refuse to move originals to a colder class that they would not reach."""
        moved = self.archive_rarely_read_days
        if moved is not None and moved >= self.archive_days:
            raise ValueError(
                f"archive_rarely_read_days={moved} must be less than "
                f"archive_days={self.archive_days}"
            )
        return self


class AthenaSettings(Settings):
    """Limits of the Athena work group."""

    scan_limit_bytes: int = Field(ge=10_000_000)
    """Bytes that one query may scan before Athena cancels it (Athena's minimum is 10 MB)."""


class SparkSettings(Settings):
    """The EMR Serverless application for files that outgrow a worker."""

    release_label: str = Field(default="emr-7.9.0", pattern=r"^emr-7\.\d+\.\d+$")
    """EMR 7.9 has Spark 3.5.5, which the tests run, too (requirements/spark.in)."""
    most_vcpus: int = Field(ge=4, le=4000)
    """Of all jobs together."""
    most_memory_gb: int = Field(ge=8, le=30_000)
    """Likewise."""
    idle_minutes: int = Field(default=5, ge=1, le=10_080)
    """After which the application stops; a job starts it again."""


class EmailSettings(Settings):
    """Messages by a mail server of one's own, whose Airflow connection is a secret."""

    sender: EmailAddress
    recipients: tuple[EmailAddress, ...] = Field(min_length=1)
    connection_id: ConnectionId = "lake_smtp"


class NotificationSettings(Settings):
    """Who is told of problems, and how; a connection's secret is made by a person.

    The secret of the connection `lake_slack` is called `lake-<environment>/connections/lake_slack`.
    """

    topic: bool = True
    """Whether there is an SNS topic that messages are published to."""
    subscribers: tuple[EmailAddress, ...] = ()
    """Addresses that SNS mails what is published to, once each has confirmed."""
    inbox: bool = False
    """Whether a queue keeps what is published for 14 days, for `lake messages`."""
    email: EmailSettings | None = None
    slack_connection_id: ConnectionId | None = Field(default=None, examples=["lake_slack"])
    """The Airflow connection that holds the URL of Slack's webhook; None: no Slack."""
    reminder_days: int = Field(default=7, ge=0, le=365)
    """After which a problem that is still open is told again; 0: never."""

    @property
    def connection_ids(self) -> tuple[str, ...]:
        """The connections that are secrets."""
        email = (self.email.connection_id,) if self.email else ()
        return (*email, self.slack_connection_id) if self.slack_connection_id else email

    @model_validator(mode="after")
    def subscribed_to_something(self) -> Self:
        """Refuse subscriptions to a topic that there is not."""
        if not self.topic and (self.subscribers or self.inbox):
            raise ValueError("subscribers and inbox need topic=True")
        return self


class RedshiftSettings(Settings):
    """The size and the limits of the Redshift Serverless work group."""

    base_rpus: int = Field(default=8, ge=8, le=1024)
    """RPUs that a statement starts with; 8 is the least with which every feature works."""
    most_rpus: int = Field(default=32, ge=8, le=1024)
    """RPUs that it may grow to."""
    statement_timeout_seconds: int = Field(default=3600, ge=1, le=86_399)
    """After which a statement is aborted."""

    @model_validator(mode="after")
    def sizes_that_there_are(self) -> Self:
        """Refuse a size that Redshift Serverless does not offer."""
        for name in ("base_rpus", "most_rpus"):
            rpus = getattr(self, name)
            step = 8 if rpus <= RPUS_IN_SMALL_STEPS else 32
            if rpus % step:
                raise ValueError(
                    f"{name}={rpus}: expected 8 to 512 in steps of 8, or 544 to 1024 in steps of 32"
                )
        if self.most_rpus < self.base_rpus:
            raise ValueError(f"most_rpus={self.most_rpus} is less than base_rpus={self.base_rpus}")
        return self


class NetworkSettings(Settings):
    """The VPC of the environment: two public and two private subnets in two zones."""

    cidr: str = Field(default="10.192.0.0/16", pattern=r"^\d{1,3}(\.\d{1,3}){3}/(1[6-9]|2[0-4])$")
    nat_gateways: Literal[1, 2]
    """1 is cheaper, 2 survives the loss of a zone."""


class AirflowSettings(Settings):
    """The MWAA environment: its version, size, reach and Airflow options."""

    version: Literal["3.0.6", "3.2.1", "3.3.1"] = "3.3.1"
    environment_class: Literal[
        "mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"
    ]
    min_workers: int = Field(ge=1, le=25)
    max_workers: int = Field(ge=1, le=25)
    schedulers: int = Field(ge=1, le=5)
    min_webservers: int = Field(ge=1, le=5)
    max_webservers: int = Field(ge=1, le=5)
    webserver_access_mode: Literal["PRIVATE_ONLY", "PUBLIC_ONLY", "PUBLIC_AND_PRIVATE"]
    log_level: Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"] = "INFO"
    weekly_maintenance_window_start: str = Field(
        default="SUN:03:00", pattern=r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)$"
    )
    """Day and UTC time, on the half hour."""
    options: Annotated[Mapping[str, str], AfterValidator(checked_options), PlainSerializer(dict)]
    """Airflow configuration options, `section.name` to value."""

    @property
    def task_slots(self) -> int:
        """Tasks that the environment runs at once with all of its workers."""
        return self.max_workers * TASKS_A_WORKER[self.environment_class]

    @model_validator(mode="after")
    def within_the_limits_of_the_class(self) -> Self:
        """Refuse numbers of components that MWAA does not offer for the environment class."""
        counts = {
            "min_workers": self.min_workers,
            "max_workers": self.max_workers,
            "schedulers": self.schedulers,
            "min_webservers": self.min_webservers,
            "max_webservers": self.max_webservers,
        }
        if self.environment_class == MICRO:
            wrong = [f"{name}={n}" for name, n in counts.items() if n != MICRO_COMPONENTS]
            expected = "exactly 1 of each component"
        else:
            several = ("schedulers", "min_webservers", "max_webservers")
            wrong = [f"{name}={counts[name]}" for name in several if counts[name] < MIN_COMPONENTS]
            expected = "2 to 5 schedulers and web servers"
        if wrong:
            raise ValueError(
                f"{self.environment_class} takes {expected}, and not {', '.join(wrong)}"
            )
        for low, high in (("min_workers", "max_workers"), ("min_webservers", "max_webservers")):
            if counts[low] > counts[high]:
                raise ValueError(f"{low}={counts[low]} is more than {high}={counts[high]}")
        return self

    @model_validator(mode="after")
    def within_the_limits_of_the_version(self) -> Self:
        """Refuse what the Airflow version does not have on MWAA."""
        version = tuple(int(part) for part in self.version.split("."))
        if (
            self.webserver_access_mode == "PUBLIC_AND_PRIVATE"
            and version[:2] < PUBLIC_AND_PRIVATE_SINCE
        ):
            raise ValueError(
                f"PUBLIC_AND_PRIVATE is offered from Airflow 3.2 on, not {self.version}"
            )
        return self


class EnvironmentSettings(Settings):
    """One environment of the lake."""

    # No hyphen and no underscore: `lake-<name>-…` and `lake_<name>` are then never ambiguous.
    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,11}$")
    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    """The only AWS account it may be deployed to; None is that of the caller's credentials."""
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """The only region it may be deployed to; None is that of the caller's configuration."""
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


DEV = EnvironmentSettings(
    name="dev",
    keep_data=False,
    termination_protection=False,
    log_retention_days=7,
    storage=StorageSettings(
        landing_noncurrent_days=7,
        archive_days=30,
        query_results_days=7,
        dags_noncurrent_days=7,
    ),
    athena=AthenaSettings(scan_limit_bytes=10 * 1024**3),
    notifications=NotificationSettings(inbox=True),
    network=NetworkSettings(nat_gateways=1),
    airflow=AirflowSettings(
        environment_class="mw1.small",
        min_workers=1,
        max_workers=2,
        schedulers=2,
        min_webservers=2,
        max_webservers=2,
        webserver_access_mode="PUBLIC_ONLY",
        options={
            # A killed task is noticed after 30 to 35 s, and tried again 10 s later.
            "scheduler.task_instance_heartbeat_timeout": "30",
            "scheduler.task_instance_heartbeat_timeout_detection_interval": "5",
            # The tasks of a killed scheduler are adopted by another one, or by the next.
            "scheduler.orphaned_tasks_check_interval": "15",
            "core.default_task_retries": "2",
            "core.default_task_retry_delay": "10",
            # A DAG file is parsed as soon as a refresh sees it changed …
            "dag_processor.refresh_interval": "5",
            "dag_processor.bundle_refresh_check_interval": "2",
            # … and, for what it imports and for its data set, at this interval.
            "dag_processor.min_file_process_interval": "10",
        },
    ),
)

PROD = EnvironmentSettings(
    name="prod",
    keep_data=True,
    termination_protection=True,
    log_retention_days=90,
    storage=StorageSettings(
        landing_noncurrent_days=30,
        archive_days=1095,
        archive_rarely_read_days=90,
        query_results_days=30,
        dags_noncurrent_days=90,
    ),
    athena=AthenaSettings(scan_limit_bytes=1024**4),
    network=NetworkSettings(nat_gateways=2),
    spark=SparkSettings(most_vcpus=64, most_memory_gb=256),
    airflow=AirflowSettings(
        environment_class="mw1.medium",
        min_workers=2,
        max_workers=10,
        schedulers=2,
        min_webservers=2,
        max_webservers=4,
        webserver_access_mode="PRIVATE_ONLY",
        options={
            "scheduler.task_instance_heartbeat_timeout": "120",
            "scheduler.task_instance_heartbeat_timeout_detection_interval": "10",
            "scheduler.orphaned_tasks_check_interval": "60",
            "core.default_task_retries": "3",
            "core.default_task_retry_delay": "60",
            "dag_processor.refresh_interval": "30",
            "dag_processor.min_file_process_interval": "30",
        },
    ),
)

ENVIRONMENTS: Mapping[str, EnvironmentSettings] = MappingProxyType(
    {settings.name: settings for settings in (DEV, PROD)}
)


class UnknownEnvironmentError(ValueError):
    """A name that is none of the environments; the message lists them."""


def environment_settings(name: str) -> EnvironmentSettings:
    """Return the settings of the environment called `name`, or raise UnknownEnvironmentError."""
    try:
        return ENVIRONMENTS[name]
    except KeyError:
        known = ", ".join(ENVIRONMENTS)
        raise UnknownEnvironmentError(
            f"unknown environment {name!r}: expected one of {known} (infra/settings.py)"
        ) from None
