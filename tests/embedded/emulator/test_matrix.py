"""Environments of every shape: deployed, read back, deployed again, changed, destroyed."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.environments import DEV, PROD
from infra.local.settings import REPOSITORY
from infra.settings import (
    AirflowSettings,
    EnvironmentSettings,
    ExistingVpc,
    NetworkSettings,
    NewVpc,
)
from tests.embedded.cdk import Cdk, left_behind
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.requirements import fetch_wheels, small_requirements
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

MICRO: dict[str, Any] = {
    "environment_class": "mw1.micro",
    "min_workers": 1,
    "max_workers": 1,
    "schedulers": 1,
    "min_webservers": 1,
    "max_webservers": 1,
}
LARGE: dict[str, Any] = {
    "environment_class": "mw1.large",
    "min_workers": 25,
    "max_workers": 25,
    "schedulers": 5,
    "min_webservers": 5,
    "max_webservers": 5,
}
"""The class at its most."""
PRIVATE = NetworkSettings(vpc=NewVpc(), routing="private")
CUSTOMER = NetworkSettings(
    vpc=NewVpc(nat_gateways=1, flow_logs=False), endpoint_management="CUSTOMER"
)
KEPT = {"buckets", "databases", "keys", "log groups", "work groups"}
"""What outlives an environment that keeps its data."""


@pytest.fixture(scope="module")
def cdk(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    return Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def bootstrapped(cdk: Cdk, mwaa: FakeMwaa) -> Iterator[dict[str, Any]]:
    """What the account has before; the same as after each test."""
    before = left_behind(cdk.emulator)
    yield before
    assert left_behind(cdk.emulator) == before
    assert mwaa.environments == {}
    mwaa.requests.clear()


def changed(settings: EnvironmentSettings, **values: Any) -> EnvironmentSettings:
    return EnvironmentSettings(**{**dict(settings), **values})


def airflow(settings: EnvironmentSettings, **values: Any) -> AirflowSettings:
    return AirflowSettings(**{**settings.airflow.model_dump(), **values})


def deploys_again_without_a_change(cdk: Cdk, mwaa: FakeMwaa, stacks: int) -> None:
    assert "Number of stacks with differences: 0" in cdk.diff()
    before = len(mwaa.sent("PATCH"))
    assert cdk.deploy().count("(no changes)") == stacks
    assert len(mwaa.sent("PATCH")) == before


@pytest.fixture
def unconnected(cdk: Cdk) -> Iterator[Cdk]:
    """The command where no package index answers, with small requirements in its checkout."""
    for path, text in small_requirements().items():
        (cdk.checkout / path).write_text(text)
    nowhere = {"PIP_NO_INDEX": "1", "HTTPS_PROXY": "http://127.0.0.1:9"}
    yield replace(cdk, variables=nowhere)
    for path in small_requirements():
        shutil.copyfile(REPOSITORY / path, cdk.checkout / path)


def uploaded(emulator: RunningEmulator, environment: dict[str, Any], part: str) -> bytes:
    """A part of the bundle, at the version that the environment runs."""
    found = emulator.client("s3").get_object(
        Bucket=environment["SourceBucketArn"].rpartition(":")[2],
        Key=environment[f"{part}S3Path"],
        VersionId=environment[f"{part}S3ObjectVersion"],
    )
    body: bytes = found["Body"].read()
    return body


@pytest.mark.usefixtures("bootstrapped")
def test_private_routing_on_the_smallest_class(
    unconnected: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    cdk = unconnected
    settings = changed(DEV, name="private", network=PRIVATE, airflow=airflow(DEV, **MICRO))
    said = cdk.choose(settings, succeeds=False)
    assert "Run `lake requirements package` where one does" in said
    assert "Traceback" not in said
    (wheel,) = fetch_wheels(cdk.checkout).wheels
    cdk.choose(settings)
    cdk.deploy()
    environment = mwaa.environments["lake-private"]
    with zipfile.ZipFile(io.BytesIO(uploaded(emulator, environment, "Plugins"))) as archive:
        assert archive.read(wheel.name) == wheel.read_bytes()
    assert b"\n--no-index\n" in uploaded(emulator, environment, "Requirements")
    assert environment["EnvironmentClass"] == "mw1.micro"
    ec2 = emulator.client("ec2")
    network = environment["NetworkConfiguration"]
    (first, second) = ec2.describe_subnets(SubnetIds=network["SubnetIds"])["Subnets"]
    assert first["AvailabilityZone"] != second["AvailabilityZone"]
    vpc = first["VpcId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    assert not [
        route
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]
    services = {
        each["ServiceName"].rpartition(".")[2]: each
        for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]
        if each["VpcId"] == vpc
    }
    assert {"s3", "athena", "glue", "kms", "logs", "monitoring", "sqs", "sts"} <= set(services)
    assert services["athena"]["PrivateDnsEnabled"] is True
    (flows,) = ec2.describe_flow_logs()["FlowLogs"]
    assert (flows["ResourceId"], flows["LogDestination"]) == (vpc, "/aws/vpc/lake-private")
    groups = emulator.client("logs").describe_log_groups(logGroupNamePrefix="/aws/vpc/")
    (group,) = groups["logGroups"]
    assert group["retentionInDays"] == settings.log_retention_days
    assert "kmsKeyId" in group
    cdk.choose(settings)
    deploys_again_without_a_change(cdk, mwaa, stacks=4)

    cdk.choose(changed(settings, airflow=airflow(settings, options={"core.parallelism": "4"})))
    cdk.deploy()
    (sent,) = mwaa.sent("PATCH")
    assert sent["AirflowConfigurationOptions"]["core.parallelism"] == "4"
    cdk.destroy()


def test_an_existing_vpc_stays_when_the_environment_goes(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    subnets = tuple(
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.50.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    )
    before = left_behind(emulator)
    network = NetworkSettings(vpc=ExistingVpc(vpc_id=vpc, subnet_ids=subnets))
    cdk.choose(changed(DEV, name="theirs", network=network))
    cdk.deploy()
    used = mwaa.environments["lake-theirs"]["NetworkConfiguration"]
    assert used["SubnetIds"] == list(subnets)
    (group,) = ec2.describe_security_groups(GroupIds=used["SecurityGroupIds"])["SecurityGroups"]
    assert group["VpcId"] == vpc
    reached = {
        (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))
        for rule in group["IpPermissionsEgress"]
    }
    assert reached == {("-1", None, None), ("tcp", 443, 443)}
    deploys_again_without_a_change(cdk, mwaa, stacks=4)
    cdk.destroy()
    assert left_behind(emulator) == before
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


@pytest.mark.usefixtures("bootstrapped")
def test_endpoints_that_the_account_makes_itself(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    web = airflow(DEV, webserver_access_mode="PRIVATE_ONLY")
    cdk.choose(changed(DEV, name="own", network=CUSTOMER, airflow=web))
    cdk.deploy()
    environment = mwaa.environments["lake-own"]
    assert (environment["EndpointManagement"], environment["Status"]) == ("CUSTOMER", "PENDING")
    made = {
        each["ServiceName"]: each
        for each in emulator.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    }
    for part in ("Database", "Webserver"):
        endpoint = made[environment[f"{part}VpcEndpointService"]]
        network = environment["NetworkConfiguration"]
        assert endpoint["SubnetIds"] == network["SubnetIds"]
        groups = [group["GroupId"] for group in endpoint["Groups"]]
        assert groups == network["SecurityGroupIds"]
    cdk.destroy()


@pytest.mark.usefixtures("bootstrapped")
def test_two_environments_in_one_account_come_and_go_by_themselves(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    one, two = changed(DEV, name="one"), changed(DEV, name="two")
    cdk.choose(one, two)
    cdk.deploy()
    with_two = left_behind(emulator)
    cdk.choose(two, one)
    cdk.deploy()
    assert set(mwaa.environments) == {"lake-one", "lake-two"}
    cdk.destroy()
    assert left_behind(emulator) == with_two
    cdk.choose(one, two)
    deploys_again_without_a_change(cdk, mwaa, stacks=4)
    cdk.destroy()


def test_keys_that_aws_owns_at_the_most_of_a_large_class(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa, bootstrapped: dict[str, Any]
) -> None:
    large = airflow(DEV, **LARGE)
    settings = changed(DEV, name="owned", encryption_key="aws-owned", airflow=large)
    cdk.choose(settings)
    cdk.deploy()
    environment = emulator.client("mwaa").get_environment(Name="lake-owned")["Environment"]
    assert "KmsKey" not in environment
    assert (
        mwaa.environments["lake-owned"].items()
        >= {
            "EnvironmentClass": "mw1.large",
            "MinWorkers": 25,
            "MaxWorkers": 25,
            "Schedulers": 5,
            "MinWebservers": 5,
            "MaxWebservers": 5,
        }.items()
    )
    encrypts_with_keys_of_aws(emulator, "lake-owned")
    left = left_behind(emulator)
    assert (left["keys"], left["aliases"]) == (bootstrapped["keys"], bootstrapped["aliases"])
    only_the_cdks_lookup_role_is_kept_out(emulator, f"lake-owned-landing-{ACCOUNT_ID}-{REGION}")
    deploys_again_without_a_change(cdk, mwaa, stacks=4)

    cdk.choose(changed(settings, airflow=airflow(DEV, **LARGE | {"min_workers": 2})))
    cdk.deploy()
    (sent,) = mwaa.sent("PATCH")
    assert (sent["MinWorkers"], sent.get("KmsKey")) == (2, None)

    cdk.choose(changed(settings, encryption_key="customer-managed"))
    said = " ".join(cdk.deploy(succeeds=False).split())  # the command wraps its lines
    assert "custom-named resource requires replacing" in said
    assert "(KmsKey changed)" in said
    assert "KmsKey" not in mwaa.environments["lake-owned"]
    cdk.destroy()


def encrypts_with_keys_of_aws(emulator: RunningEmulator, prefix: str) -> None:
    """As each service says it of what the environment has there."""
    s3, sqs, sns = (emulator.client(name) for name in ("s3", "sqs", "sns"))
    buckets = [
        each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith(prefix)
    ]
    assert len(buckets) == 4
    for bucket in buckets:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        (rule,) = found["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    queues = sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"]
    assert len(queues) > 1
    for queue in queues:
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert attributes["SqsManagedSseEnabled"] == "true"
        assert "KmsMasterKeyId" not in attributes
    (topic,) = sns.list_topics()["Topics"]
    assert topic["TopicArn"].endswith(f":{prefix}-messages")
    assert "KmsMasterKeyId" not in sns.get_topic_attributes(**topic)["Attributes"]
    group = emulator.client("athena").get_work_group(WorkGroup=prefix)["WorkGroup"]
    configuration = group["Configuration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    encryption = configuration["ResultConfiguration"]["EncryptionConfiguration"]
    assert encryption == {"EncryptionOption": "SSE_S3"}
    groups = [
        each
        for each in emulator.client("logs").describe_log_groups()["logGroups"]
        if prefix in each["logGroupName"]
    ]
    assert len(groups) > 5
    assert not [each for each in groups if "kmsKeyId" in each]


def only_the_cdks_lookup_role_is_kept_out(emulator: RunningEmulator, bucket: str) -> None:
    """Which pull requests run as: on AWS it may read all objects that KMS does not keep from it."""
    s3, iam = emulator.client("s3"), emulator.client("iam")
    s3.put_object(Bucket=bucket, Key="file", Body=b"1")
    name = f"cdk-hnb659fds-lookup-role-{ACCOUNT_ID}-{REGION}"
    # As AWS's policy ReadOnlyAccess lets it.
    read = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [read]})
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document)
    role = iam.get_role(RoleName=name)["Role"]["Arn"]
    lookup = emulator.client("s3", emulator.assume(role))
    assert lookup.get_bucket_encryption(Bucket=bucket)
    with pytest.raises(ClientError, match="AccessDenied"):
        lookup.get_object(Bucket=bucket, Key="file")
    assert s3.get_object(Bucket=bucket, Key="file")["Body"].read() == b"1"
    iam.delete_role_policy(RoleName=name, PolicyName="read")


def test_prod_is_protected_and_keeps_its_data(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa, bootstrapped: dict[str, Any]
) -> None:
    prod = changed(PROD, name="kept", spark=None)
    cdk.choose(prod)
    cdk.deploy()
    s3 = emulator.client("s3")
    landing = f"lake-kept-landing-{emulator_account(emulator)}-us-east-1"
    logging = s3.get_bucket_logging(Bucket=landing)["LoggingEnabled"]
    assert logging["TargetBucket"].startswith("lake-kept-access-logs-")
    deploys_again_without_a_change(cdk, mwaa, stacks=4)
    assert "TerminationProtection is enabled" in cdk.run(
        "destroy", "--all", "--force", "--app=cdk.out", succeeds=False
    )
    assert set(mwaa.environments) == {"lake-kept"}

    cdk.choose(changed(prod, termination_protection=False))
    cdk.deploy()
    cdk.destroy()
    left = left_behind(emulator)
    assert {kind for kind, found in left.items() if found != bootstrapped[kind]} == KEPT
    remove_what_was_kept(emulator)


def emulator_account(emulator: RunningEmulator) -> str:
    return str(emulator.client("sts").get_caller_identity()["Account"])


def remove_what_was_kept(emulator: RunningEmulator) -> None:
    """By hand, as a person would who does not want the data any more."""
    s3, kms, logs = (emulator.client(name) for name in ("s3", "kms", "logs"))
    for each in s3.list_buckets()["Buckets"]:
        if not each["Name"].startswith("lake-kept-"):
            continue
        listed = s3.list_object_versions(Bucket=each["Name"])
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            s3.delete_object(
                Bucket=each["Name"], Key=version["Key"], VersionId=version["VersionId"]
            )
        s3.delete_bucket(Bucket=each["Name"])
    for each in kms.list_keys()["Keys"]:
        key = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
        if key["Description"].endswith("lake-kept") and key["KeyState"] == "Enabled":
            kms.schedule_key_deletion(KeyId=each["KeyId"], PendingWindowInDays=7)
    emulator.client("glue").delete_database(Name="lake_kept")
    emulator.client("athena").delete_work_group(WorkGroup="lake-kept", RecursiveDeleteOption=True)
    for group in logs.describe_log_groups()["logGroups"]:
        if "lake-kept" in group["logGroupName"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
