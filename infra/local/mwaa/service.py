"""The MWAA service of the laptop: all environments, and what its API does with them."""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import ValidationError

from infra.local.mwaa.endpoints import endpoint_services
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.host import AirflowHost
from infra.local.mwaa.hosting import Host
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.model import (
    ApiError,
    LastUpdate,
    Properties,
    Record,
    Status,
    parse_properties,
)
from infra.local.mwaa.validation import (
    airflow_version,
    check_request,
    check_update,
    image_version,
)

PORTS_PER_ENVIRONMENT = 10
NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z\-_]{0,79}")
"""Source: Amazon MWAA API reference, CreateEnvironment."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """Knows, creates, finds, resumes and ends environments."""

    laptop: Laptop
    environments: dict[str, Environment] = field(default_factory=dict)
    make_host: Callable[[Record, Laptop], Host[Any]] = AirflowHost
    """What an environment's Airflow runs on."""
    versions: Collection[str] | None = None
    """The versions of Airflow that can be had; None: those whose images are locked here."""

    def load(self) -> None:
        """Know every environment that has a record on disk; none of them is started."""
        for path in sorted(self.laptop.records.glob("*.json")):
            try:
                record = Record.model_validate_json(path.read_bytes())
            except ValidationError as error:
                first = error.errors()[0]
                log.error(
                    "%s is not a record of this version and is left alone (%s: %s); to begin anew, "
                    "remove it, or run `lake compose down --volumes` where it is a container's",
                    *(path, ".".join(map(str, first["loc"])), first["msg"]),
                )
                continue
            if record.status is Status.AVAILABLE:
                record = record.model_copy(update={"status": Status.UNAVAILABLE})
            self._add(record)

    def resume(self) -> None:
        """Go on with every environment that was loaded."""
        for name, environment in self.environments.items():
            environment.resume(partial(self._forget, name))

    def get(self, name: str) -> Environment:
        """The environment. Raises ApiError (ResourceNotFoundException)."""
        if name not in self.environments:
            raise ApiError(
                "ResourceNotFoundException", f"Environment {name} is not found", status=404
            )
        return self.environments[name]

    def create(
        self, name: str, request: Mapping[str, object], *, account_id: str, region: str
    ) -> Environment:
        """Check the request and start to create. Raises ApiError (ValidationException)."""
        if not NAME.fullmatch(name):
            raise ApiError("ValidationException", f"Name: {name!r} does not match {NAME.pattern}")
        if name in self.environments:
            raise ApiError("ValidationException", f"Environment {name} already exists")
        document = {key: value for key, value in request.items() if key != "Name"}
        tags, owner = document.pop("Tags", None), document.pop("StackOwner", None)
        properties = parse_properties({"AirflowVersion": image_version(), **document})
        check_request(properties, versions=self.versions)
        record = Record(
            name=name,
            account_id=account_id,
            region=region,
            partition=properties.execution_role_arn.split(":")[1],
            created_at=time.time(),
            web_port=self._free_port(),
            status=Status.CREATING,
            last_update=LastUpdate(status="PENDING", created_at=time.time()),
            properties=properties,
            tags=parse_tags(tags or {}),
            stack_owner=str(owner) if owner else None,
        )
        environment = self._add(record)
        environment.create()
        return environment

    def update(self, name: str, request: Mapping[str, object]) -> Environment:
        """Check the request and start to update. Raises ApiError.

        A request of CloudFormation (one with a StackOwner) has all properties, one of the API
        only those that change.
        """
        environment = self.get(name)
        document = {key: value for key, value in request.items() if key != "Name"}
        tags, owner = document.pop("Tags", None), document.pop("StackOwner", None)
        record = environment.record
        requested = _changed(record.properties, document, whole=bool(owner))
        check_request(requested, versions=self.versions)
        check_update(record.properties, requested, was_forced=record.was_forced)
        versions = {airflow_version(record.properties), airflow_version(requested)}
        if self.laptop.settings.database and len(versions) > 1:
            raise ApiError(
                "ValidationException",
                "AirflowVersion: of a database on a server (LAKE_DATABASE) there is no snapshot to "
                "go back to; rehearse the change on SQLite",
            )
        environment.update(requested)
        if tags is not None:
            environment.tag(parse_tags(tags))
        return environment

    async def delete(self, name: str) -> None:
        """Start to delete. Raises ApiError (ResourceNotFoundException)."""
        await self.get(name).delete(partial(self._forget, name))

    def find_by_token(self, name: str, token: str) -> Environment | None:
        """The environment whose tasks show this credentials token."""
        environment = self.environments.get(name)
        if environment and hmac.compare_digest(environment.host.credentials_token, token):
            return environment
        return None

    def _add(self, record: Record) -> Environment:
        host = self.make_host(record, self.laptop)
        environment = Environment(record, records=self.laptop.records, host=host)
        self.environments[record.name] = environment
        return environment

    def _forget(self, name: str) -> None:
        self.environments.pop(name, None)

    def _free_port(self) -> int:
        """The first port of the first ten that no environment has."""
        taken = {environment.record.web_port for environment in self.environments.values()}
        port = self.laptop.settings.airflow_port
        while port in taken:
            port += PORTS_PER_ENVIRONMENT
        return port


