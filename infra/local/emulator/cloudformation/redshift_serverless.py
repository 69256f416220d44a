"""`AWS::RedshiftServerless::Namespace` and `AWS::RedshiftServerless::Workgroup`.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_RedshiftServerless.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.redshift.errors import ApiError

if TYPE_CHECKING:
    from infra.local.redshift.serverless import ControlPlane

type MakeControlPlane = Callable[[], ControlPlane]
"""Gives that of the account and region of the stack."""


class ResourceFailed(Exception):
    """The resource could not be made or changed; the text is the reason."""


@dataclass(frozen=True)
class RedshiftServerlessType:
    """One of the types; `kind` is `Namespace` or `Workgroup`."""

    kind: str
    control_plane: MakeControlPlane
    unchangeable: Sequence[str] = ()
    """Properties whose change would need another resource, or that the service cannot change."""
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the resource."""
        self._call("Create", declared.properties)
        return self._provisioned(declared.properties)

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the resource; another name makes another one."""
        properties = declared.properties
        if properties[f"{self.kind}Name"] != physical_id:
            return self.create(declared)
        for name in self.unchangeable:
            if properties.get(name) != previous.get(name):
                raise ResourceFailed(
                    f"{name} of {physical_id} cannot be changed: CloudFormation cannot update a "
                    "stack when a custom-named resource requires replacing. Rename it."
                )
        self._call("Update", properties)
        self._retag(physical_id, properties)
        return self._provisioned(properties)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the resource; nothing where it is gone."""
        try:
            self._call("Delete", {f"{self.kind}Name": physical_id})
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise

    def _call(self, verb: str, properties: Properties) -> dict[str, Any]:
        control_plane, operation = self.control_plane(), f"{verb}{self.kind}"
        request = control_plane.api.accepted(operation, _camel(properties))
        answer = control_plane.handle(operation, request, db_user="")
        found: dict[str, Any] = answer[self.kind.lower()]
        return found

    def _provisioned(self, properties: Properties) -> Provisioned:
        name = properties[f"{self.kind}Name"]
        found = self._call("Get", {f"{self.kind}Name": name})
        return Provisioned(physical_id=name, attributes=dict(_attributes(found, self.kind)))

    def _retag(self, name: str, properties: Properties) -> None:
        """Let the resource have the declared tags and no others."""
        control_plane = self.control_plane()
        found = self._call("Get", {f"{self.kind}Name": name})
        arn = found[f"{self.kind.lower()}Arn"]
        held = control_plane.register.tagged(arn)
        held.clear()
        control_plane.register.tag(arn, _camel(properties.get("Tags") or []))


def _camel(value: Any) -> Any:
    """CloudFormation's names as the API has them."""
    if isinstance(value, Mapping):
        return {name[0].lower() + name[1:]: _camel(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_camel(each) for each in value]
    return value


def _attributes(found: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What Fn::GetAtt answers: `Namespace.NamespaceArn`, `Workgroup.Endpoint.Address`…"""
    attributes: dict[str, Any] = {}
    for name, value in found.items():
        at = f"{place}.{name[0].upper()}{name[1:]}"
        if isinstance(value, Mapping):
            attributes |= _attributes(value, at)
        else:
            attributes[at] = value
    return attributes
