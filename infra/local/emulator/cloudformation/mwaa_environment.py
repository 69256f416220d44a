"""`AWS::MWAA::Environment`: made, changed and deleted by the supervisor; waited for here.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-mwaa-environment.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.mwaa import caller_headers
from infra.local.emulator.seam.stacks import record_in_progress
from infra.local.emulator.supervisor import Supervisor, SupervisorUnavailable

POLL_SECONDS = 0.3
TIMEOUT_SECONDS = 1800
"""How long an environment may take; MWAA itself takes 20 to 30 minutes."""
OUTAGE_SECONDS = 30
"""How long the supervisor may be away while an environment is waited for."""

_REPLACING = ("KmsKey", "EndpointManagement")
_ATTRIBUTES = (
    "Arn",
    "WebserverUrl",
    "CeleryExecutorQueue",
    "DatabaseVpcEndpointService",
    "WebserverVpcEndpointService",
)

type Environment = Mapping[str, Any]


class EnvironmentFailed(Exception):
    """The environment could not be made or changed; the text is MWAA's reason."""


@dataclass(frozen=True)
class MwaaEnvironment:
    """The resource type."""

    supervisor: Supervisor
    waits = True

    def create(self, declared: Declared) -> Provisioned:
        """Make the environment and wait until it is AVAILABLE, or PENDING; delete one that failed.

        One whose endpoints the stack makes is PENDING until they are there, and the stack goes on.
        """
        name = declared.properties["Name"]
        record_in_progress(declared, "AWS::MWAA::Environment", name)
        leftover = self._get(name)
        if leftover is not None and leftover.get("StackOwner") == declared.owner:
            self.delete(name, declared.properties)  # of a create that was killed
        self._send("PUT", name, {**declared.properties, "StackOwner": declared.owner})
        try:
            return self._settled(name, "CREATING")
        except EnvironmentFailed:
            self.delete(name, declared.properties)
            raise

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the environment and wait; another name makes another environment."""
        properties = declared.properties
        if properties["Name"] != physical_id:
            return self.create(declared)
        changed = [name for name in _REPLACING if properties.get(name) != previous.get(name)]
        if _subnets(properties) != _subnets(previous):
            changed.append("NetworkConfiguration.SubnetIds")
        if changed:
            raise EnvironmentFailed(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {physical_id} and update the stack again. "
                f"({', '.join(changed)} changed)"
            )
        record_in_progress(declared, "AWS::MWAA::Environment", physical_id)
        self._send("PATCH", physical_id, {**properties, "StackOwner": declared.owner})
        return self._settled(physical_id, "UPDATING")

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the environment and wait until it is gone.

        By the record of a create that did not end, only the stack's own environment is deleted.
        """
        environment = self._get(physical_id)
        owner = properties.get("StackOwner")
        if environment is None or (owner and environment.get("StackOwner") != owner):
            return
        self._send("DELETE", physical_id)
        if self._wait(physical_id, "DELETING") is not None:
            raise EnvironmentFailed(f"the environment {physical_id} was not deleted")

    def _settled(self, name: str, busy: str) -> Provisioned:
        environment = self._wait(name, busy)
        if environment is None:
            raise EnvironmentFailed(f"the environment {name} was deleted meanwhile")
        last_update = environment.get("LastUpdate") or {}
        if (
            environment["Status"] not in ("AVAILABLE", "PENDING")
            or last_update.get("Status") == "FAILED"
        ):
            error = last_update.get("Error") or {}
            raise EnvironmentFailed(error.get("ErrorMessage") or environment["Status"])
        return Provisioned(physical_id=name, attributes=_attributes(environment))

    def _wait(self, name: str, busy: str) -> Environment | None:
        """The environment once its status is no longer `busy`; None once it is gone."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        answered = time.monotonic()
        while time.monotonic() < deadline:
            try:
                environment = self._get(name)
            except SupervisorUnavailable:
                if time.monotonic() - answered > OUTAGE_SECONDS:
                    raise
            else:
                answered = time.monotonic()
                if environment is None or environment["Status"] != busy:
                    return environment
            time.sleep(POLL_SECONDS)
        raise EnvironmentFailed(f"the environment {name} was {busy} for {TIMEOUT_SECONDS} seconds")

    def _get(self, name: str) -> Environment | None:
        answer = self._send("GET", name)
        return None if answer is None else answer["Environment"]

    def _send(
        self, method: str, name: str, properties: Properties | None = None
    ) -> dict[str, Any] | None:
        """The supervisor's answer; None if there is no such environment."""
        body = b"" if properties is None else json.dumps(properties).encode()
        status, text = self.supervisor.request(
            method, f"/mwaa/environments/{name}", body=body, headers=caller_headers()
        )
        answer: dict[str, Any] = json.loads(text or b"{}")
        if status == 404 and method in ("GET", "DELETE"):  # noqa: PLR2004 - not found
            return None
        if status >= 300:  # noqa: PLR2004 - the end of HTTP's success range
            raise EnvironmentFailed(answer.get("message") or f"MWAA answered {status}")
        return answer


def _subnets(properties: Properties) -> list[str]:
    return sorted((properties.get("NetworkConfiguration") or {}).get("SubnetIds") or [])


def _attributes(environment: Environment) -> dict[str, Any]:
    attributes = {name: environment[name] for name in _ATTRIBUTES if environment.get(name)}
    for module, log in (environment.get("LoggingConfiguration") or {}).items():
        if "CloudWatchLogGroupArn" in log:
            key = f"LoggingConfiguration.{module}.CloudWatchLogGroupArn"
            attributes[key] = log["CloudWatchLogGroupArn"]
    return attributes
