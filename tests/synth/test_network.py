from __future__ import annotations

import ipaddress

from infra.settings import EnvironmentSettings
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
    network = ipaddress.ip_network(settings.network.cidr)
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
    assert len(templates.of_type("AWS::EC2::NatGateway")) == settings.network.nat_gateways
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
