"""ministack's CloudFormation with the role that it is told to act with, which ministack drops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_changesets: Any = import_module("ministack.services.cloudformation.changesets")
_cloudformation: Any = import_module("ministack.services.cloudformation")
_evaluator: Any = import_module("ministack.core.iam_evaluator")
_handlers: Any = import_module("ministack.services.cloudformation.handlers")
_iam: Any = import_module("ministack.services.iam")
_responses: Any = import_module("ministack.core.responses")
_stacks: Any = import_module("ministack.services.cloudformation.stacks")

_ROLE = "_lake_role_arn"
"""The key of a stack's, or a change set's, record under which its role is kept."""
_parameter = _handlers._p


@dataclass(frozen=True)
class Change:
    """What CloudFormation is about to do to a resource."""

    stack: str
    logical_id: str
    resource_type: str
    properties: Mapping[str, Any]
    physical_id: str | None
    """None: it does not exist yet."""


@dataclass(frozen=True, kw_only=True)
class ServiceRole:
    """The role that CloudFormation acts with on a stack."""

    arn: str
    stack_tags: Mapping[str, str]

    def may(self, action: str, resource_arn: str, *, tagged: bool) -> bool:
        """Whether its policies and its boundary allow an action on a resource.

        Args:
            tagged: whether the resource is there already, with the stack's tags.
        """
        name = self.arn.rpartition("/")[2]
        account_id = _responses.get_account_id()
        tags = self.stack_tags if tagged else {}
        context = _evaluator.EvalContext(
            principal_arn=self.arn,
            principal_type="AssumedRole",
            principal_account=account_id,
            action=action,
            resource_arn=resource_arn,
            region=_responses.get_region(),
            service_context={f"aws:resourcetag/{key}".lower(): tags[key] for key in tags},
        )
        policies = _evaluator._gather_role_policies(name, account_id)
        limits = _evaluator._permissions_boundary(_iam._roles, name, account_id)
        return bool(_evaluator.evaluate(context, policies, *limits).decision == "Allow")


type Check = Callable[[ServiceRole, Change], None]
"""Raises for a change that the role may not make; the text becomes the stack's reason."""


def check_every_change(*, create: Check, update: Check, delete: Check) -> None:
    """Hold every change of a stack that was given a role against the role's rights."""
    _remember_roles()
    provision, change, remove = (
        _stacks._provision_resource,
        _stacks._update_resource,
        _stacks._delete_resource,
    )

    def provision_if_allowed(kind: str, logical_id: str, properties: Any, stack: str) -> Any:
        _check(create, Change(stack, logical_id, kind, properties, None))
        return provision(kind, logical_id, properties, stack)

    def change_if_allowed(
        kind: str, physical_id: str, before: Any, after: Any, stack: str, *more: Any
    ) -> Any:
        if before != after:
            logical_id = more[0] if more and more[0] else physical_id
            _check(update, Change(stack, logical_id, kind, after, physical_id))
        return change(kind, physical_id, before, after, stack, *more)

    def remove_if_allowed(
        kind: str, physical_id: str, properties: Any, stack: str = "", *more: Any
    ) -> Any:
        logical_id = more[0] if more and more[0] else physical_id
        _check(delete, Change(stack, logical_id, kind, properties, physical_id))
        return remove(kind, physical_id, properties, stack, *more)

    _stacks._provision_resource = provision_if_allowed
    _stacks._update_resource = change_if_allowed
    _stacks._delete_resource = remove_if_allowed


def _check(check: Check, change: Change) -> None:
    record = _cloudformation._stacks.get(change.stack) or {}
    if arn := record.get(_ROLE):
        tags = {tag["Key"]: tag["Value"] for tag in record.get("Tags") or []}
        check(ServiceRole(arn=arn, stack_tags=tags), change)


def _remember_roles() -> None:
    """Keep `RoleARN` with a change set, and with the stack as soon as an operation begins."""
    for name in ("CreateStack", "UpdateStack", "DeleteStack"):
        _handlers._ACTION_HANDLERS[name] = _with_role(name, _handlers._ACTION_HANDLERS[name])
    create, execute = (
        _handlers._ACTION_HANDLERS[name] for name in ("CreateChangeSet", "ExecuteChangeSet")
    )

    def create_with_role(parameters: Any) -> Any:
        response = create(parameters)
        if (found := _change_set(parameters)) and (arn := _parameter(parameters, "RoleARN")):
            found[_ROLE] = arn
        return response

    def execute_with_role(parameters: Any) -> Any:
        found = _change_set(parameters) or {}
        _keep(found.get("StackName", ""), found.get(_ROLE, ""))
        return execute(parameters)

    _handlers._ACTION_HANDLERS["CreateChangeSet"] = create_with_role
    _handlers._ACTION_HANDLERS["ExecuteChangeSet"] = execute_with_role


def _with_role(name: str, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def handle(parameters: Any) -> Any:
        arn = _parameter(parameters, "RoleARN")
        stack = _handlers._resolve_stack(_parameter(parameters, "StackName"))
        if stack:
            _keep(stack["StackName"], arn)
        response = handler(parameters)
        if name == "CreateStack":  # its operation begins after the answer
            _keep(_parameter(parameters, "StackName"), arn)
        return response

    return handle


def _keep(stack: str, arn: str) -> None:
    """Let a stack keep its role: CloudFormation acts with the last one that it was given."""
    if arn and (record := _cloudformation._stacks.get(stack)):
        record[_ROLE] = arn


def _change_set(parameters: Any) -> Any:
    names = (_parameter(parameters, key) for key in ("ChangeSetName", "StackName"))
    return _changesets._find_change_set(*names)[1]
