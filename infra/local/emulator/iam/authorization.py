"""Puts what AWS asks for into ministack's authorization of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from infra.local.emulator import seam
from infra.local.emulator.iam import airflow, athena, glue
from infra.local.emulator.iam.call import Call

_QUERY_PROTOCOL = frozenset(
    {"autoscaling", "cloudformation", "ec2", "elasticache", "elasticloadbalancing", "iam"}
    | {"monitoring", "rds", "ses", "sns", "sqs", "sts"}
)
"""Services whose operation is the parameter `Action`; for every other it means nothing."""

_airflow_roles: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("airflow_roles", default=())
_airflow_role: ContextVar[str | None] = ContextVar("airflow_role", default=None)
_denied_resource: ContextVar[str] = ContextVar("denied_resource", default="*")


class ResourceArns(str):
    """The ARN that ministack authorizes a request on; `every` has all that AWS asks for."""

    __slots__ = ("every",)
    every: tuple[str, ...]


def airflow_role() -> str | None:
    """The most powerful Airflow role that the caller may enter an environment with, if it enters."""
    return _airflow_role.get()


def install(work_group_of: athena.WorkGroupOf) -> None:
    """Authorize every request as AWS does."""

    def resources(call: Call) -> tuple[str, ...]:
        match call.service:
            case "glue":
                return glue.resources(call)
            case "athena":
                return athena.resources(call, work_group_of)
            case "airflow":
                _airflow_roles.set(airflow.roles(call))
                return airflow.resources(call)
        return ()

    seam.wrap_iam_action(_name_action)
    seam.wrap_resource_arn(lambda original: _name_resources(original, resources))
    seam.wrap_enforce(_enforce_on_every)
    seam.wrap_access_denied(_name_denied_resource)


def _name_action(original: seam.IamAction) -> seam.IamAction:
    def action(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> str:
        if service not in _QUERY_PROTOCOL:
            query = {name: values for name, values in query.items() if name != "Action"}
        named = original(service, method, path, headers, body, query)
        if named == "s3:DeleteObject" and method == "POST":
            targets = seam.batch_delete_targets(path.strip("/"), body)
            if targets and targets[0].version_id:
                return "s3:DeleteObjectVersion"
        # What has no name is refused to everyone but the root user; as it is, it is allowed.
        return named or f"{service}:{method}"

    return action


def _name_resources(
    original: seam.ResourceArn, resources: Callable[[Call], tuple[str, ...]]
) -> seam.ResourceArn:
    def arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        region: str,
        account_id: str,
    ) -> str:
        primary = original(service, method, path, headers, body, query, region, account_id)
        if service not in ("airflow", "athena", "glue"):
            return primary
        action = seam.iam_action(service, method, path, headers, body, query)
        every = resources(
            Call(
                service=service,
                operation=action.partition(":")[2],
                path=path,
                parameters=_parameters(body),
                region=region,
                account_id=account_id,
            )
        )
        arns = ResourceArns(every[0])
        arns.every = every
        return arns

    return arn


def _parameters(body: bytes) -> Mapping[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        return {}  # the service itself refuses it
    return parameters if isinstance(parameters, dict) else {}


def _enforce_on_every(original: seam.Enforce) -> seam.Enforce:
    def enforce(
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> object | None:
        def denial(arn: str) -> object | None:
            return original(access_key, action, service, region, arn, service_context)

        if service == "airflow" and (roles := _airflow_roles.get()):
            refused = None
            for role, arn in roles:
                refused = denial(arn)
                if refused is None:
                    _airflow_role.set(role)
                    return None
            _denied_resource.set(roles[0][1])
            return refused
        for arn in getattr(resource_arn, "every", (resource_arn,)):
            if (refused := denial(str(arn))) is not None:
                _denied_resource.set(arn)
                return refused
        return None

    return enforce


def _name_denied_resource(original: seam.AccessDenied) -> seam.AccessDenied:
    """The message names the very resource that lacks an Allow, as AWS's messages do."""

    def access_denied(
        service: str, action: str, principal: str, request_id: str, **details: Any  # noqa: ANN401
    ) -> seam.Response:
        details["resource_arn"] = _denied_resource.get()
        by_resource_policy = details.get("explicit_deny") and details.get("resource_policy_arn")
        if not details.get("error_code") and not by_resource_policy:
            details["message"] = seam.identity_denial_message(
                action,
                principal,
                details["resource_arn"],
                bool(details.get("explicit_deny")),
            )
        return original(service, action, principal, request_id, **details)

    return access_denied
