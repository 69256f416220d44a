"""What an MWAA environment is: its properties as the API has them, its states, its record.

The shapes follow the API reference of Amazon MWAA (API version 2020-07-01) and the resource
`AWS::MWAA::Environment` of CloudFormation, which use the same names.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_pascal


class ApiError(Exception):
    """An error answer of the API: `code` is the exception's name in the API reference."""

    def __init__(self, code: str, message: str, *, status: int = 400, **members: object) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members


class ConfigurationError(Exception):
    """The environment cannot be built as asked; the text becomes LastUpdate.Error."""


class _Shape(BaseModel):
    """PascalCase outside, snake_case inside; unknown members are refused."""

    model_config = ConfigDict(
        alias_generator=to_pascal, validate_by_name=True, extra="forbid", frozen=True
    )


EnvironmentName = Annotated[str, Field(pattern=r"^[a-zA-Z][0-9a-zA-Z\-_]*$", max_length=80)]
RelativePath = Annotated[str, Field(min_length=1, max_length=1024)]
ObjectVersion = Annotated[str, Field(min_length=1, max_length=1024)]
SecurityGroupIds = Annotated[list[str], Field(min_length=1, max_length=5)]
ConfigurationKey = Annotated[str, Field(pattern=r"^[a-z]+([a-z0-9._]*[a-z0-9_]+)?$", max_length=64)]
ConfigurationValue = Annotated[str, Field(pattern=r"^[ -~]+$", max_length=65536)]


class EnvironmentClass(enum.StrEnum):
    """The sizes of an environment."""

    MICRO = "mw1.micro"
    SMALL = "mw1.small"
    MEDIUM = "mw1.medium"
    LARGE = "mw1.large"
    XLARGE = "mw1.xlarge"
    XXLARGE = "mw1.2xlarge"

    @property
    def tasks_per_worker(self) -> int:
        """The default number of tasks that a worker runs at once.

        Source: Amazon MWAA user guide, "Configuring the Amazon MWAA environment class".
        """
        return _TASKS_PER_WORKER[self]


_TASKS_PER_WORKER = {
    EnvironmentClass.MICRO: 3,
    EnvironmentClass.SMALL: 5,
    EnvironmentClass.MEDIUM: 10,
    EnvironmentClass.LARGE: 20,
    EnvironmentClass.XLARGE: 40,
    EnvironmentClass.XXLARGE: 80,
}


class NetworkConfiguration(_Shape):
    """Where the environment would live in the VPC."""

    subnet_ids: list[str] = Field(min_length=2, max_length=2)
    security_group_ids: SecurityGroupIds

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.subnet_ids)) != len(self.subnet_ids):
            raise ValueError("SubnetIds must be two different subnets")
        return self


class ModuleLogging(_Shape):
    """Whether, and from which level on, a module's log is kept."""

    enabled: bool
    log_level: Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"] = "INFO"


class Logging(_Shape):
    """The logs of the environment's modules."""

    dag_processing_logs: ModuleLogging | None = None
    scheduler_logs: ModuleLogging | None = None
    task_logs: ModuleLogging | None = None
    webserver_logs: ModuleLogging | None = None
    worker_logs: ModuleLogging | None = None


