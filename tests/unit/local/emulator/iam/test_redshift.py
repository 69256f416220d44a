"""What a call of Redshift's APIs must be allowed on."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.emulator.iam import redshift
from infra.local.emulator.iam.call import Call

ANY = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/*"


class Warehouses:
    """One work group, one namespace, one session and one statement."""

    def workgroup_arn(self, name_or_arn: str) -> str | None:
        return "arn:workgroup" if name_or_arn in ("lake", "arn:workgroup") else None

    def namespace_arn(self, name: str) -> str | None:
        return "arn:namespace" if name == "lake" else None

    def workgroup_arn_of_session(self, session_id: str) -> str | None:
        return "arn:workgroup" if session_id == "session" else None

    def statement_owner(self, statement_id: str) -> str | None:
        return "AROA1:one" if statement_id == "mine" else None


def call(operation: str, **parameters: Any) -> Call:
    return Call(
        service="redshift-serverless",
        operation=operation,
        path="/",
        parameters=parameters,
        region="us-east-1",
        account_id="123456789012",
    )


@pytest.mark.parametrize(
    ("asked", "arn"),
    [
        (call("GetWorkgroup", workgroupName="lake"), "arn:workgroup"),
        (call("GetCredentials", workgroupName="lake"), "arn:workgroup"),
        (call("CreateWorkgroup", workgroupName="new", namespaceName="lake"), ANY),
        (call("DeleteNamespace", namespaceName="lake"), "arn:namespace"),
        (call("CreateNamespace", namespaceName="new"), ANY.replace("workgroup", "namespace")),
        (call("TagResource", resourceArn="arn:tagged", tags=[]), "arn:tagged"),
        (call("ListWorkgroups"), "*"),
    ],
)
def test_the_control_plane_is_authorized_by_arn(asked: Call, arn: str) -> None:
    assert redshift.resources(asked, Warehouses()) == (arn,)


@pytest.mark.parametrize(
    ("asked", "arn"),
    [
        (call("ExecuteStatement", WorkgroupName="lake", Sql=""), "arn:workgroup"),
        (call("BatchExecuteStatement", WorkgroupName="arn:workgroup"), "arn:workgroup"),
        (call("ExecuteStatement", SessionId="session"), "arn:workgroup"),
        (call("ExecuteStatement", WorkgroupName="other"), ANY),
        (call("ExecuteStatement"), ANY),
        (call("DescribeStatement", Id="mine"), "*"),
    ],
)
def test_statements_are_authorized_on_their_work_group(asked: Call, arn: str) -> None:
    assert redshift.data_resources(asked, Warehouses()) == (arn,)


def test_a_statement_needs_credentials_or_a_secret() -> None:
    assert redshift.further_actions(call("ExecuteStatement")) == (
        "redshift-serverless:GetCredentials",
    )
    assert redshift.further_actions(call("ExecuteStatement", SecretArn="arn:secret")) == ()
    assert redshift.further_actions(call("DescribeStatement", Id="mine")) == ()


def test_the_condition_key_has_who_sent_the_statement() -> None:
    def key(asked: Call) -> str | None:
        keys = redshift.condition_keys(asked, Warehouses(), user_id="AROA2:two")
        return keys.get("redshift-data:statement-owner-iam-userid")

    assert key(call("DescribeStatement", Id="mine")) == "AROA1:one"
    assert key(call("CancelStatement", Id="nobody's")) is None
    assert key(call("ListStatements")) == "AROA2:two"
    assert key(call("ExecuteStatement")) is None
