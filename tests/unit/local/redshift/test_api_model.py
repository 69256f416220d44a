"""Requests are held against AWS's own description of the API."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.redshift.api_model import ApiModel
from infra.local.redshift.errors import ApiError


def refusal(operation: str, request: dict[str, Any]) -> str:
    with pytest.raises(ApiError) as error:
        ApiModel.of("redshift-data").check(operation, request)
    assert error.value.code == "ValidationException"
    return str(error.value)


def test_a_good_request_passes() -> None:
    request = {"Sqls": ["select 1"], "WorkgroupName": "lake", "WaitTimeSeconds": 30}
    ApiModel.of("redshift-data").check("BatchExecuteStatement", request)


@pytest.mark.parametrize(
    ("request_", "broken"),
    [
        ({}, "Value null at 'Sqls' failed to satisfy constraint: Member must not be null"),
        ({"Sqls": []}, "Member must have length greater than or equal to 1"),
        ({"Sqls": "select 1"}, "Value 'select 1' at 'Sqls' failed to satisfy constraint: Member m"),
        ({"Sqls": [1]}, "Value '1' at 'Sqls.1.member' failed to satisfy constraint: Member must"),
        ({"Sqls": ["a"], "WaitTimeSeconds": 31}, "Member must have value less than or equal to 30"),
        ({"Sqls": ["a"], "WaitTimeSeconds": True}, "Member must be a integer"),
        ({"Sqls": ["a"], "ResultFormat": "XML"}, "Member must satisfy enum value set: ['JSON', 'C"),
        ({"Sqls": ["a"], "WorkgroupName": "a_b"}, "Member must satisfy regular expression pattern"),
        (
            {"Sqls": ["a"], "Parameters": [{"name": "a"}]},
            "Value null at 'Parameters.1.member.value",
        ),
    ],
)
def test_what_breaks_a_constraint_is_named(request_: dict[str, Any], broken: str) -> None:
    assert broken in refusal("BatchExecuteStatement", request_)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    message = refusal("ExecuteStatement", {"WaitTimeSeconds": 0, "ClientToken": ""})
    assert message.startswith("3 validation errors detected: ")


def test_texts_of_cloudformation_become_numbers_and_truths() -> None:
    values = {"baseCapacity": "8", "publiclyAccessible": "false", "unknown": 1, "port": 5439}
    accepted = ApiModel.of("redshift-serverless").accepted("CreateWorkgroup", values)
    assert accepted == {"baseCapacity": 8, "publiclyAccessible": False, "port": 5439}


def test_an_operation_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(ApiError, match="unknown operation 'Execute'"):
        ApiModel.of("redshift-data").check("Execute", {})
