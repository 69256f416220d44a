"""The network of the MWAA environment: private subnets in two zones that reach out over NAT."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.settings import EnvironmentSettings
from infra.stack import ZONES


class Network(Construct):
    """A VPC with a public and a private subnet in each of two zones, and MWAA's security group.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-create.html
    """

    def __init__(self, scope: Construct, id: str, *, settings: EnvironmentSettings) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=settings.prefix,
            ip_addresses=ec2.IpAddresses.cidr(settings.network.cidr),
            max_azs=ZONES,
            nat_gateways=settings.network.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=26,
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(
                    name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24
                ),
            ],
            # Files and tables reach S3 beside the NAT gateway, which is charged by the byte.
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
            # Nothing runs in the default group; to empty it would take a function with rights.
            restrict_default_security_group=False,
        )
        self.private_subnets = self.vpc.private_subnets
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self.vpc,
            security_group_name=f"{settings.prefix}-airflow",
            description=f"MWAA environment {settings.prefix}",
            allow_all_outbound=True,
        )
        self.security_group.add_ingress_rule(
            self.security_group, ec2.Port.all_traffic(), "MWAA's components among themselves"
        )
