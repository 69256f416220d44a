"""The account of an environment, before and after it is deployed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.environments import DEV
from infra.preflight import account, deployed
from infra.preflight.account import check_account
from infra.preflight.assembly import Assembly
from infra.preflight.connection import Account, Connect, asked
from infra.preflight.names import names_free
from infra.preflight.permissions import rights
from infra.preflight.quotas import QUOTAS
from infra.preflight.quotas import room as has_room
from infra.preflight.result import Outcome
from infra.settings import EnvironmentSettings

ID, REGION = "123456789012", "eu-west-1"
BUCKET = f"lake-dev-landing-{ID}-{REGION}"
ENVIRONMENT: dict[str, Any] = {
    "Name": "lake-dev",
    "Arn": f"arn:aws:airflow:{REGION}:{ID}:environment/lake-dev",
    "SourceBucketArn": "arn:aws:s3:::lake-dev-airflow",
    "ExecutionRoleArn": f"arn:aws:iam::{ID}:role/lake-role",
    "KmsKey": f"arn:aws:kms:{REGION}:{ID}:key/1",
    "NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-2"]},
    "AirflowConfigurationOptions": {
        "lake.landing_bucket": "lake-dev-landing",
        "lake.curated_bucket": "lake-dev-curated",
        "lake.database": "lake_dev",
        "lake.workgroup": "lake-dev",
        "lake.arrival_queues": "lake-dev-arrivals-",
    },
}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


def raising(code: str) -> Any:
    def call(**_: Any) -> Any:
        raise error(code)

    return call


def pages(**items: list[Any]) -> Any:
    """A client's paginators, each of one page that has every list."""
    return lambda _: SimpleNamespace(paginate=lambda **_: [items])


def clients(**services: dict[str, Any]) -> Connect:
    """Clients whose calls answer with what is given."""

    def connect(service: str) -> Any:
        calls = {
            name: answer if callable(answer) else (lambda answer=answer, **_: answer)
            for name, answer in services[service.replace("-", "_")].items()
        }
        return SimpleNamespace(**calls)

    return connect


def assembly() -> Assembly:
    resources = {
        "Landing": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "lake-dev-landing-111122223333-us-east-1"},
        },
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {}},
    }
    templates = {"lake-dev-storage": {"Resources": resources}}
    return Assembly(folder=Path(), prefix="lake-dev", templates=templates)


def stacks(*own: str, version: str = "30") -> dict[str, Any]:
    bootstrap = {
        "StackName": "CDKToolkit",
        "Outputs": [{"OutputKey": "BootstrapVersion", "OutputValue": version}],
    }
    summaries = [
        {"PhysicalResourceId": name, "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE"}
        for name, kind in zip(own, ("AWS::S3::Bucket", "AWS::EC2::VPC"), strict=False)
    ]
    described = [bootstrap, {"StackName": "lake-dev-storage"}]
    return {"get_paginator": pages(Stacks=described, StackResourceSummaries=summaries)}


def test_the_account_and_region_of_the_settings_pass_and_another_fails() -> None:
    settings = DEV.model_copy(update={"account": ID, "region": REGION})

    mine = account.of_the_settings(settings, account=ID, region=REGION)
    other = account.of_the_settings(settings, account="210987654321", region=REGION)
    elsewhere = account.of_the_settings(settings, account=ID, region="us-east-1")

    assert mine.outcome is Outcome.PASS
    assert other.outcome is elsewhere.outcome is Outcome.FAIL
    assert other.found == f"account 210987654321, where dev belongs to {ID}"
    assert elsewhere.found == f"region us-east-1, where dev belongs to {REGION}"


def test_credentials_that_are_refused_fail_and_nothing_else_is_asked() -> None:
    connect = clients(sts={"get_caller_identity": raising("ExpiredToken")})

    (result,) = check_account(DEV, assembly(), account=Account(connect=connect, region=REGION))

    assert result.outcome is Outcome.FAIL
    assert "ExpiredToken" in result.found


@pytest.mark.parametrize(
    ("version", "outcome"), [("30", Outcome.PASS), ("6", Outcome.PASS), ("5", Outcome.FAIL)]
)
def test_the_bootstrap_is_new_enough(version: str, outcome: Outcome) -> None:
    connect = clients(cloudformation=stacks(version=version))

    assert account.bootstrapped(connect).outcome is outcome


def test_an_account_without_a_bootstrap_fails() -> None:
    result = account.bootstrapped(clients(cloudformation={"get_paginator": pages(Stacks=[])}))

    assert result.outcome is Outcome.FAIL
    assert result.mend == "npx cdk bootstrap"


