"""Changes as checks: what fails, what `--allow-replacement` lets through."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.preflight.assembly import Assembly
from infra.preflight.changes import check_changes
from infra.preflight.connection import Account
from infra.preflight.result import Outcome, Result

STACK = "lake-dev-airflow"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "old"}},
        "Airflow": {"Type": "AWS::MWAA::Environment", "Properties": {"Name": "lake-dev"}},
    }
}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


def check(
    wanted: Any,
    *,
    allow_replacement: bool = False,
    refused: str = "",
    status: str = "CREATE_FAILED",
) -> list[Result]:
    """Check `wanted` against TEMPLATE, or an account that answers `refused`."""

    def get_template(**_: Any) -> Any:
        return {"TemplateBody": TEMPLATE}

    def describe(**_: Any) -> Any:
        if refused:
            raise error(refused)
        return {"Stacks": [{"StackStatus": status}]}

    def no_environment(**_: Any) -> Any:
        raise error("ResourceNotFoundException")

    clients: dict[str, Any] = {
        "sts": {"get_caller_identity": lambda: {"Account": "123456789012"}},
        "cloudformation": {"describe_stacks": describe, "get_template": get_template},
        "mwaa": {"get_environment": no_environment},
    }
    account = Account(connect=lambda name: SimpleNamespace(**clients[name]), region="eu-west-1")
    assembly = Assembly(folder=Path(), prefix="lake-dev", templates={STACK: wanted})
    return list(check_changes(assembly, account=account, allow_replacement=allow_replacement))


@pytest.fixture
def renamed() -> Any:
    wanted = copy.deepcopy(TEMPLATE)
    wanted["Resources"]["Bucket"]["Properties"]["BucketName"] = "new"
    return wanted


def test_a_loss_fails_unless_it_is_meant(renamed: Any) -> None:
    (result,) = check(renamed)
    assert (result.check, result.outcome) == (f"changes: {STACK}/Bucket", Outcome.FAIL)
    assert "--allow-replacement" in result.mend
    (result,) = check(renamed, allow_replacement=True)
    assert result.outcome is Outcome.WARN


def test_what_the_deploy_cannot_do_fails_whatever_is_meant() -> None:
    wanted = copy.deepcopy(TEMPLATE)
    wanted["Resources"]["Airflow"]["Properties"]["KmsKey"] = "arn"
    (result,) = check(wanted, allow_replacement=True)
    assert result.outcome is Outcome.FAIL


def test_the_same_templates_pass() -> None:
    (result,) = check(TEMPLATE)
    assert result.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "account", [{"refused": "ValidationError"}, {"status": "REVIEW_IN_PROGRESS"}]
)
def test_before_a_first_deploy_there_is_nothing_to_compare(renamed: Any, account: Any) -> None:
    (result,) = check(renamed, **account)
    assert result.outcome is Outcome.NOT_CHECKED


def test_an_account_that_does_not_let_it_be_read_fails(renamed: Any) -> None:
    (result,) = check(renamed, refused="AccessDenied")
    assert result.outcome is Outcome.FAIL
    assert "GetTemplate" in result.mend
