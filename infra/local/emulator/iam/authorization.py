"""Puts what AWS asks for into ministack's authorization of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qs

from infra.local.emulator import chatbot
from infra.local.emulator.iam import airflow, athena, glue, redshift
from infra.local.emulator.iam.call import Call
from infra.local.emulator.seam import authorization as seam
from infra.local.emulator.seam.services import Request, account_id, region

_QUERY_PROTOCOL = frozenset(
    {"autoscaling", "cloudformation", "ec2", "elasticache", "elasticloadbalancing", "iam"}
    | {"monitoring", "rds", "ses", "sns", "sqs", "sts"}
)
"""Services whose operation is the parameter `Action`; for every other it means nothing."""

_NAMED_AFTER_ONE = {
    f"sqs:{action}Batch": f"sqs:{action}"
    for action in ("ChangeMessageVisibility", "DeleteMessage", "SendMessage")
}
"""Operations on several messages, which are allowed where the operation on one is
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html)."""

_roles: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("roles", default=())
_role: ContextVar[str | None] = ContextVar("role", default=None)
_denied_resource: ContextVar[str] = ContextVar("denied_resource", default="*")
_denied_action: ContextVar[str | None] = ContextVar("denied_action", default=None)
_NO_KEYS: Mapping[str, str] = MappingProxyType({})


class ResourceArns(str):
    """The ARN that ministack authorizes a request on; the rest is what AWS asks for besides."""

    __slots__ = ("every", "further_actions", "keys")
    every: tuple[str, ...]
    further_actions: tuple[str, ...]
    """Actions that the caller must be allowed on each of them as well."""
    keys: Mapping[str, str]
    """Condition keys of the service."""


def airflow_role() -> str | None:
    """The most powerful Airflow role that the caller enters an environment with, if it enters."""
    return _role.get()


def install(work_group_of: athena.WorkGroupOf, warehouses: redshift.Warehouses) -> None:
    """Authorize every request as AWS does."""
    finders: Mapping[str, Callable[[Call], tuple[str, ...]]] = {
        "airflow": airflow.resources,
        "athena": lambda call: athena.resources(call, work_group_of),
        "glue": glue.resources,
        "redshift-data": lambda call: redshift.data_resources(call, warehouses),
        "redshift-serverless": lambda call: redshift.resources(call, warehouses),
    }

    def name_resources(service: str, request: Request) -> ResourceArns | None:
        _denied_resource.set("*")
        _denied_action.set(None)
        _roles.set(())
        if service == "iam" and (simulated := _simulated_principal(request)):
            arns = ResourceArns(simulated)
            arns.every, arns.further_actions, arns.keys = (simulated,), (), _NO_KEYS
            return arns
        if service not in finders:
            return None
        call = _call(service, request)
        if service == "airflow":
            _roles.set(airflow.roles(call))
        every = finders[service](call)
        arns = ResourceArns(every[0])
        arns.every, arns.further_actions, arns.keys = every, (), _NO_KEYS
        if service == "redshift-data":
            arns.further_actions = redshift.further_actions(call)
            user_id = seam.caller_user_id(request)
            arns.keys = redshift.condition_keys(call, warehouses, user_id=user_id)
        return arns

    seam.wrap_iam_action(_name_action)
    seam.wrap_resource_arn(name_resources)
    seam.wrap_enforce(_enforce_on_every)
    seam.take_roles_for_principals()
    seam.resolve_policy_variables()
    seam.name_resource_in_denials(lambda: (_denied_action.get(), _denied_resource.get()))


def _name_action(
    service: str, request: Request, ministack_names: Callable[[Request], str | None]
) -> str:
    if service not in _QUERY_PROTOCOL and "Action" in request.query:
        query = {name: values for name, values in request.query.items() if name != "Action"}
        request = replace(request, query=query)
    action = ministack_names(request)
    if action == "s3:DeleteObject" and request.method == "POST":
        targets = seam.batch_delete_targets(request.path.strip("/"), request.body)
        if targets and targets[0].version_id:
            return "s3:DeleteObjectVersion"
    if action == "redshift-data:GetStatementResultV2":
        return redshift.RESULT_ACTION
    if service == chatbot.SERVICE:
        return f"{service}:{chatbot.operation_of(request.path)}"
    # What has no name is refused to everyone but the root user; as it is, it is allowed.
    action = action or f"{service}:{request.method}"
    return _NAMED_AFTER_ONE.get(action, action)


def _simulated_principal(request: Request) -> str:
    """Of `SimulatePrincipalPolicy`, which IAM asks on whose rights are looked at."""
    parameters = parse_qs(request.body.decode(errors="replace"))
    return parameters.get("PolicySourceArn", [""])[0]


def _call(service: str, request: Request) -> Call:
    try:
        parameters = json.loads(request.body or b"{}")
    except ValueError:
        parameters = None  # the service itself refuses it
    return Call(
        service=service,
        operation=seam.iam_action(service, request).partition(":")[2],
        path=request.path,
        parameters=parameters if isinstance(parameters, dict) else {},
        region=region(),
        account_id=account_id(),
    )


def _enforce_on_every(resource_arn: str, enforce: seam.Enforce) -> seam.Denial | None:
    if roles := _roles.get():
        return _enforce_on_any_role(roles, enforce)
    if not isinstance(resource_arn, ResourceArns):
        return _noting(resource_arn, enforce(resource_arn))
    for arn in resource_arn.every:
        for action in (None, *resource_arn.further_actions):
            denial = enforce(arn, action=action, keys=resource_arn.keys)
            if denial is not None:
                _denied_action.set(action)
                return _noting(arn, denial)
    return None


def _noting(arn: str, denial: seam.Denial | None) -> seam.Denial | None:
    if denial is not None:
        _denied_resource.set(arn)
    return denial


def _enforce_on_any_role(
    roles: tuple[tuple[str, str], ...], enforce: seam.Enforce
) -> seam.Denial | None:
    denial: seam.Denial | None = None
    for role, arn in roles:
        denial = enforce(arn)
        if denial is None:
            _role.set(role)
            return None
        _denied_resource.set(arn)
    return denial
