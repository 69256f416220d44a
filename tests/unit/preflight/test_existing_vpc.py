"""An existing VPC, before an environment is made in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.environments import DEV
from infra.preflight.existing_vpc import check_existing_vpc
from infra.preflight.result import Outcome
from infra.settings import EnvironmentSettings, ExistingVpc, NetworkSettings

VPC = "vpc-0123456789abcdef0"
ONE, OTHER = "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}


def in_an_existing_vpc(**changes: Any) -> EnvironmentSettings:
    vpc = ExistingVpc(vpc_id=VPC, subnet_ids=(ONE, OTHER), **changes)
    routing = "private" if changes else "public"
    network = NetworkSettings(vpc=vpc, routing=routing)
    return DEV.model_copy(update={"network": network})


def ec2(*, zones: str = "ab", vpc: str = VPC, route: dict[str, str] | None = None) -> Any:
    """An account with both subnets, and one route table for all."""
    subnets = [
        {"SubnetId": name, "VpcId": vpc, "AvailabilityZone": f"us-east-1{zone}"}
        for name, zone in zip((ONE, OTHER), zones, strict=True)
    ]
    table = {"Associations": [{"Main": True}], "Routes": [route] if route else []}
    client = SimpleNamespace(
        describe_subnets=lambda **_: {"Subnets": subnets},
        describe_route_tables=lambda **_: {"RouteTables": [table]},
        describe_vpc_endpoints=lambda **_: {"VpcEndpoints": []},
    )
    return lambda _service: client


def outcomes(settings: EnvironmentSettings, connect: Any) -> dict[str, tuple[Outcome, str]]:
    return {
        result.check.partition(": ")[2]: (result.outcome, result.found)
        for result in check_existing_vpc(settings, connect=connect)
    }


def test_two_private_subnets_in_two_zones_pass() -> None:
    found = outcomes(in_an_existing_vpc(), ec2(route=NAT))
    assert {outcome for outcome, _ in found.values()} == {Outcome.PASS}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("given", "check", "said"),
    [
        ({"zones": "aa"}, "network.vpc.subnet_ids, zones", "2 subnets in us-east-1a"),
        ({"route": INTERNET}, "network.vpc.subnet_ids, routes", f"public: {ONE}, {OTHER}"),
        ({}, "network.vpc.subnet_ids, routes", "no way out, and no endpoint for kms, logs"),
        ({"vpc": "vpc-2"}, "network.vpc", f"{ONE} is in vpc-2, {OTHER} is in vpc-2, not in {VPC}"),
    ],
)
def test_what_mwaa_could_not_live_in_fails(given: dict[str, Any], check: str, said: str) -> None:
    outcome, found = outcomes(in_an_existing_vpc(), ec2(**given))[check]
    assert outcome is Outcome.FAIL
    assert said in found


def test_a_subnet_that_there_is_not_fails_and_nothing_else_is_asked() -> None:
    def missing(**_: Any) -> Any:
        code = "InvalidSubnetID.NotFound"
        raise ClientError(
            {"Error": {"Code": code, "Message": f"{ONE} does not exist"}}, "DescribeSubnets"
        )

    client = SimpleNamespace(describe_subnets=missing)
    found = outcomes(in_an_existing_vpc(), lambda _service: client)
    assert found == {"network.vpc": (Outcome.FAIL, f"{ONE} does not exist")}


def test_endpoints_that_the_app_will_make_are_not_missed() -> None:
    settings = in_an_existing_vpc(make_endpoints=True, route_table_ids=("rtb-0123456789abcdef3",))
    assert "network.vpc.subnet_ids, routes" not in outcomes(settings, ec2())


def test_nothing_is_asked_of_a_vpc_that_the_app_makes() -> None:
    assert outcomes(DEV, ec2()) == {}
