"""`AWS::IAM::Role`: ministack's own, plus the permissions boundary that it drops.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
)
from infra.local.emulator.seam.services import query_call


@dataclass(frozen=True)
class Role:
    """The resource type; `ministack` makes the role itself."""

    ministack: ResourceType
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the role with its boundary."""
        made = self.ministack.create(declared)
        _limit(made.physical_id, {}, declared.properties)
        return made

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the role; another name makes another one."""
        changed = self.ministack.update(physical_id, declared, previous)
        replaced = changed.physical_id != physical_id
        _limit(changed.physical_id, {} if replaced else previous, declared.properties)
        return changed

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the role."""
        self.ministack.delete(physical_id, properties)


def _limit(role_name: str, previous: Properties, properties: Properties) -> None:
    role = {"RoleName": role_name}
    if boundary := properties.get("PermissionsBoundary"):
        query_call("iam", "PutRolePermissionsBoundary", {**role, "PermissionsBoundary": boundary})
    elif previous.get("PermissionsBoundary"):
        query_call("iam", "DeleteRolePermissionsBoundary", role)
