"""What holds for every resource of a stack: its tags, and the boundary of its roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import jsii
from constructs import IConstruct

UNMANAGED = frozenset({"AWS::IAM::Role", "AWS::Lambda::Function"})
"""What the CDK makes for custom resources of its own, without a manager of tags."""


def permissions_boundary(name: str | None) -> cdk.PermissionsBoundary | None:
    """The boundary as a stack takes it, of a policy's name or ARN."""
    if name is None:
        return None
    if name.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(name)
    return cdk.PermissionsBoundary.from_name(name)


def tag_everything(stack: cdk.Stack, tags: Mapping[str, str]) -> None:
    """Give each resource of the stack the tags that can have some.

    In the template: CloudFormation hands a stack's own tags on to most types, not to all.
    """
    for key, value in tags.items():
        cdk.Tags.of(stack).add(key, value)
    if tags:
        cdk.Aspects.of(stack).add(_TagUnmanaged(tags))


@jsii.implements(cdk.IAspect)
class _TagUnmanaged:
    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]

    def visit(self, node: IConstruct) -> None:
        """Tag it where `Tags.of` cannot."""
        if not cdk.CfnResource.is_cfn_resource(node) or cdk.TagManager.is_taggable(node):
            return
        resource: Any = node
        if resource.cfn_resource_type in UNMANAGED:
            resource.add_property_override("Tags", self._tags)
