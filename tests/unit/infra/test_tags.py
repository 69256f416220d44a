"""Tags and boundaries that AWS would refuse in the middle of a deployment."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.environments import DEV
from infra.settings import EnvironmentSettings

ARN = "arn:aws:iam::111122223333:policy/platform/boundary"


def dev(**changes: Any) -> EnvironmentSettings:
    return EnvironmentSettings.model_validate(DEV.model_dump() | changes)


def test_tags_are_taken_as_they_are_and_cannot_be_changed() -> None:
    tags = {"cost-center": "4711", "Owner": "data@example.com", "path": "a/b:c=d + e.f_g"}
    settings = dev(tags=tags)

    assert settings.tags == tags
    assert settings.model_dump()["tags"] == tags
    with pytest.raises(TypeError):
        settings.tags["more"] = "1"  # type: ignore[index]  # it is read-only


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:createdBy": "me"}, "AWS and the CDK keep such names"),
        ({"AWS:x": "me"}, "AWS and the CDK keep such names"),
        ({"aws-cdk:cr-owned": "me"}, "AWS and the CDK keep such names"),
        ({"lake": "mine"}, "the CDK app sets it"),
        ({"Lake": "mine"}, "the CDK app sets it"),
        ({"": "x"}, "expected 1 to 128 letters"),
        ({"k" * 129: "x"}, "expected 1 to 128 letters"),
        ({"a*b": "x"}, "expected 1 to 128 letters"),
        ({" a": "x"}, "expected 1 to 128 letters"),
        ({"a": ""}, "expected a value of 1 to 256 letters"),
        ({"a": "v" * 257}, "expected a value of 1 to 256 letters"),
        ({"a": "x;y"}, "not 'x;y'"),
        ({"team": "a", "Team": "b"}, "tags 'team' and 'Team'"),
        ({f"key{number}": "x" for number in range(41)}, "41 tags: expected at most 40"),
    ],
)
def test_tags_that_aws_or_the_lake_refuses_are_refused(tags: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match="tag") as refused:
        dev(tags=tags)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "boundary", ["boundary", "platform/boundary", ARN, "arn:aws:iam::aws:policy/PowerUserAccess"]
)
def test_a_boundary_is_a_name_or_an_arn(boundary: str) -> None:
    assert dev(permissions_boundary=boundary).permissions_boundary == boundary


@pytest.mark.parametrize(
    "boundary", ["", "a b", "arn:aws:iam::111122223333:role/boundary", "arn:aws:s3:::policy/x"]
)
def test_what_is_no_policy_is_refused(boundary: str) -> None:
    with pytest.raises(ValidationError, match="permissions_boundary"):
        dev(permissions_boundary=boundary)


def test_the_boundary_of_another_account_is_refused() -> None:
    dev(permissions_boundary=ARN, account="111122223333")
    with pytest.raises(ValidationError, match="expected a policy of the account 444455556666"):
        dev(permissions_boundary=ARN, account="444455556666")
