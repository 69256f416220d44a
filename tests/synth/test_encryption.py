"""An environment without a key of its own: AWS owns the keys, and nothing names one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.environments import DEV, PROD
from infra.preflight import synthesis
from infra.preflight.assembly import Assembly
from infra.preflight.cost import costs
from infra.preflight.linters import LINTERS, cdk_nag, cfn_lint, checkov, parliament
from infra.preflight.suppressions import read_suppressions, unsuppressed, unused
from infra.settings import EnvironmentSettings, NotificationSettings, RedshiftSettings
from tests.synth.templates import Templates

ACCOUNT, REGION = "111122223333", "cn-north-1"
KEYS_OF = {
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::MWAA::Environment": "KmsKey",
    "AWS::RedshiftServerless::Namespace": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
}
"""The property of each type that names a key."""


def owned_by_aws(settings: EnvironmentSettings, **values: Any) -> EnvironmentSettings:
    return EnvironmentSettings(**{**dict(settings), **values, "encryption_key": "aws-owned"})


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Prod, which has flow logs, access logs and Spark, with all else that is encrypted."""
    settings = owned_by_aws(
        PROD,
        redshift=RedshiftSettings(),
        notifications=NotificationSettings(inbox=True, slack_connection_id="lake_slack"),
    )
    return Templates.synthesize(settings, outdir=tmp_path_factory.mktemp("owned"))


def statements(templates: Templates, path: str) -> dict[str, dict[str, Any]]:
    policy = templates.only("AWS::IAM::Policy", path)
    listed = policy.properties["PolicyDocument"]["Statement"]
    return {statement["Sid"]: statement for statement in listed}


def test_the_environment_has_no_key_and_says_of_none(everything: Templates) -> None:
    assert not everything.of_type("AWS::KMS::Key")
    assert not everything.of_type("AWS::KMS::Alias")
    assert "KeyArn" not in everything.raw["lake-prod-storage"]["Outputs"]


@pytest.mark.parametrize("type", KEYS_OF)
def test_no_resource_names_a_key(everything: Templates, type: str) -> None:
    found = everything.of_type(type)
    assert found
    assert not [each.path for each in found if KEYS_OF[type] in each.properties]


def test_the_secret_of_the_warehouse_names_none_either(everything: Templates) -> None:
    namespace = everything.only("AWS::RedshiftServerless::Namespace").properties
    assert namespace["ManageAdminPassword"] is True
    assert "AdminPasswordSecretKmsKeyId" not in namespace


def test_s3_and_sqs_encrypt_with_keys_of_their_own(everything: Templates) -> None:
    buckets = everything.of_type("AWS::S3::Bucket")
    assert len(buckets) == 5
    for bucket in buckets:
        (rule,) = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    queues = everything.of_type("AWS::SQS::Queue")
    assert len(queues) > 1
    assert all(queue.properties["SqsManagedSseEnabled"] is True for queue in queues)


def test_the_work_group_still_enforces_the_encryption_of_results(everything: Templates) -> None:
    configuration = everything.only("AWS::Athena::WorkGroup").properties["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    encryption = configuration["ResultConfiguration"]["EncryptionConfiguration"]
    assert encryption == {"EncryptionOption": "SSE_S3"}


def test_the_execution_role_uses_keys_of_the_celery_queues_alone(everything: Templates) -> None:
    found = statements(everything, "Airflow/ExecutionRole")
    on_keys = [
        sid for sid, statement in found.items() if any("kms:" in one for one in statement["Action"])
    ]
    assert on_keys == ["UseKeyOfCeleryQueues"]
    assert found["UseKeyOfCeleryQueues"] == {
        "Sid": "UseKeyOfCeleryQueues",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
        # A key of the service: whichever it is, it is none of this account.
        "NotResource": f"arn:aws-cn:kms:*:{ACCOUNT}:key/*",
        "Condition": {"StringLike": {"kms:ViaService": [f"sqs.{REGION}.amazonaws.com"]}},
    }


def test_no_other_role_uses_a_key(everything: Templates) -> None:
    named = {
        policy.path
        for policy in everything.of_type("AWS::IAM::Policy")
        if "kms:" in str(policy.properties["PolicyDocument"])
    }
    assert named == {"Airflow/ExecutionRole/Permissions"}


def test_the_cdks_lookup_role_reads_no_object_which_no_key_closes_to_it(
    everything: Templates, prod: Templates
) -> None:
    def closed(templates: Templates) -> dict[str, Any]:
        return {
            policy.path: statement
            for policy in templates.of_type("AWS::S3::BucketPolicy")
            for statement in policy.properties["PolicyDocument"]["Statement"]
            if statement.get("Sid") == "ClosedToLookups"
        }

    assert not closed(prod), "the lookup role decrypts nothing with KMS"
    found = closed(everything)
    assert len(found) == 4
    assert found["Storage/Landing/Policy"] == {
        "Sid": "ClosedToLookups",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:GetObject*",
        "Resource": f"arn:aws-cn:s3:::lake-prod-landing-{ACCOUNT}-{REGION}/*",
        "Condition": {
            "ArnLike": {"aws:PrincipalArn": f"arn:aws-cn:iam::{ACCOUNT}:role/cdk-*-lookup-role-*"}
        },
    }


@pytest.mark.skipif(not LINTERS.exists(), reason="make .lake/linters-venv/.installed")
@pytest.mark.parametrize("settings", [DEV, PROD], ids=["dev", "prod"])
def test_the_linters_find_nothing_without_a_reason_and_no_key_is_paid_for(
    settings: EnvironmentSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned = owned_by_aws(settings)
    monkeypatch.setattr(synthesis, "environment_settings", lambda _: owned)
    synthesis.main(owned.name, str(tmp_path))
    assembly = Assembly.read(tmp_path, prefix=owned.prefix)
    assert not [each for each in costs(owned, assembly) if "Key" in each.resource]
    findings = [
        found for lint in (cfn_lint, cdk_nag, parliament, checkov) for found in lint(assembly)
    ]
    suppressions = read_suppressions(owned)
    assert not unsuppressed(findings, suppressions)
    assert not unused(findings, suppressions)
