"""What an environment connects through, made or found as its settings say."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.encryption import Encryption
from infra.network.endpoints import ServiceEndpoints
from infra.network.security_group import AirflowSecurityGroup
from infra.network.vpc import LakeVpc, existing_vpc
from infra.settings import EnvironmentSettings, NewVpc


class Network(Construct):
    """The two private subnets of the MWAA environment, and its security group.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-create.html
    """

    def __init__(
        self, scope: Construct, id: str, *, encryption: Encryption, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, id)
        network = settings.network
        self.vpc: ec2.IVpc
        self.private_subnets: list[ec2.ISubnet]
        if isinstance(network.vpc, NewVpc):
            self.vpc = LakeVpc(
                self, "Vpc", vpc=network.vpc, encryption=encryption, settings=settings
            )
            self.private_subnets = self.vpc.private_subnets or self.vpc.isolated_subnets
        else:
            self.vpc, self.private_subnets = existing_vpc(self, "Vpc", vpc=network.vpc)
        self.security_group = AirflowSecurityGroup(
            self, "SecurityGroup", vpc=self.vpc, settings=settings
        )
        if network.makes_endpoints:
            ServiceEndpoints(
                self,
                "Endpoints",
                vpc=self.vpc,
                subnets=self.private_subnets,
                clients=self.security_group,
                settings=settings,
            )

    @property
    def subnet_ids(self) -> list[str]:
        """The ids of the private subnets."""
        return [subnet.subnet_id for subnet in self.private_subnets]
