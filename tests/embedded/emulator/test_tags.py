"""A whole environment with tags and a boundary, deployed by the real `cdk` and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.environments import DEV
from infra.settings import EnvironmentSettings
from tests.embedded.cdk import Cdk
from tests.embedded.running import RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

TAGS = {"cost-center": "4711", "owner": "data@example.com"}
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def test_every_role_has_the_boundary_and_resources_have_the_tags(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    iam = emulator.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [ANYTHING]})
    limits = iam.create_policy(PolicyName="limits", PolicyDocument=document)["Policy"]["Arn"]
    cdk = Cdk.in_a_copy(emulator, tmp_path / "checkout")
    tagged = {**dict(DEV), "tags": TAGS, "permissions_boundary": "limits"}
    cdk.choose(EnvironmentSettings(**tagged))
    cdk.deploy()

    named = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    ours = [iam.get_role(RoleName=name)["Role"] for name in named if name.startswith("lake-dev")]
    assert len(ours) >= 4
    for role in ours:
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == limits, role["RoleName"]
        assert TAGS.items() <= {t["Key"]: t["Value"] for t in role["Tags"]}.items()

    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    buckets = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    for name in buckets:
        if name.startswith("lake-dev"):
            tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
            assert TAGS.items() <= {t["Key"]: t["Value"] for t in tags}.items(), name
    queues = sqs.list_queues(QueueNamePrefix="lake-dev")["QueueUrls"]
    assert queues
    for url in queues:
        assert TAGS.items() <= sqs.list_queue_tags(QueueUrl=url)["Tags"].items(), url
    vpcs = emulator.client("ec2").describe_vpcs(
        Filters=[{"Name": "tag:cost-center", "Values": ["4711"]}]
    )["Vpcs"]
    assert len(vpcs) == 1
    functions = emulator.client("lambda")
    for function in functions.list_functions()["Functions"]:
        tags = functions.list_tags(Resource=function["FunctionArn"])["Tags"]
        assert TAGS.items() <= tags.items(), function["FunctionName"]
