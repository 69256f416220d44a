"""Stacks: what cannot be made fails the deployment, and what was made before is undone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded


def buckets(emulator: RunningEmulator) -> set[str]:
    return {bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]}


def bucket(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **properties}}


def test_an_unknown_resource_type_is_refused_before_anything_is_made(
    emulator: RunningEmulator,
) -> None:
    stack = Stack(emulator, "unknown-type")
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Nowhere::Thing\]"):
        stack.deploy({"Bucket": bucket("never-made"), "Thing": {"Type": "AWS::Nowhere::Thing"}})
    assert not stack.exists()
    assert "never-made" not in buckets(emulator)


@pytest.mark.parametrize("resource_type", ["Custom::Thing", "AWS::CloudFormation::CustomResource"])
def test_a_custom_resource_that_nobody_makes_fails_at_once(
    emulator: RunningEmulator, resource_type: str
) -> None:
    stack = Stack(emulator, f"custom-{resource_type.rpartition(':')[2].lower()}")
    thing = {"Type": resource_type, "Properties": {"ServiceToken": "arn:aws:lambda:x"}}
    try:
        status = stack.deploy({"Thing": thing})
    except ClientError as refused:
        assert resource_type in str(refused)
    else:
        assert status == "ROLLBACK_COMPLETE"
        assert any(resource_type in reason for reason in stack.failures())


def test_a_failed_create_is_rolled_back_with_the_reason(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "failed-create")
    status = stack.deploy(
        {
            "Bucket": bucket("made-then-undone"),
            "Thing": {"Type": "Custom::Thing", "DependsOn": "Bucket"},
        }
    )
    assert status == "ROLLBACK_COMPLETE"
    assert any("runs no functions of custom resources" in text for text in stack.failures())
    assert "made-then-undone" not in buckets(emulator)
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_update_puts_the_old_properties_back(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "failed-update")
    old = bucket("kept", VersioningConfiguration={"Status": "Enabled"}, Tags=[_tag("v", "1")])
    new = bucket("kept", VersioningConfiguration={"Status": "Enabled"}, Tags=[_tag("v", "2")])
    assert stack.deploy({"Bucket": old}) == "CREATE_COMPLETE"
    status = stack.deploy(
        {"Bucket": new, "Thing": {"Type": "Custom::Thing", "DependsOn": "Bucket"}}
    )
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    tags = emulator.client("s3").get_bucket_tagging(Bucket="kept")["TagSet"]
    assert _tag("v", "1") in tags
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_bucket_that_holds_objects_is_not_deleted(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "full-bucket")
    stack.deploy({"Bucket": bucket("full")})
    s3 = emulator.client("s3")
    s3.put_object(Bucket="full", Key="key", Body=b"content")
    assert stack.delete() == "DELETE_FAILED"
    assert any("BucketNotEmpty" in reason for reason in stack.failures())
    s3.delete_object(Bucket="full", Key="key")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_property_that_would_be_dropped_fails_the_deployment(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "dropped-property")
    status = stack.deploy({"Bucket": bucket("dropped", AccelerateConfiguration={})})
    assert status == "ROLLBACK_COMPLETE"
    assert any("cannot set AccelerateConfiguration" in reason for reason in stack.failures())


def _tag(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_a_change_set_of_outputs_alone_is_executed_and_one_of_nothing_is_refused(
    emulator: RunningEmulator,
) -> None:
    stack = Stack(emulator, "outputs")
    resources = {"Bucket": bucket("outputs-alone")}
    assert stack.deploy(resources) == "CREATE_COMPLETE"

    def change_set(name: str) -> Any:
        outputs = {"Name": {"Value": {"Ref": "Bucket"}}}
        template = json.dumps({"Resources": resources, "Outputs": outputs})
        stack.api.create_change_set(StackName=stack.name, ChangeSetName=name, TemplateBody=template)
        return stack.api.describe_change_set(StackName=stack.name, ChangeSetName=name)

    first = change_set("first")
    assert (first["Status"], first["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName="first")
    assert stack.settled() == "UPDATE_COMPLETE"
    assert stack.describe()["Outputs"][0]["OutputValue"] == "outputs-alone"
    assert change_set("second")["Status"] == "FAILED"
