"""`prod`, as the real `cdk` deploys it, read back through each service's own API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.environments import PROD
from tests.embedded.cdk import Cdk
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

BUCKETS = ("landing", "curated", "query-results", "airflow")


@pytest.fixture(scope="module")
def prod(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> RunningEmulator:
    """The embedded AWS with `prod`, which goes with it."""
    cdk = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    # The embedded AWS has no EMR Serverless.
    cdk.choose(PROD.model_copy(update={"spark": None}))
    cdk.deploy()
    return emulator


def name_of(purpose: str) -> str:
    return f"lake-prod-{purpose}-{ACCOUNT_ID}-{REGION}"


def key_arn(emulator: RunningEmulator) -> str:
    key = emulator.client("kms").describe_key(KeyId="alias/lake-prod")["KeyMetadata"]
    assert key["Enabled"]
    return str(key["Arn"])


def denied_to(statements: list[dict[str, Any]]) -> list[str]:
    """The conditions of what a policy denies to everybody."""
    return [
        json.dumps(each["Condition"], sort_keys=True)
        for each in statements
        if each["Effect"] == "Deny"
    ]


@pytest.mark.parametrize("purpose", BUCKETS)
def test_a_bucket_is_encrypted_private_and_of_this_account(
    prod: RunningEmulator, purpose: str
) -> None:
    s3, name = prod.client("s3"), name_of(purpose)
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": key_arn(prod),
    }
    assert rule["BucketKeyEnabled"]
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert list(block.values()) == [True] * 4
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    tls, account = denied_to(policy["Statement"])
    assert tls == '{"Bool": {"aws:SecureTransport": "false"}}'
    assert f'"StringNotEquals": {{"aws:PrincipalAccount": "{ACCOUNT_ID}"}}' in account
    logging = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
    assert logging["TargetBucket"] == name_of("access-logs")


def test_buckets_keep_and_expire_what_the_settings_say(prod: RunningEmulator) -> None:
    s3 = prod.client("s3")
    versioned = {
        purpose
        for purpose in BUCKETS
        if s3.get_bucket_versioning(Bucket=name_of(purpose)).get("Status") == "Enabled"
    }
    assert versioned == {"landing", "airflow"}
    rules = {
        rule["ID"]: rule
        for purpose in BUCKETS
        for rule in s3.get_bucket_lifecycle_configuration(Bucket=name_of(purpose))["Rules"]
    }
    storage = PROD.storage
    archive = rules["keep-originals"]
    assert archive["Expiration"]["Days"] == storage.archive_days
    (colder,) = archive["Transitions"]
    assert colder == {"Days": storage.archive_rarely_read_days, "StorageClass": "GLACIER_IR"}
    noncurrent = rules["expire-noncurrent-files"]["NoncurrentVersionExpiration"]
    assert noncurrent["NoncurrentDays"] == storage.landing_noncurrent_days


def test_the_key_turns_and_admits_logs_of_the_environment_and_its_alarms(
    prod: RunningEmulator,
) -> None:
    kms, arn = prod.client("kms"), key_arn(prod)
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    by_sid = {each.get("Sid", ""): each for each in policy["Statement"]}
    logs = by_sid["EncryptLogGroups"]
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    groups = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert all(":log-group:" in group and "lake-prod" in group for group in groups)
    assert by_sid["EncryptAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_log_groups_are_encrypted_and_end(prod: RunningEmulator) -> None:
    pages = prod.client("logs").get_paginator("describe_log_groups").paginate()
    groups = [group for page in pages for group in page["logGroups"]]
    of_airflow = {
        group["logGroupName"].rpartition("-")[2]
        for group in groups
        if group["logGroupName"].startswith("airflow-lake-prod-")
    }
    assert of_airflow == {"DAGProcessing", "Scheduler", "Task", "WebServer", "Worker"}
    for group in groups:
        assert group["retentionInDays"] == PROD.log_retention_days, group["logGroupName"]
        assert group["kmsKeyId"] == key_arn(prod), group["logGroupName"]


def test_the_work_group_limits_scans_and_lets_no_client_override_it(prod: RunningEmulator) -> None:
    group = prod.client("athena").get_work_group(WorkGroup="lake-prod")["WorkGroup"]
    configuration = group["Configuration"]
    assert configuration["EnforceWorkGroupConfiguration"]
    assert configuration["BytesScannedCutoffPerQuery"] == PROD.athena.scan_limit_bytes
    assert "version 3" in configuration["EngineVersion"]["SelectedEngineVersion"]
    results = configuration["ResultConfiguration"]
    assert results["OutputLocation"] == f"s3://{name_of('query-results')}/results/"
    assert results["EncryptionConfiguration"]["KmsKey"] == key_arn(prod)
    database = prod.client("glue").get_database(Name="lake_prod")["Database"]
    assert database["Name"] == "lake_prod"


def test_the_environment_is_as_the_settings_say(prod: RunningEmulator, mwaa: FakeMwaa) -> None:
    found, said = mwaa.environments["lake-prod"], PROD.airflow
    assert prod.client("mwaa").list_environments()["Environments"] == ["lake-prod"]
    expected = {
        "AirflowVersion": said.version,
        "EnvironmentClass": said.environment_class,
        "MinWorkers": said.min_workers,
        "MaxWorkers": said.max_workers,
        "Schedulers": said.schedulers,
        "MinWebservers": said.min_webservers,
        "MaxWebservers": said.max_webservers,
        "WebserverAccessMode": said.webserver_access_mode,
        "WeeklyMaintenanceWindowStart": said.weekly_maintenance_window_start,
        "KmsKey": key_arn(prod),
        "SourceBucketArn": f"arn:aws:s3:::{name_of('airflow')}",
    }
    assert {name: found[name] for name in expected} == expected
    options = found["AirflowConfigurationOptions"]
    assert {name: options[name] for name in said.options} == dict(said.options)
    assert all(log["Enabled"] for log in found["LoggingConfiguration"].values())
    # Versions that the bucket has: an update and a rollback name another one.
    s3 = prod.client("s3")
    for part in ("Plugins", "Requirements", "StartupScript"):
        version = s3.head_object(
            Bucket=name_of("airflow"),
            Key=found[f"{part}S3Path"],
            VersionId=found[f"{part}S3ObjectVersion"],
        )
        assert version["ContentLength"] > 0, part


def test_the_network_lets_in_nobody_and_out_by_https(prod: RunningEmulator, mwaa: FakeMwaa) -> None:
    ec2 = prod.client("ec2")
    network = mwaa.environments["lake-prod"]["NetworkConfiguration"]
    subnets = ec2.describe_subnets(SubnetIds=network["SubnetIds"])["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    (group,) = ec2.describe_security_groups(GroupIds=network["SecurityGroupIds"])["SecurityGroups"]
    for rule in group["IpPermissions"]:
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group["GroupId"]]
        assert not rule["IpRanges"]
    out = [rule for rule in group["IpPermissionsEgress"] if rule["IpRanges"]]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in out] == [(443, 443)]
    (vpc_id,) = {subnet["VpcId"] for subnet in subnets}
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc_id]}])["FlowLogs"]
    assert [log["TrafficType"] for log in logs] == ["ALL"]
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    assert len({gateway["SubnetId"] for gateway in gateways if gateway["VpcId"] == vpc_id}) == 2


def test_what_is_told_is_encrypted_and_of_this_account(prod: RunningEmulator) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:lake-prod-messages"
    attributes = prod.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["KmsMasterKeyId"] == key_arn(prod)
    assert len(denied_to(json.loads(attributes["Policy"])["Statement"])) == 2
    sqs = prod.client("sqs")
    for url in sqs.list_queues(QueueNamePrefix="lake-prod-")["QueueUrls"]:
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert queue["KmsMasterKeyId"] == key_arn(prod), url
        assert denied_to(json.loads(queue["Policy"])["Statement"]), url
    alarms = prod.client("cloudwatch").describe_alarms(AlarmNamePrefix="lake-prod-")["MetricAlarms"]
    assert alarms
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms} == {(topic,)}
    assert all(alarm["ActionsEnabled"] for alarm in alarms)


def test_the_stacks_are_protected_and_tagged(prod: RunningEmulator) -> None:
    stacks = prod.client("cloudformation").describe_stacks()["Stacks"]
    own = [stack for stack in stacks if stack["StackName"].startswith("lake-prod-")]
    assert len(own) == 4
    for stack in own:
        assert stack["EnableTerminationProtection"], stack["StackName"]
        assert {"Key": "lake", "Value": "lake-prod"} in stack["Tags"]
