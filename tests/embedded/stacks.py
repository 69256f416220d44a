"""Stacks of the tests: deployed and deleted through CloudFormation's API, and waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.embedded.running import RunningEmulator

type Resources = Mapping[str, Mapping[str, Any]]

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """A stack by its name."""

    emulator: RunningEmulator
    name: str
    api: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "api", self.emulator.client("cloudformation"))

    def deploy(self, resources: Resources, outputs: Mapping[str, Any] | None = None) -> str:
        """Create or update the stack; its status in the end comes back."""
        template: dict[str, Any] = {"Resources": resources}
        if outputs:
            template["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
        deploy = self.api.update_stack if self.exists() else self.api.create_stack
        deploy(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "team", "Value": "lake"}],
        )
        return self.settled()

    def delete(self) -> str:
        stack_id = self.describe()["StackId"]
        self.api.delete_stack(StackName=self.name)
        return self.settled(stack_id)

    def exists(self) -> bool:
        stacks = self.api.describe_stacks()["Stacks"]
        return any(stack["StackName"] == self.name for stack in stacks)

    def describe(self, stack_id: str | None = None) -> Any:
        return self.api.describe_stacks(StackName=stack_id or self.name)["Stacks"][0]

    def settled(self, stack_id: str | None = None) -> str:
        """The stack's status, once no operation is under way."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            status: str = self.describe(stack_id)["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"{self.name} is still {status}")

    def outputs(self) -> dict[str, str]:
        return {out["OutputKey"]: out["OutputValue"] for out in self.describe()["Outputs"]}

    def physical_id(self, logical_id: str) -> str:
        resource = self.api.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        physical_id: str = resource["StackResourceDetail"]["PhysicalResourceId"]
        return physical_id

    def failures(self) -> list[str]:
        """The reasons of every failure, the last one first."""
        events = self.api.describe_stack_events(StackName=self.describe()["StackId"])
        return [
            event["ResourceStatusReason"]
            for event in events["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        ]
