from __future__ import annotations

import pytest

from infra.local.emulator.iam.airflow import ROLES, resources, roles
from infra.local.emulator.iam.call import Call

PREFIX = "arn:aws:airflow:us-east-1:123456789012:"


def call(operation: str, path: str) -> Call:
    return Call(
        service="airflow",
        operation=operation,
        path=path,
        parameters={},
        region="us-east-1",
        account_id="123456789012",
    )


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ("GetEnvironment", "/environments/lake", f"{PREFIX}environment/lake"),
        ("CreateCliToken", "/clitoken/lake", f"{PREFIX}environment/lake"),
        ("PublishMetrics", "/metrics/environments/lake", f"{PREFIX}environment/lake"),
        ("ListEnvironments", "/environments", "*"),
        ("TagResource", f"/tags/{PREFIX}environment/lake", f"{PREFIX}environment/lake"),
    ],
)
def test_a_call_is_allowed_on_its_environment(operation: str, path: str, expected: str) -> None:
    assert resources(call(operation, path)) == (expected,)


@pytest.mark.parametrize(
    ("operation", "path"),
    [("CreateWebLoginToken", "/webtoken/lake"), ("InvokeRestApi", "/restapi/lake")],
)
def test_entering_airflow_is_allowed_on_a_role(operation: str, path: str) -> None:
    expected = tuple((role, f"{PREFIX}role/lake/{role}") for role in ROLES)
    assert roles(call(operation, path)) == expected
    assert ROLES[0] == "Admin"


def test_other_calls_enter_with_no_role() -> None:
    assert roles(call("CreateCliToken", "/clitoken/lake")) == ()
