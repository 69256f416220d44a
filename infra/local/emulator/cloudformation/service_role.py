"""CloudFormation does what the role that a stack was given may do, and no more.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from infra.local.emulator.cloudformation.rights import RIGHTS, Rights
from infra.local.emulator.seam.service_role import Change, ServiceRole, check_every_change
from infra.local.emulator.seam.services import account_id, region

type Doing = Literal["create", "update", "delete"]

CUSTOM = "Custom::"


@dataclass(frozen=True, kw_only=True)
class Needed:
    """An action that the role needs, and on what."""

    action: str
    resource_arn: str


class NotAuthorized(Exception):
    """What the role may not do, in AWS's words."""


def install() -> None:
    """Hold every stack that is given a role to that role's rights."""
    check_every_change(
        create=lambda role, change: _check(role, change, "create"),
        update=lambda role, change: _check(role, change, "update"),
        delete=lambda role, change: _check(role, change, "delete"),
    )


def needed(change: Change, doing: Doing) -> Iterator[Needed]:
    """What a change needs; `doing` is create, update or delete."""
    if change.resource_type.startswith(CUSTOM):
        function = str(change.properties.get("ServiceToken", "*"))
        yield Needed(action="lambda:InvokeFunction", resource_arn=function)
        return
    rights = RIGHTS.get(change.resource_type, Rights())
    actions = {"create": rights.create, "update": rights.update, "delete": rights.delete}[doing]
    if doing != "delete":
        chosen = (
            action for name, action in rights.by_property.items() if name in change.properties
        )
        actions = (*actions, *chosen)
    if doing == "create":
        for action in rights.create_anywhere:
            yield Needed(action=action, resource_arn="*")
    for arn in _arns(rights, change):
        for action in actions:
            yield Needed(action=action, resource_arn=arn)
    if rights.passes and doing != "delete":
        for role_arn in _as_list(change.properties.get(rights.passes)):
            yield Needed(action="iam:PassRole", resource_arn=role_arn)


def _check(role: ServiceRole, change: Change, doing: Doing) -> None:
    for each in needed(change, doing):
        exists = change.physical_id is not None
        if not role.may(each.action, each.resource_arn, tagged=exists):
            session = f"{role.arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}"
            raise NotAuthorized(
                f"User: {session}/AWSCloudFormation is not authorized to perform: {each.action} "
                f"on resource: {each.resource_arn} because no identity-based policy allows the "
                f"{each.action} action"
            )


def _arns(rights: Rights, change: Change) -> list[str]:
    """The ARNs of the resource; of several, where one policy is put on several."""
    if rights.arn == "*":
        return ["*"]
    named: Any = change.properties if rights.name else None
    for key in rights.name.split("."):
        named = (named or {}).get(key)
    made_up = f"{change.stack}-{change.logical_id}"
    return [_arn(rights.arn, name) for name in _as_list(named or change.physical_id or made_up)]


def _arn(pattern: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    name = name.rpartition("/")[2] if "://" in name else name  # a queue's URL
    filled = pattern.format(name=name, account=account_id(), where=f"{region()}:{account_id()}")
    return f"arn:aws:{filled}"


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
