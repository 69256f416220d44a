"""What a deploy does to each resource, by the schemas of CloudFormation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.changes.compare import Action, Change, Comparison
from infra.changes.templates import Templates

type Document = dict[str, Any]


def output(stack: str, name: str) -> Document:
    return {"Fn::GetStackOutput": {"StackName": stack, "OutputName": name}}


@pytest.fixture
def deployed() -> dict[str, Document]:
    """A key, a subnet, a bucket, and the environment that refers to them."""
    return {
        "storage": {
            "Resources": {
                "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
                "Landing": {
                    "Type": "AWS::S3::Bucket",
                    "DeletionPolicy": "Retain",
                    "Properties": {
                        "BucketName": {"Fn::Join": ["-", ["landing", {"Ref": "AWS::Region"}]]}
                    },
                },
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 3}},
            },
            "Outputs": {"KeyArn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
        },
        "network": {
            "Resources": {
                "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
                "Subnet": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
                },
            },
            "Outputs": {"Subnet": {"Value": {"Ref": "Subnet"}, "Export": {"Name": "subnet"}}},
        },
        "airflow": {
            "Resources": {
                "Bundle": {
                    "Type": "Custom::CDKBucketDeployment",
                    "Properties": {"SourceObjectKeys": ["old.zip"]},
                },
                "Airflow": {
                    "Type": "AWS::MWAA::Environment",
                    "Metadata": {"aws:cdk:path": "airflow/Airflow/Resource"},
                    "Properties": {
                        "Name": "lake-dev",
                        "KmsKey": output("storage", "KeyArn"),
                        "MaxWorkers": 2,
                        "NetworkConfiguration": {
                            "SubnetIds": [output("network", "Subnet")],
                            "SecurityGroupIds": ["sg-1"],
                        },
                        "PluginsS3ObjectVersion": {"Fn::GetAtt": ["Bundle", "Versions"]},
                    },
                },
            }
        },
    }


def compare(deployed: dict[str, Document], edit: Callable[[Any], object]) -> dict[str, Change]:
    """The changes by logical id, after `edit` of a copy."""
    wanted = copy.deepcopy(deployed)
    edit(wanted)
    where = {"account": "123456789012", "region": "eu-west-1"}
    comparison = Comparison(
        Templates(by_stack=deployed, **where), Templates(by_stack=wanted, **where)
    )
    return {change.key[1]: change for change in comparison.changes()}


def airflow(templates: Any) -> Any:
    return templates["airflow"]["Resources"]["Airflow"]["Properties"]


def resources(templates: Any, stack: str) -> Any:
    return templates[stack]["Resources"]


def test_nothing_changed_is_nothing_said(deployed: dict[str, Document]) -> None:
    assert compare(deployed, lambda _: None) == {}


def test_a_value_that_is_only_said_in_another_way_is_the_same(
    deployed: dict[str, Document],
) -> None:
    def say_otherwise(templates: Any) -> None:
        bucket = resources(templates, "storage")["Landing"]["Properties"]
        bucket["BucketName"] = {"Fn::Sub": "landing-${AWS::Region}"}
        network = airflow(templates)["NetworkConfiguration"]
        network["SubnetIds"] = [{"Fn::ImportValue": "subnet"}]

    assert compare(deployed, say_otherwise) == {}


@pytest.mark.parametrize(
    ("cause", "value"),
    [("KmsKey", "arn:aws:kms:key/other"), ("EndpointManagement", "SERVICE")],
)
def test_an_environment_under_its_name_cannot_be_replaced(
    deployed: dict[str, Document], cause: str, value: str
) -> None:
    change = compare(deployed, lambda t: airflow(t).update({cause: value}))["Airflow"]
    assert (change.action, change.properties) == (Action.REPLACED, (cause,))
    assert change.name_taken
    assert change.construct == "airflow/Airflow/Resource"


def test_another_name_makes_another_environment(deployed: dict[str, Document]) -> None:
    change = compare(deployed, lambda t: airflow(t).update(Name="lake-test"))["Airflow"]
    assert (change.action, change.name_taken) == (Action.REPLACED, False)


def test_other_properties_and_security_groups_are_updated_in_place(
    deployed: dict[str, Document],
) -> None:
    def edit(templates: Any) -> None:
        airflow(templates)["MaxWorkers"] = 5
        airflow(templates)["NetworkConfiguration"]["SecurityGroupIds"] = ["sg-2"]

    change = compare(deployed, edit)["Airflow"]
    assert change.action is Action.UPDATED
    assert change.properties == ("MaxWorkers", "NetworkConfiguration")


def test_what_refers_to_a_replaced_resource_in_another_stack_is_replaced_too(
    deployed: dict[str, Document],
) -> None:
    vpc = {"CidrBlock": "10.9.0.0/16"}
    found = compare(deployed, lambda t: resources(t, "network")["Vpc"].update(Properties=vpc))
    causes = {name: change.properties for name, change in found.items()}
    assert causes == {
        "Vpc": ("CidrBlock",),
        "Subnet": ("VpcId",),
        "Airflow": ("NetworkConfiguration.SubnetIds",),
    }
    assert {change.action for change in found.values()} == {Action.REPLACED}


def test_a_new_content_of_the_bundle_is_an_update(deployed: dict[str, Document]) -> None:
    keys = {"SourceObjectKeys": ["new.zip"]}
    found = compare(deployed, lambda t: resources(t, "airflow")["Bundle"].update(Properties=keys))
    assert found["Airflow"].action is Action.UPDATED
    assert found["Airflow"].properties == ("PluginsS3ObjectVersion",)


def test_a_deleted_resource_says_whether_a_policy_keeps_it(deployed: dict[str, Document]) -> None:
    def edit(templates: Any) -> None:
        del resources(templates, "storage")["Landing"]
        del resources(templates, "storage")["Queue"]

    found = compare(deployed, edit)
    assert (found["Landing"].action, found["Landing"].kept) == (Action.DELETED, True)
    assert (found["Queue"].action, found["Queue"].kept) == (Action.DELETED, False)


def test_a_named_resource_under_another_logical_id_finds_its_name_taken(
    deployed: dict[str, Document],
) -> None:
    def move(templates: Any) -> None:
        storage = resources(templates, "storage")
        storage["Moved"] = storage.pop("Landing")

    assert compare(deployed, move)["Landing"].name_taken


def test_another_type_under_a_logical_id_replaces(deployed: dict[str, Document]) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    found = compare(deployed, lambda t: resources(t, "storage").update(Queue=topic))
    assert (found["Queue"].type, found["Queue"].properties) == ("AWS::SQS::Queue", ("Type",))


def test_stacks_that_are_not_deployed_yet_are_not_compared(deployed: dict[str, Document]) -> None:
    new = {"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}
    assert compare(deployed, lambda t: t.update(redshift=new)) == {}
