"""The resource types that we register with CloudFormation."""

from __future__ import annotations

from infra.local.emulator import seam
from infra.local.emulator.cloudformation.ec2 import ElasticIp, NatGateway, SecurityGroupRule
from infra.local.emulator.cloudformation.mwaa_environment import MwaaEnvironment
from infra.local.emulator.supervisor import Supervisor


def register(supervisor: Supervisor) -> None:
    """Register every type."""
    seam.register_resource_type("AWS::EC2::EIP", ElasticIp())
    seam.register_resource_type("AWS::EC2::NatGateway", NatGateway())
    seam.register_resource_type("AWS::EC2::SecurityGroupIngress", SecurityGroupRule("Ingress"))
    seam.register_resource_type("AWS::EC2::SecurityGroupEgress", SecurityGroupRule("Egress"))
    seam.register_resource_type("AWS::MWAA::Environment", MwaaEnvironment(supervisor))
