"""CloudFormation acts with the role that `cdk bootstrap` made, and the narrow policies suffice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from infra.delivery.rights import deployment_policies
from infra.environments import DEV
from infra.preflight.assembly import Assembly
from infra.settings import LakeFormationSettings
from tests.embedded.cdk import Cdk, left_behind
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

SETTINGS = DEV.model_copy(update={"lake_formation": LakeFormationSettings()})
ROLE = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT_ID}-{REGION}"


@pytest.fixture(scope="module")
def cdk(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The command, in an account whose CloudFormation may do what the policies of `dev` say."""
    command = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    command.choose(SETTINGS)
    iam = emulator.client("iam")
    arns = []
    for number, policy in enumerate(policies(command), start=1):
        document = json.dumps(policy, separators=(",", ":"))
        name = f"lake-dev-deploy-{number}"
        arns.append(iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])
    bootstrap(command, arns)
    return command


def policies(cdk: Cdk) -> list[Mapping[str, Any]]:
    assembly = Assembly.read(cdk.checkout / "cdk.out", prefix=SETTINGS.prefix)
    return deployment_policies(assembly, SETTINGS, account=ACCOUNT_ID, region=REGION)


def bootstrap(cdk: Cdk, policy_arns: list[str]) -> None:
    cdk.run(
        "bootstrap",
        f"aws://{ACCOUNT_ID}/{REGION}",
        "--app=cdk.out",
        "--cloudformation-execution-policies",
        ",".join(policy_arns),
    )


def test_the_policies_suffice_to_deploy_update_and_destroy(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    before = left_behind(emulator)
    cdk.deploy()
    assert mwaa.environments["lake-dev"]["ExecutionRoleArn"]
    cdk.choose(SETTINGS.model_copy(update={"log_retention_days": 14}))
    cdk.deploy()
    group = emulator.client("logs").describe_log_groups(logGroupNamePrefix="airflow-lake-dev-Task")
    assert group["logGroups"][0]["retentionInDays"] == 14
    cdk.destroy()
    assert left_behind(emulator) == before


def test_a_right_that_is_missing_fails_the_deploy_by_name_and_a_second_deploy_succeeds(
    cdk: Cdk, emulator: RunningEmulator
) -> None:
    before = left_behind(emulator)
    told = {
        "s3:PutLifecycleConfiguration": "s3:::lake-dev-",
        "athena:CreateNamedQuery": "workgroup/lake-dev",
        "iam:PassRole": "role/lake-dev-",
    }
    for denied, resource in told.items():
        with without(emulator, denied):
            said = cdk.deploy(succeeds=False)
        who = f"assumed-role/{ROLE}/AWSCloudFormation"
        assert f"{who} is not authorized to perform: {denied} on resource: arn:aws:" in said
        assert resource in said
    cdk.deploy()
    cdk.destroy()
    assert left_behind(emulator) == before


@contextmanager
def without(emulator: RunningEmulator, action: str) -> Iterator[None]:
    """CloudFormation's role, for as long as the block lasts, without one right."""
    iam = emulator.client("iam")
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="less", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=ROLE, PolicyName="less")


def test_another_environment_is_out_of_reach(cdk: Cdk) -> None:
    cdk.choose(SETTINGS.model_copy(update={"name": "other"}))
    said = cdk.deploy(succeeds=False)
    assert "is not authorized to perform" in said
    assert "lake-other" in said
    cdk.destroy()
