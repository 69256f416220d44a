"""The checks of an account, asked of the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.delivery.reads import READS
from infra.environments import DEV
from infra.preflight.account import check_account
from infra.preflight.assembly import ACCOUNT, Assembly, synthesize
from infra.preflight.changes import check_changes
from infra.preflight.connection import Account
from infra.preflight.deployed import check_deployed, permissions
from infra.preflight.linters import policies
from infra.preflight.permissions import ALLOWED
from infra.preflight.result import Outcome, Result
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

NAME = "lake-dev"
BUCKET = f"{NAME}-landing-{ACCOUNT_ID}-{REGION}"
AIRFLOW_BUCKET = f"{NAME}-airflow-{ACCOUNT_ID}-{REGION}"
OPTIONS = {
    "lake.landing_bucket": BUCKET,
    "lake.curated_bucket": f"{NAME}-curated-{ACCOUNT_ID}-{REGION}",
    "lake.database": "lake_dev",
    "lake.workgroup": NAME,
    "lake.arrival_queues": f"{NAME}-arrivals-",
}
LOGS = {
    "Effect": "Allow",
    "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
    "Action": ["kms:Encrypt*", "kms:Decrypt*"],
    "Resource": "*",
}
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def subnet(number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": {"Ref": "Vpc"},
            "CidrBlock": f"10.9.{number}.0/24",
            "AvailabilityZone": f"{REGION}{'ab'[number]}",
        },
    }


def resources(*, right: bool) -> dict[str, Any]:
    """A small environment; `right` or as somebody has changed it."""
    services = ["airflow.amazonaws.com", *(["airflow-env.amazonaws.com"] if right else [])]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": sorted(ALLOWED), "Resource": "*"}
    never = {"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    block = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), right
    )
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "SubnetA": subnet(0),
        "SubnetB": subnet(1),
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": AIRFLOW_BUCKET,
                "PublicAccessBlockConfiguration": block,
                **({"VersioningConfiguration": {"Status": "Enabled"}} if right else {}),
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": policy(ROOT, LOGS) if right else policy(ROOT)},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": f"{NAME}-role",
                "AssumeRolePolicyDocument": policy(trust),
                "Policies": [{"PolicyName": "all", "PolicyDocument": policy(everything, never)}],
            },
        },
        "Environment": {
            "Type": "AWS::MWAA::Environment",
            "Properties": {
                "Name": NAME,
                "AirflowVersion": "3.3.1",
                "SourceBucketArn": {"Fn::GetAtt": ["Bucket", "Arn"]},
                "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]},
                "NetworkConfiguration": {"SubnetIds": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]},
                "AirflowConfigurationOptions": OPTIONS,
            },
        },
    }


@pytest.fixture
def stack(emulator: RunningEmulator, mwaa: FakeMwaa) -> Iterator[Stack]:
    stack = Stack(emulator, f"{NAME}-airflow")
    yield stack
    if stack.exists():
        stack.delete()
    mwaa.environments.clear()


def assembly() -> Assembly:
    """A template that names the bucket of landed files, and has a VPC."""
    rendered = {
        "Landing": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": f"{NAME}-landing-111122223333-us-east-1"},
        },
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {}},
    }
    templates = {f"{NAME}-storage": {"Resources": rendered}}
    return Assembly(folder=Path(), prefix=NAME, templates=templates)


def account(emulator: RunningEmulator) -> dict[str, Result]:
    way = Account(connect=emulator.client, region=REGION)
    return {result.check: result for result in check_account(DEV, assembly(), account=way)}


def deployed(emulator: RunningEmulator) -> dict[str, Result]:
    results = check_deployed(DEV, connect=emulator.client)
    return {result.check: result for result in results}


def test_an_empty_account_lacks_the_bootstrap_and_has_the_names_free(
    emulator: RunningEmulator,
) -> None:
    found = account(emulator)

    assert found["account: credentials"].outcome is Outcome.PASS
    assert ACCOUNT_ID in found["account: credentials"].found
    assert found["account: bootstrap"].outcome is Outcome.FAIL
    assert found["account: names"].outcome is Outcome.PASS
    for name, result in found.items():
        if name.startswith("account: quota"):
            assert result.outcome is Outcome.NOT_CHECKED, "no service quotas, and no pass of them"


def test_a_bucket_that_no_stack_of_the_environment_made_is_taken(
    emulator: RunningEmulator,
) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)

    taken = account(emulator)["account: names"]

    s3.delete_bucket(Bucket=BUCKET)
    assert taken.outcome is Outcome.FAIL
    assert f"bucket {BUCKET}" in taken.found


def test_a_bucket_of_the_environments_own_stack_is_not(emulator: RunningEmulator) -> None:
    own = Stack(emulator, f"{NAME}-storage")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}
    assert own.deploy({"Landing": bucket}) == "CREATE_COMPLETE"

    names = account(emulator)["account: names"]

    assert own.delete() == "DELETE_COMPLETE"
    assert names.outcome is Outcome.PASS
    assert "1 its own" in names.found


def test_an_environment_that_is_not_there_is_not_checked(emulator: RunningEmulator) -> None:
    assert [result.outcome for result in deployed(emulator).values()] == [Outcome.NOT_CHECKED]


def test_a_deployed_environment_is_held_to_what_mwaa_needs(
    emulator: RunningEmulator, stack: Stack
) -> None:
    assert stack.deploy(resources(right=True)) == "CREATE_COMPLETE", stack.failures()

    found = deployed(emulator)

    assert found["deployed: subnets"].outcome is Outcome.PASS
    assert found["deployed: Airflow bucket"].outcome is Outcome.PASS
    assert found["deployed: key"].outcome is Outcome.PASS
    assert found["deployed: trust"].outcome is Outcome.PASS
    # No NAT gateway and no endpoints: the subnets reach nothing.
    assert found["deployed: routes"].outcome is Outcome.FAIL
    assert "no endpoint for kms, logs, monitoring, s3, sqs" in found["deployed: routes"].found
    # The role may do the same on other resources, which is one right too many.
    assert found["deployed: permissions"].outcome is Outcome.FAIL
    assert "another-bucket" in found["deployed: permissions"].found
    assert "ListAllMyBuckets" not in found["deployed: permissions"].found


def test_who_deploys_from_github_may_read_all_that_is_asked(
    emulator: RunningEmulator, stack: Stack
) -> None:
    assert stack.deploy(resources(right=True)) == "CREATE_COMPLETE", stack.failures()
    known = {
        "prefix": NAME,
        "database": DEV.database_name,
        "account": ACCOUNT_ID,
        "where": f"{REGION}:{ACCOUNT_ID}",
    }
    reads = [
        {
            "Effect": "Allow",
            "Action": list(read.actions),
            "Resource": [
                arn if arn == "*" else f"arn:aws:{arn.format(**known)}" for arn in read.resources
            ],
        }
        for read in READS
    ]
    iam = emulator.client("iam")
    trust = json.dumps(policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}))
    role = iam.create_role(RoleName="reads", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(
        RoleName="reads", PolicyName="all", PolicyDocument=json.dumps(policy(*reads))
    )
    keys = emulator.assume(role["Arn"])

    def client(service: str) -> Any:
        return emulator.client(service, keys)

    by_role = [
        *check_account(DEV, assembly(), account=Account(connect=client, region=REGION)),
        *check_deployed(DEV, connect=client),
    ]
    templates = {stack.name: {"Resources": resources(right=True)}}
    (changes,) = check_changes(
        Assembly(folder=Path(), prefix=NAME, templates=templates),
        account=Account(connect=client, region=REGION),
        allow_replacement=False,
    )

    by_root = {**account(emulator), **deployed(emulator)}
    iam.delete_role_policy(RoleName="reads", PolicyName="all")
    iam.delete_role(RoleName="reads")
    # Who asks is another, and the embedded AWS has no service quotas.
    apart = {check for check in by_root if "credentials" in check or "quota" in check}
    found = {result.check: result for result in by_role if result.check not in apart}
    assert found == {check: by_root[check] for check in by_root if check not in apart}
    assert changes.outcome is Outcome.PASS, changes.found


def test_what_somebody_has_changed_is_named(emulator: RunningEmulator, stack: Stack) -> None:
    assert stack.deploy(resources(right=False)) == "CREATE_COMPLETE", stack.failures()

    found = deployed(emulator)

    assert found["deployed: Airflow bucket"].found == f"{AIRFLOW_BUCKET} keeps no versions"
    assert found["deployed: key"].outcome is Outcome.FAIL
    assert found["deployed: trust"].found.endswith("does not trust airflow-env.amazonaws.com")


def test_the_table_agrees_with_the_role_that_the_app_makes(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    documents = dict(policies(synthesize(DEV, tmp_path)))
    role = json.dumps(documents["airflow/Airflow/ExecutionRole/Permissions/Resource"])
    iam = emulator.client("iam")
    trust = json.dumps(policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}))
    made = iam.create_role(RoleName="real", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(
        RoleName="real", PolicyName="all", PolicyDocument=role.replace(ACCOUNT, ACCOUNT_ID)
    )
    environment = {
        "Name": NAME,
        "Arn": f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/{NAME}",
        "SourceBucketArn": f"arn:aws:s3:::{AIRFLOW_BUCKET}",
        "ExecutionRoleArn": made["Arn"],
        "AirflowConfigurationOptions": OPTIONS
        | {"lake.sns_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{NAME}-messages"},
    }

    result = permissions("permissions", environment, emulator.client)

    iam.delete_role_policy(RoleName="real", PolicyName="all")
    iam.delete_role(RoleName="real")
    assert result.outcome is Outcome.PASS, result.found
