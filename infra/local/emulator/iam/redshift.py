"""Redshift Serverless: work groups and namespaces by ARN; statements by who sent them.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftdataapi.html
and https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftserverless.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from infra.local.emulator.iam.call import Call

OWNER_KEY = "redshift-data:statement-owner-iam-userid"
RESULT_ACTION = "redshift-data:GetStatementResult"
"""Of both versions of the operation."""
CREDENTIALS_ACTION = "redshift-serverless:GetCredentials"
"""What the Data API does with the caller's rights before a statement runs."""

_OF_A_STATEMENT = frozenset(
    {"CancelStatement", "DescribeStatement", "GetStatementResult", "ListStatements"}
)


class Warehouses(Protocol):
    """What is looked up to authorize a call."""

    def workgroup_arn(self, name_or_arn: str) -> str | None:
        """The ARN of a work group."""
        ...

    def namespace_arn(self, name: str) -> str | None:
        """The ARN of a namespace."""
        ...

    def workgroup_arn_of_session(self, session_id: str) -> str | None:
        """The ARN of the work group in which a session of the Data API is kept."""
        ...

    def statement_owner(self, statement_id: str) -> str | None:
        """The `aws:userid` of who sent a statement."""
        ...


def resources(call: Call, warehouses: Warehouses) -> tuple[str, ...]:
    """Every resource that a call of `redshift-serverless` must be allowed on."""
    parameters = call.parameters
    if "resourceArn" in parameters:
        return (str(parameters["resourceArn"]),)
    if "workgroupName" in parameters:
        name = str(parameters["workgroupName"])
        return (warehouses.workgroup_arn(name) or call.arn("workgroup/*"),)
    if "namespaceName" in parameters:
        name = str(parameters["namespaceName"])
        return (warehouses.namespace_arn(name) or call.arn("namespace/*"),)
    return ("*",)


def data_resources(call: Call, warehouses: Warehouses) -> tuple[str, ...]:
    """Every resource that a call of `redshift-data` must be allowed on."""
    parameters = call.parameters
    if call.operation in _OF_A_STATEMENT:
        return ("*",)
    arn = None
    if "WorkgroupName" in parameters:
        arn = warehouses.workgroup_arn(str(parameters["WorkgroupName"]))
    elif "SessionId" in parameters:
        arn = warehouses.workgroup_arn_of_session(str(parameters["SessionId"]))
    return (arn or f"arn:aws:redshift-serverless:{call.region}:{call.account_id}:workgroup/*",)


def further_actions(call: Call) -> tuple[str, ...]:
    """What a call of `redshift-data` needs besides: a secret has rights of its own."""
    if call.operation in _OF_A_STATEMENT or "SecretArn" in call.parameters:
        return ()
    return (CREDENTIALS_ACTION,)


def condition_keys(call: Call, warehouses: Warehouses, *, user_id: str) -> Mapping[str, str]:
    """The condition keys of a call of `redshift-data` by the caller with `user_id`."""
    if call.operation not in _OF_A_STATEMENT:
        return {}
    if call.operation == "ListStatements":
        return {OWNER_KEY: user_id}
    owner = warehouses.statement_owner(str(call.parameters.get("Id", "")))
    return {} if owner is None else {OWNER_KEY: owner}
