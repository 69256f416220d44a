"""The network, as the settings say."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.environments import DEV
from infra.settings import (
    EnvironmentSettings,
    ExistingVpc,
    NetworkSettings,
    NewVpc,
    RedshiftSettings,
    SparkSettings,
)
from tests.synth.checkout import checkout_with
from tests.synth.templates import Resource, Templates


def subnets(templates: Templates, kind: str) -> list[Resource]:
    return [one for one in templates.of_type("AWS::EC2::Subnet") if f"/{kind}Subnet" in one.path]


def test_the_environment_has_two_private_subnets_in_two_zones(templates: Templates) -> None:
    private = subnets(templates, "private")
    assert [one.properties["AvailabilityZone"] for one in private] == ["zone 0", "zone 1"]
    assert not any(one.properties["MapPublicIpOnLaunch"] for one in private)
    used = templates.only("AWS::MWAA::Environment").properties["NetworkConfiguration"]
    assert used["SubnetIds"] == [one.path.removesuffix("/Subnet") + "/Subnet" for one in private]


def test_subnets_lie_in_the_vpc_and_do_not_overlap(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    vpc = settings.network.vpc
    assert isinstance(vpc, NewVpc)
    network = ipaddress.ip_network(vpc.cidr)
    blocks = [
        ipaddress.ip_network(one.properties["CidrBlock"])
        for one in templates.of_type("AWS::EC2::Subnet")
    ]
    assert len(blocks) == 4
    assert all(block.subnet_of(network) for block in blocks)  # type: ignore[arg-type]  # both IPv4
    for index, block in enumerate(blocks):
        assert not any(block.overlaps(other) for other in blocks[index + 1 :])


def test_every_private_subnet_reaches_out_over_nat(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    vpc = settings.network.vpc
    assert isinstance(vpc, NewVpc)
    assert len(templates.of_type("AWS::EC2::NatGateway")) == vpc.nat_gateways
    routes = {one.path: one.properties for one in templates.of_type("AWS::EC2::Route")}
    for index in (1, 2):
        private = routes[f"Network/Vpc/privateSubnet{index}/DefaultRoute"]
        assert private["DestinationCidrBlock"] == "0.0.0.0/0"
        assert "NATGateway" in private["NatGatewayId"]
        public = routes[f"Network/Vpc/publicSubnet{index}/DefaultRoute"]
        assert "IGW" in public["GatewayId"]


def test_s3_is_reached_beside_the_nat_gateway(templates: Templates) -> None:
    endpoint = templates.only("AWS::EC2::VPCEndpoint").properties
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"].endswith(".s3")
    assert len(endpoint["RouteTableIds"]) == 4


def test_the_security_group_admits_itself_alone(templates: Templates) -> None:
    group = templates.only("AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group.properties
    ingress = templates.only("AWS::EC2::SecurityGroupIngress").properties
    assert ingress["IpProtocol"] == "-1"
    assert ingress["GroupId"] == ingress["SourceSecurityGroupId"]
    used = templates.only("AWS::MWAA::Environment").properties["NetworkConfiguration"]
    assert used["SecurityGroupIds"] == [ingress["GroupId"]]


def test_airflow_reaches_itself_and_https(templates: Templates) -> None:
    (out,) = templates.only("AWS::EC2::SecurityGroup").properties["SecurityGroupEgress"]
    assert (out["CidrIp"], out["IpProtocol"]) == ("0.0.0.0/0", "tcp")
    assert (out["FromPort"], out["ToPort"]) == (443, 443)
    among_themselves = templates.only("AWS::EC2::SecurityGroupEgress").properties
    assert among_themselves["IpProtocol"] == "-1"
    assert among_themselves["GroupId"] == among_themselves["DestinationSecurityGroupId"]


def test_flow_logs_go_to_an_encrypted_group_that_expires(prod: Templates, dev: Templates) -> None:
    assert not dev.of_type("AWS::EC2::FlowLog")
    flow_log = prod.only("AWS::EC2::FlowLog").properties
    assert flow_log["TrafficType"] == "ALL"
    assert flow_log["LogDestinationType"] == "cloud-watch-logs"
    assert "/aws/vpc/lake-prod" in {one.name for one in prod.of_type("AWS::Logs::LogGroup")}
    (logs,) = (
        statement
        for statement in prod.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "EncryptLogGroups"
    )
    admitted = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert any(arn.endswith(":log-group:/aws/vpc/lake-prod") for arn in admitted)


@pytest.fixture
def synthesize(tmp_path: Path) -> Callable[..., Templates]:
    """Synthesizes dev with other network settings, and other settings beside them."""

    checkout = checkout_with(tmp_path / "checkout")

    def synthesize(network: NetworkSettings, **changed: Any) -> Templates:
        settings = EnvironmentSettings(**{**dict(DEV), "network": network, **changed})
        return Templates.synthesize(settings, outdir=tmp_path / "out", repository=checkout)

    return synthesize


EXISTING = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    subnet_ids=("subnet-0123456789abcdef1", "subnet-0123456789abcdef2"),
)
SERVICES = {"athena", "glue", "kms", "logs", "monitoring", "secretsmanager", "sns", "sqs", "sts"}


def endpoints(templates: Templates, kind: str) -> dict[str, Resource]:
    return {
        one.properties["ServiceName"].rpartition(".")[2]: one
        for one in templates.of_type("AWS::EC2::VPCEndpoint")
        if one.properties["VpcEndpointType"] == kind
    }


def test_private_routing_has_endpoints_and_no_way_out(
    synthesize: Callable[..., Templates],
) -> None:
    made = synthesize(NetworkSettings(vpc=NewVpc(), routing="private"))
    for type in ("EIP", "NatGateway", "InternetGateway", "Route"):
        assert not made.of_type(f"AWS::EC2::{type}"), type
    assert len(made.of_type("AWS::EC2::Subnet")) == 2
    assert set(endpoints(made, "Gateway")) == {"s3"}
    interfaces = endpoints(made, "Interface")
    assert set(interfaces) == SERVICES
    environment = made.only("AWS::MWAA::Environment").properties["NetworkConfiguration"]
    (airflow,) = environment["SecurityGroupIds"]
    for one in interfaces.values():
        assert one.properties["PrivateDnsEnabled"] is True
        assert one.properties["SubnetIds"] == environment["SubnetIds"]
        assert one.properties["SecurityGroupIds"] != [airflow]
    (admitted,) = (
        one.properties
        for one in made.of_type("AWS::EC2::SecurityGroupIngress")
        if one.properties["IpProtocol"] == "tcp"
    )
    assert (admitted["FromPort"], admitted["SourceSecurityGroupId"]) == (443, airflow)


def test_private_routing_reaches_the_engines_that_are_switched_on(
    synthesize: Callable[..., Templates],
) -> None:
    spark = SparkSettings(most_vcpus=16, most_memory_gb=64)
    network = NetworkSettings(vpc=NewVpc(), routing="private")
    made = synthesize(network, spark=spark, redshift=RedshiftSettings())
    engines = {"emr-serverless", "redshift-data", "redshift-serverless"}
    assert set(endpoints(made, "Interface")) == SERVICES | engines


def test_an_existing_vpc_is_used_as_it_is(synthesize: Callable[..., Templates]) -> None:
    made = synthesize(NetworkSettings(vpc=EXISTING))
    network = [one.type for one in made.resources if one.stack == "lake-dev-network"]
    assert sorted(network) == [
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
    ]
    assert made.only("AWS::EC2::SecurityGroup").properties["VpcId"] == EXISTING.vpc_id
    environment = made.only("AWS::MWAA::Environment").properties["NetworkConfiguration"]
    assert environment["SubnetIds"] == list(EXISTING.subnet_ids)
    assert "missing" not in made.manifest


def test_endpoints_in_an_existing_vpc_are_made_if_asked_for(
    synthesize: Callable[..., Templates],
) -> None:
    tables = ("rtb-0123456789abcdef3",)
    vpc = EXISTING.model_copy(update={"make_endpoints": True, "route_table_ids": tables})
    made = synthesize(NetworkSettings(vpc=vpc, routing="private"))
    assert set(endpoints(made, "Interface")) == SERVICES
    assert endpoints(made, "Gateway")["s3"].properties["RouteTableIds"] == list(tables)
    theirs = synthesize(NetworkSettings(vpc=EXISTING, routing="private"))
    assert not theirs.of_type("AWS::EC2::VPCEndpoint")


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ("PUBLIC_ONLY", {"DatabaseVpcEndpointService"}),
        ("PRIVATE_ONLY", {"DatabaseVpcEndpointService", "WebserverVpcEndpointService"}),
    ],
)
def test_endpoints_of_the_environment_are_made_where_mwaa_does_not(
    synthesize: Callable[..., Templates], access: str, expected: set[str]
) -> None:
    network = NetworkSettings(vpc=NewVpc(nat_gateways=1), endpoint_management="CUSTOMER")
    airflow = DEV.airflow.model_copy(update={"webserver_access_mode": access})
    made = synthesize(network, airflow=airflow)
    environment = made.only("AWS::MWAA::Environment").properties
    assert environment["EndpointManagement"] == "CUSTOMER"
    own = [one for one in made.of_type("AWS::EC2::VPCEndpoint") if one.stack.endswith("-airflow")]
    services = {one.properties["ServiceName"].rpartition(".")[2] for one in own}
    assert services == expected
    for one in own:
        assert one.properties["SubnetIds"] == environment["NetworkConfiguration"]["SubnetIds"]
        groups = environment["NetworkConfiguration"]["SecurityGroupIds"]
        assert one.properties["SecurityGroupIds"] == groups


def test_users_of_a_private_web_server_are_admitted(synthesize: Callable[..., Templates]) -> None:
    network = NetworkSettings(vpc=NewVpc(nat_gateways=1), web_clients=("10.8.0.0/16",))
    airflow = DEV.airflow.model_copy(update={"webserver_access_mode": "PRIVATE_ONLY"})
    made = synthesize(network, airflow=airflow)
    (admitted,) = made.only("AWS::EC2::SecurityGroup").properties["SecurityGroupIngress"]
    assert (admitted["CidrIp"], admitted["FromPort"]) == ("10.8.0.0/16", 443)
