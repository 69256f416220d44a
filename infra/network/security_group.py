"""What Airflow's parts may connect to, and who may connect to them."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.settings import EnvironmentSettings
from infra.settings.network import HTTPS


class AirflowSecurityGroup(ec2.SecurityGroup):
    """Admits itself, which MWAA asks for; reaches itself and the ports that the settings name.

    An address is no narrower: the ranges of S3 and of the other services change, and with private
    routing there is no way to any other.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-security.html
    """

    def __init__(
        self, scope: Construct, id: str, *, vpc: ec2.IVpc, settings: EnvironmentSettings
    ) -> None:
        super().__init__(
            scope,
            id,
            vpc=vpc,
            security_group_name=f"{settings.prefix}-airflow",
            description=f"MWAA environment {settings.prefix}",
            allow_all_outbound=False,
        )
        everything = ec2.Port.all_traffic()
        self.add_ingress_rule(self, everything, "MWAA's components among themselves")
        self.add_egress_rule(self, everything, "MWAA's components among themselves")
        for port in settings.network.outbound_ports:
            self.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), f"Out by port {port}")
        for cidr in settings.network.web_clients:
            self.add_ingress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(HTTPS), "Users of the web UI")
