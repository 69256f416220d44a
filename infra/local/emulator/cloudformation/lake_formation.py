"""`AWS::LakeFormation::Resource` and `AWS::LakeFormation::PrincipalPermissions`.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_LakeFormation.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    refuse_unsupported,
)
from infra.local.emulator.lake_formation import LakeFormation, Refused

_LOCATION = frozenset(
    {"HybridAccessEnabled", "ResourceArn", "RoleArn", "UseServiceLinkedRole", "WithFederation"}
)
_GRANT = frozenset(
    {"Catalog", "Permissions", "PermissionsWithGrantOption", "Principal", "Resource"}
)


class GrantReplaced(Exception):
    """A grant that would be replaced by one on the same resource; the text names it."""


@dataclass(frozen=True)
class Location:
    """`Resource`; `Ref` is the ARN of what is registered."""

    service: LakeFormation
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Register the location."""
        wanted = _accepted("AWS::LakeFormation::Resource", declared.properties, _LOCATION)
        self.service.handle("RegisterResource", wanted)
        return Provisioned(physical_id=wanted["ResourceArn"], attributes={})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:  # noqa: ARG002 - protocol
        """Change its role; another ARN is another location."""
        if declared.properties["ResourceArn"] != physical_id:
            return self.create(declared)
        wanted = _accepted("AWS::LakeFormation::Resource", declared.properties, _LOCATION)
        self.service.handle("UpdateResource", wanted)
        return Provisioned(physical_id=physical_id, attributes={})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Deregister it; nothing where it is gone."""
        _unless_gone(self.service, "DeregisterResource", {"ResourceArn": physical_id})


@dataclass(frozen=True)
class PrincipalPermissions:
    """`PrincipalPermissions`; `Ref` is both identifiers, of the principal and of the resource."""

    service: LakeFormation
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Grant them."""
        wanted = _accepted("AWS::LakeFormation::PrincipalPermissions", declared.properties, _GRANT)
        self.service.handle("GrantPermissions", wanted)
        principal, resource = _identity(wanted)
        return Provisioned(
            physical_id=f"{principal}|{resource}",
            attributes={"PrincipalIdentifier": principal, "ResourceIdentifier": resource},
        )

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:  # noqa: ARG002 - protocol
        """Grant others: every property asks for a replacement.

        The old ones are revoked after that, which on the same resource would take new ones too.
        """
        if "|".join(_identity(declared.properties)) == physical_id:
            raise GrantReplaced(
                f"Permissions of {physical_id} cannot be changed: revoking what is replaced would "
                "take what is granted anew; remove the grant, deploy, and add it"
            )
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Revoke them; nothing where they are gone."""
        _unless_gone(self.service, "RevokePermissions", dict(properties))


def _accepted(name: str, properties: Properties, supported: frozenset[str]) -> dict[str, Any]:
    refuse_unsupported(name, sorted(set(properties) - supported), supported)
    return dict(properties)


def _identity(properties: Mapping[str, Any]) -> tuple[str, str]:
    principal = str(properties["Principal"]["DataLakePrincipalIdentifier"])
    return principal, json.dumps(properties["Resource"], sort_keys=True)


def _unless_gone(service: LakeFormation, operation: str, given: dict[str, Any]) -> None:
    try:
        service.handle(operation, given)
    except Refused as refused:
        if refused.code not in {"EntityNotFoundException", "InvalidInputException"}:
            raise
