"""Roles of CloudFormation with a boundary, and providers of tokens; as IAM tells and enforces."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, Keys, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

TAGS = [{"Key": "cost-center", "Value": "4711"}]


def statement(action: str) -> dict[str, Any]:
    only = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [only]}


def resources(*, limited: bool) -> dict[str, Any]:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    trust = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    return {
        "Limits": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": "limits",
                "PolicyDocument": statement("s3:ListAllMyBuckets"),
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "limited",
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "Policies": [{"PolicyName": "all", "PolicyDocument": statement("*")}],
                "Tags": TAGS,
                **({"PermissionsBoundary": {"Ref": "Limits"}} if limited else {}),
            },
        },
    }


def allowed(emulator: RunningEmulator, keys: Keys) -> dict[str, bool]:
    """Which of two calls a session of the role may make."""
    found = {}
    for service, call in (("s3", "list_buckets"), ("iam", "list_roles")):
        try:
            getattr(emulator.client(service, keys), call)()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
            found[service] = False
        else:
            found[service] = True
    return found


def test_a_boundary_is_kept_and_limits_what_the_role_may_do(emulator: RunningEmulator) -> None:
    stack, iam = Stack(emulator, "limits"), emulator.client("iam")
    policy = f"arn:aws:iam::{ACCOUNT_ID}:policy/limits"
    assert stack.deploy(resources(limited=True)) == "CREATE_COMPLETE"

    role = iam.get_role(RoleName="limited")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName="limited")["Tags"]}
    assert tags.items() >= {"cost-center": "4711", "team": "lake"}.items()
    assert allowed(emulator, emulator.assume(role["Arn"])) == {"s3": True, "iam": False}

    assert stack.deploy(resources(limited=False)) == "UPDATE_COMPLETE"
    role = iam.get_role(RoleName="limited")["Role"]
    assert "PermissionsBoundary" not in role
    assert allowed(emulator, emulator.assume(role["Arn"])) == {"s3": True, "iam": True}

    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName="limited")


def test_a_provider_of_tokens_is_made_changed_and_deleted(emulator: RunningEmulator) -> None:
    stack, iam = Stack(emulator, "provider"), emulator.client("iam")

    def declared(*audiences: str) -> dict[str, Any]:
        properties = {"Url": "https://tokens.example.com", "ClientIdList": audiences, "Tags": TAGS}
        return {"Provider": {"Type": "AWS::IAM::OIDCProvider", "Properties": properties}}

    arn = {
        "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/tokens.example.com"
    }
    outputs = {"Ref": {"Ref": "Provider"}, "Arn": {"Fn::GetAtt": ["Provider", "Arn"]}}
    assert stack.deploy(declared("one"), outputs) == "CREATE_COMPLETE"
    assert set(stack.outputs().values()) == set(arn.values())
    made = iam.get_open_id_connect_provider(**arn)
    assert made["ClientIDList"] == ["one"]
    assert TAGS[0] in made["Tags"]

    second = Stack(emulator, "second-provider")
    assert second.deploy(declared("one")) == "ROLLBACK_COMPLETE"
    assert any("already exists" in reason for reason in second.failures())
    second.delete()

    assert stack.deploy(declared("one", "two"), outputs) == "UPDATE_COMPLETE"
    assert iam.get_open_id_connect_provider(**arn)["ClientIDList"] == ["one", "two"]

    assert stack.delete() == "DELETE_COMPLETE"
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
