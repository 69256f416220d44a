"""The VPC of an environment: one of its own, or one that others look after."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.encryption import Encryption
from infra.log_groups import LakeLogGroup
from infra.settings import EnvironmentSettings, ExistingVpc, NewVpc
from infra.stack import ZONES, LakeStack

PUBLIC = ec2.SubnetConfiguration(
    name="public",
    subnet_type=ec2.SubnetType.PUBLIC,
    cidr_mask=26,
    map_public_ip_on_launch=False,
)


class LakeVpc(ec2.Vpc):
    """A private subnet in each of two zones; for public routing, a public one for NAT beside it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: NewVpc,
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        public = settings.network.routing == "public"
        private = ec2.SubnetConfiguration(
            name="private",
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
            if public
            else ec2.SubnetType.PRIVATE_ISOLATED,
            cidr_mask=24,
        )
        super().__init__(
            scope,
            id,
            vpc_name=settings.prefix,
            ip_addresses=ec2.IpAddresses.cidr(vpc.cidr),
            max_azs=ZONES,
            nat_gateways=vpc.nat_gateways,
            subnet_configuration=[PUBLIC, private] if public else [private],
            # Files and tables reach S3 beside the NAT gateway, which is charged by the byte.
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
            # Nothing runs in the default group; to empty it would take a function with rights.
            restrict_default_security_group=False,
        )
        if vpc.flow_logs:
            self.add_flow_log(
                "FlowLogs",
                destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                    LakeLogGroup(
                        self,
                        "FlowLogGroup",
                        name=f"/aws/vpc/{settings.prefix}",
                        encryption=encryption,
                        settings=settings,
                    )
                ),
                traffic_type=ec2.FlowLogTrafficType.ALL,
            )


def existing_vpc(
    scope: Construct, id: str, *, vpc: ExistingVpc
) -> tuple[ec2.IVpc, list[ec2.ISubnet]]:
    """Return the VPC and its two private subnets, which are not asked for: only named."""
    stack = cast(LakeStack, LakeStack.of(scope))
    found = ec2.Vpc.from_vpc_attributes(
        scope, id, vpc_id=vpc.vpc_id, availability_zones=stack.availability_zones
    )
    subnets = [
        ec2.Subnet.from_subnet_id(scope, f"Subnet{number}", subnet_id)
        for number, subnet_id in enumerate(vpc.subnet_ids, 1)
    ]
    return found, subnets