@pytest.mark.parametrize(
    ("own", "head_bucket", "outcome"),
    [
        ((), raising("404"), Outcome.PASS),
        ((BUCKET,), {}, Outcome.PASS),
        ((), {}, Outcome.FAIL),
        ((), raising("403"), Outcome.FAIL),
    ],
    ids=["free", "its own", "somebody's", "of another account"],
)
def test_a_name_is_free_or_its_own(
    own: tuple[str, ...], head_bucket: Any, outcome: Outcome
) -> None:
    connect = clients(cloudformation=stacks(*own), s3={"head_bucket": head_bucket})

    result = names_free(assembly(), connect=connect, account=ID, region=REGION)

    assert result.outcome is outcome
    assert outcome is Outcome.PASS or f"bucket {BUCKET}" in result.found


def quotas(*, limit: float, there: int, own: tuple[str, ...] = ()) -> Connect:
    listed = [{"QuotaName": "VPCs per Region", "Value": limit}]
    return clients(
        cloudformation=stacks(*own),
        ec2={"describe_vpcs": {"Vpcs": [{}] * there}},
        service_quotas={"get_paginator": pages(Quotas=listed)},
    )


def test_a_quota_has_room_for_what_is_still_to_be_made() -> None:
    vpcs = QUOTAS[1]

    def room(connect: Connect) -> Any:
        return has_room("quota", vpcs, assembly(), connect)

    assert room(quotas(limit=5, there=4)).outcome is Outcome.PASS
    full = room(quotas(limit=5, there=5))
    assert full.outcome is Outcome.FAIL
    assert full.found == "5 of 5, 1 more needed"
    assert room(quotas(limit=5, there=5, own=(BUCKET, "vpc-1"))).outcome is Outcome.PASS


def test_a_quota_that_nobody_lists_is_not_checked() -> None:
    result = has_room("quota", QUOTAS[0], assembly(), quotas(limit=5, there=0))

    assert result.outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    "failure", [error("AccessDenied"), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")]
)
def test_what_cannot_be_asked_is_not_checked(failure: Exception) -> None:
    def ask() -> Any:
        raise failure

    assert asked("any", ask).outcome is Outcome.NOT_CHECKED


def test_an_environment_that_is_not_deployed_is_not_checked() -> None:
    connect = clients(mwaa={"get_environment": raising("ResourceNotFoundException")})

    (result,) = deployed.check_deployed(DEV, connect=connect)

    assert result.outcome is Outcome.NOT_CHECKED
    assert result.found == "lake-dev is not deployed yet"


def network(
    *, zones: tuple[str, ...] = ("a", "b"), way: dict[str, str] | None = None, endpoints: str = ""
) -> Connect:
    subnets = [
        {"SubnetId": f"subnet-{number}", "AvailabilityZone": zone, "VpcId": "vpc-1"}
        for number, zone in enumerate(zones, start=1)
    ]
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", **way}] if way else []
    tables = [{"Associations": [{"Main": True}], "Routes": routes}]
    services = [{"ServiceName": f"com.amazonaws.{REGION}.{name}"} for name in endpoints.split()]
    return clients(
        ec2={
            "describe_subnets": {"Subnets": subnets},
            "describe_route_tables": {"RouteTables": tables},
            "describe_vpc_endpoints": {"VpcEndpoints": services},
        }
    )


def test_two_subnets_are_in_two_zones() -> None:
    assert deployed.zones("zones", ENVIRONMENT, network()).outcome is Outcome.PASS
    assert deployed.zones("zones", ENVIRONMENT, network(zones=("a", "a"))).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("connect", "outcome", "found"),
    [
        (network(way={"NatGatewayId": "nat-1"}), Outcome.PASS, "private, out over nat-1"),
        (network(way={"GatewayId": "igw-1"}), Outcome.FAIL, "public: subnet-1, subnet-2"),
        (network(endpoints="s3 sqs logs monitoring kms"), Outcome.PASS, "with endpoints"),
        (network(endpoints="s3 logs"), Outcome.FAIL, "no endpoint for kms, monitoring, sqs"),
    ],
    ids=["NAT", "public", "endpoints", "endpoints missing"],
)
def test_subnets_are_private_and_reach_aws(connect: Connect, outcome: Outcome, found: str) -> None:
    result = deployed.routes("routes", ENVIRONMENT, connect)

    assert result.outcome is outcome
    assert found in result.found