def _changed(current: Properties, document: dict[str, object], *, whole: bool) -> Properties:
    network = document.get("NetworkConfiguration")
    if isinstance(network, dict):
        old_network = current.network_configuration.model_dump(by_alias=True)
        document["NetworkConfiguration"] = {**old_network, **network}
    # How workers are replaced is said of each update by itself, and FORCED where it is not.
    of_an_update = {"worker_replacement_strategy"}
    kept: dict[str, object] = {"AirflowVersion": airflow_version(current)}
    if not whole:
        kept |= current.model_dump(by_alias=True, mode="json", exclude=of_an_update)
    requested = parse_properties({**kept, **document})
    for name in ("kms_key", "endpoint_management"):
        if getattr(requested, name) != getattr(current, name):
            raise ApiError("ValidationException", f"{name} cannot be changed by an update")
    if set(requested.network_configuration.subnet_ids) != set(
        current.network_configuration.subnet_ids
    ):
        raise ApiError("ValidationException", "SubnetIds cannot be changed by an update")
    return requested


def parse_tags(document: object) -> dict[str, str]:
    """Tags by key. Raises ApiError unless `document` maps text to text."""
    if not isinstance(document, Mapping) or not all(
        isinstance(part, str) for pair in document.items() for part in pair
    ):
        raise ApiError("ValidationException", "Tags must map keys to values")
    return dict(document)


def describe(record: Record) -> dict[str, object]:
    """The environment as GetEnvironment answers it, with the owner of a stack beside."""
    properties = record.properties.model_dump(
        by_alias=True, exclude_none=True, mode="json", exclude={"logging_configuration"}
    )
    document: dict[str, object] = {
        **properties,
        **endpoint_services(record),
        "AirflowVersion": airflow_version(record.properties),
        "Arn": record.arn,
        "CreatedAt": record.created_at,
        "LastUpdate": record.last_update.model_dump(by_alias=True, exclude_none=True),
        "LoggingConfiguration": _logging(record),
        "Name": record.name,
        "Status": record.status,
        "Tags": record.tags,
        "WebserverUrl": record.web_server,
    }
    if record.stack_owner:
        document["StackOwner"] = record.stack_owner
    return document


def _logging(record: Record) -> dict[str, object]:
    """Each module's settings, with the log group that MWAA would write to."""
    modules = {
        "DagProcessingLogs": "DAGProcessing",
        "SchedulerLogs": "Scheduler",
        "TaskLogs": "Task",
        "WebserverLogs": "WebServer",
        "WorkerLogs": "Worker",
    }
    settings = record.properties.logging_configuration.model_dump(by_alias=True, exclude_none=True)
    prefix = f"arn:{record.partition}:logs:{record.region}:{record.account_id}:log-group:airflow-"
    return {
        module: {
            **settings[module],
            "CloudWatchLogGroupArn": f"{prefix}{record.name}-{group}:*",
        }
        for module, group in modules.items()
        if module in settings
    }
