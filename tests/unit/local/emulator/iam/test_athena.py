from __future__ import annotations

from typing import Any

import pytest

from infra.local.emulator.iam.athena import resources
from infra.local.emulator.iam.call import Call

QUERIES = {"q1": "analysts", "q2": "pipeline"}


def named(operation: str, **parameters: Any) -> list[str]:
    call = Call(
        service="athena",
        operation=operation,
        path="/",
        parameters=parameters,
        region="us-east-1",
        account_id="123456789012",
    )
    prefix = "arn:aws:athena:us-east-1:123456789012:"
    return [arn.removeprefix(prefix) for arn in resources(call, QUERIES.get)]


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("StartQueryExecution", {"WorkGroup": "analysts"}, ["workgroup/analysts"]),
        ("StartQueryExecution", {}, ["workgroup/primary"]),
        ("GetQueryExecution", {"QueryExecutionId": "q1"}, ["workgroup/analysts"]),
        ("GetQueryResults", {"QueryExecutionId": "q2"}, ["workgroup/pipeline"]),
        ("StopQueryExecution", {"QueryExecutionId": "unknown"}, ["workgroup/*"]),
        (
            "BatchGetQueryExecution",
            {"QueryExecutionIds": ["q1", "q2", "q1"]},
            ["workgroup/analysts", "workgroup/pipeline"],
        ),
        ("GetWorkGroup", {"WorkGroup": "analysts"}, ["workgroup/analysts"]),
        ("CreateWorkGroup", {"Name": "analysts"}, ["workgroup/analysts"]),
        ("ListQueryExecutions", {"WorkGroup": "analysts"}, ["workgroup/analysts"]),
        ("ListWorkGroups", {}, ["*"]),
        ("GetDataCatalog", {"Name": "AwsDataCatalog"}, ["datacatalog/AwsDataCatalog"]),
        ("ListDatabases", {"CatalogName": "other"}, ["datacatalog/other"]),
        ("TagResource", {"ResourceARN": "arn:of:it"}, ["arn:of:it"]),
    ],
)
def test_a_call_is_allowed_in_its_work_group(
    operation: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert named(operation, **parameters) == expected