class Properties(_Shape):
    """What CreateEnvironment is told; UpdateEnvironment changes parts of it."""

    execution_role_arn: str = Field(pattern=r"^arn:aws(-[a-z]+)*:iam::\d{12}:role/?[\w+=,.@\-/]+$")
    source_bucket_arn: str = Field(pattern=r"^arn:aws(-[a-z]+)*:s3:::[a-z0-9.\-]+$")
    dag_s3_path: RelativePath
    network_configuration: NetworkConfiguration
    plugins_s3_path: RelativePath | None = None
    plugins_s3_object_version: ObjectVersion | None = None
    requirements_s3_path: RelativePath | None = None
    requirements_s3_object_version: ObjectVersion | None = None
    startup_script_s3_path: RelativePath | None = None
    startup_script_s3_object_version: ObjectVersion | None = None
    airflow_configuration_options: dict[ConfigurationKey, ConfigurationValue] = {}
    environment_class: EnvironmentClass = EnvironmentClass.SMALL
    min_workers: int = Field(default=1, ge=1, le=25)
    max_workers: int = Field(default=10, ge=1, le=25)
    schedulers: int | None = Field(default=None, ge=1, le=5)
    min_webservers: int | None = Field(default=None, ge=1, le=5)
    max_webservers: int | None = Field(default=None, ge=1, le=5)
    kms_key: str | None = None
    airflow_version: str | None = Field(default=None, pattern=r"^[0-9a-z.]+$", max_length=32)
    logging_configuration: Logging = Logging()
    weekly_maintenance_window_start: str | None = Field(
        default=None, pattern=r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)$"
    )
    webserver_access_mode: Literal["PRIVATE_ONLY", "PUBLIC_ONLY", "PUBLIC_AND_PRIVATE"] = (
        "PRIVATE_ONLY"
    )
    endpoint_management: Literal["SERVICE", "CUSTOMER"] = "SERVICE"
    worker_replacement_strategy: Literal["FORCED", "GRACEFUL"] | None = None

    @property
    def source_bucket(self) -> str:
        """The name of the Airflow bucket."""
        return self.source_bucket_arn.rpartition(":")[2]

    @property
    def dag_prefix(self) -> str:
        """The prefix of the DAGs' keys, with its slash."""
        return self.dag_s3_path.strip("/") + "/"


class Status(enum.StrEnum):
    """The states of an environment that occur here, as the API names them."""

    CREATING = "CREATING"
    PENDING = "PENDING"
    CREATE_FAILED = "CREATE_FAILED"
    AVAILABLE = "AVAILABLE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    UNAVAILABLE = "UNAVAILABLE"


class UpdateError(_Shape):
    """Why the last create or update failed."""

    error_code: str = "INCORRECT_CONFIGURATION"
    error_message: str


class LastUpdate(_Shape):
    """The outcome of the last create or update. `created_at` is in seconds since 1970."""

    status: Literal["PENDING", "SUCCESS", "FAILED"]
    created_at: float
    error: UpdateError | None = None
    worker_replacement_strategy: Literal["FORCED", "GRACEFUL"] | None = None
    """What an update did with the workers; a create has none."""


class Record(BaseModel):
    """All that is kept of an environment between two lives of the supervisor."""

    model_config = ConfigDict(extra="forbid")

    name: EnvironmentName
    account_id: str
    region: str
    partition: str
    created_at: float
    """Seconds since 1970."""
    web_port: int
    status: Status
    last_update: LastUpdate
    properties: Properties
    """What runs, or is being created."""
    requested: Properties | None = None
    """What an update is on its way to, while it is."""
    build: str | None = None
    """The key of the build that runs."""
    database_version: str | None = None
    """What the metadata database was last set up for."""
    was_forced: bool = False
    """Whether an update has replaced the workers by force, which one by grace needs before."""
    database_reset: bool = False
    """Whether a new metadata database was asked for and Airflow does not run on it yet."""
    tags: dict[str, str] = {}
    stack_owner: str | None = None
    """`<stack name>/<logical id>` of the CloudFormation resource."""

    @property
    def arn(self) -> str:
        """The environment's ARN."""
        return (
            f"arn:{self.partition}:airflow:{self.region}:{self.account_id}:environment/{self.name}"
        )

    @property
    def web_server(self) -> str:
        """Host and port of the web server, as WebserverUrl has them: without a scheme."""
        return f"127.0.0.1:{self.web_port}"


def parse_properties(document: Mapping[str, object]) -> Properties:
    """`document` as Properties; an ApiError names each wrong member and what was expected."""
    try:
        return Properties.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'request'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ApiError("ValidationException", wrong) from None
