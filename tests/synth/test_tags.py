"""Each resource of each stack has the environment's tags, and each role its boundary."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environments import PROD
from infra.settings import EnvironmentSettings
from tests.synth.templates import Resource, Templates

TAGS = {"cost-center": "4711", "owner": "data@example.com"}
# Without keeping its data, there are the functions that empty buckets too.
TAGGED = EnvironmentSettings.model_validate(
    PROD.on_redshift().model_dump()
    | {"tags": TAGS, "permissions_boundary": "platform/boundary", "keep_data": False}
)
BOUNDARY = "arn:aws-cn:iam::111122223333:policy/platform/boundary"
WITHOUT_TAGS = {
    "AWS::Athena::NamedQuery",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::Glue::Database",
    "AWS::IAM::Policy",
    "AWS::KMS::Alias",
    "AWS::Lambda::LayerVersion",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "Custom::CDKBucketDeployment",
    "Custom::S3AutoDeleteObjects",
    "Custom::VpcRestrictDefaultSG",
}
"""Types that CloudFormation gives no tags."""


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates.synthesize(TAGGED, outdir=tmp_path_factory.mktemp("tagged"))


def tags_of(resource: Resource) -> dict[str, str]:
    tags: Any = resource.properties.get("Tags", {})
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def test_every_resource_that_can_have_tags_has_them(tagged: Templates) -> None:
    without = [
        (resource.type, resource.path)
        for resource in tagged.resources
        if resource.type not in WITHOUT_TAGS and not TAGS.items() <= tags_of(resource).items()
    ]
    assert without == []


def test_the_stacks_have_them_beside_the_lake(tagged: Templates) -> None:
    stacks = [
        artifact["properties"]["tags"]
        for artifact in tagged.manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert stacks == [TAGS | {"lake": "lake-prod"}] * len(tagged.raw)


def test_every_role_has_the_boundary_those_of_custom_resources_too(tagged: Templates) -> None:
    roles = tagged.of_type("AWS::IAM::Role")

    assert any("CustomResourceProvider" in role.path for role in roles)
    assert {role.path: role.properties.get("PermissionsBoundary") for role in roles} == {
        role.path: BOUNDARY for role in roles
    }


def test_without_settings_there_is_neither(templates: Templates) -> None:
    for role in templates.of_type("AWS::IAM::Role"):
        assert "PermissionsBoundary" not in role.properties