@pytest.mark.parametrize(
    ("status", "block", "outcome"),
    [("Enabled", True, Outcome.PASS), ("", True, Outcome.FAIL), ("Enabled", False, Outcome.FAIL)],
)
def test_the_airflow_bucket_is_versioned_and_private(
    status: str, block: bool, outcome: Outcome
) -> None:
    blocks = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": block}}
    connect = clients(
        s3={"get_bucket_versioning": {"Status": status}, "get_public_access_block": blocks}
    )

    assert deployed.bucket("bucket", ENVIRONMENT, connect).outcome is outcome


def test_a_bucket_without_a_block_of_public_access_fails() -> None:
    connect = clients(
        s3={
            "get_bucket_versioning": {"Status": "Enabled"},
            "get_public_access_block": raising("NoSuchPublicAccessBlockConfiguration"),
        }
    )

    assert deployed.bucket("bucket", ENVIRONMENT, connect).outcome is Outcome.FAIL


def policy(*services: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": list(services)}}]}


def test_the_key_admits_the_logs_of_its_region() -> None:
    def key(service: str) -> Any:
        answer = {"Policy": json.dumps(policy(service))}
        return deployed.key("key", ENVIRONMENT, clients(kms={"get_key_policy": answer}))

    assert key(f"logs.{REGION}.amazonaws.com").outcome is Outcome.PASS
    assert key("logs.us-east-1.amazonaws.com").outcome is Outcome.FAIL
    own = {**ENVIRONMENT, "KmsKey": ""}
    assert deployed.key("key", own, clients()).found == "AWS's own"


def test_a_key_that_the_settings_do_not_say_is_never_deployed_over() -> None:
    own = EnvironmentSettings(**{**dict(DEV), "encryption_key": "aws-owned"})
    without = {**ENVIRONMENT, "KmsKey": ""}

    assert deployed.key_of_settings(ENVIRONMENT, DEV).outcome is Outcome.PASS
    assert deployed.key_of_settings(without, own).outcome is Outcome.PASS
    changed = deployed.key_of_settings(ENVIRONMENT, own)
    assert changed.outcome is Outcome.FAIL
    assert "made with encryption_key='customer-managed'" in changed.found
    assert deployed.key_of_settings(without, DEV).outcome is Outcome.FAIL


def test_mwaas_principals_may_both_assume_the_role() -> None:
    def trust(*services: str) -> Any:
        role = {"Role": {"AssumeRolePolicyDocument": policy(*services)}}
        return deployed.trust("trust", ENVIRONMENT, clients(iam={"get_role": role}))

    both = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
    assert trust(*both).outcome is Outcome.PASS
    one = trust(both[0])
    assert one.outcome is Outcome.FAIL
    assert one.found == "lake-role does not trust airflow-env.amazonaws.com"


def simulated(wrong: str = "") -> Any:
    """The decisions on the table, with that on the action `wrong` turned around."""
    wanted = {(right.action, right.resource): right.allowed for right in rights(ENVIRONMENT)}

    def simulate(*, ActionNames: list[str], ResourceArns: list[str], **_: Any) -> Any:
        allowed = wanted[ActionNames[0], ResourceArns[0]] is not (ActionNames[0] == wrong)
        decision = "allowed" if allowed else "implicitDeny"
        return {"EvaluationResults": [{"EvalDecision": decision}]}

    connect = clients(iam={"simulate_principal_policy": simulate})
    return deployed.permissions("permissions", ENVIRONMENT, connect)


def test_the_role_may_do_what_the_table_says() -> None:
    result = simulated()

    assert result.outcome is Outcome.PASS
    assert "actions allowed" in result.found


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("glue:CreateTable", "table/lake_dev/market_quotes is implicitDeny"),
        ("s3:ListAllMyBuckets", "s3:ListAllMyBuckets on * is allowed"),
    ],
)
def test_a_right_that_is_lost_or_one_too_many_is_named(action: str, found: str) -> None:
    result = simulated(action)

    assert result.outcome is Outcome.FAIL
    assert found in result.found


def test_rights_on_what_an_environment_has_not_are_left_out() -> None:
    actions = {right.action for right in rights(ENVIRONMENT)}
    options = {**ENVIRONMENT["AirflowConfigurationOptions"], "lake.spark_application_id": "00f"}
    with_spark = rights({**ENVIRONMENT, "AirflowConfigurationOptions": options})

    assert not {"sns:Publish", "emr-serverless:StartJobRun"} & actions
    assert "emr-serverless:StartJobRun" in {right.action for right in with_spark}
