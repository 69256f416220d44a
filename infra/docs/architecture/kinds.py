"""What each type of resource is called in a picture, and which are drawn at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.docs.architecture.flowchart import Shape


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How resources of a type are drawn."""

    noun: str
    shape: Shape = "box"
    apart: bool = False
    """Whether each has a node of its own, whatever it has in common with others."""
    detail: bool = False
    """Whether the overview leaves it out."""

    def counted(self, counts: Mapping[str, int]) -> str:
        """`queue`, `5 queues`, `NAT gateways: 1 in dev, 2 in prod`.

        Args:
            counts: by environment; one that has none of them is not mentioned.
        """
        different = {*counts.values()} - {0}
        if different == {1}:
            return self.noun
        if len(different) == 1:
            return f"{max(different)} {self.noun}s"
        return f"{self.noun}s: " + ", ".join(f"{n} in {name}" for name, n in counts.items())


KINDS: Mapping[str, Kind] = {
    "AWS::Athena::WorkGroup": Kind(noun="Athena work group"),
    "AWS::Budgets::Budget": Kind(noun="budget"),
    "AWS::CloudWatch::Alarm": Kind(noun="alarm", shape="hexagon"),
    "AWS::CloudWatch::Dashboard": Kind(noun="dashboard"),
    "AWS::EC2::InternetGateway": Kind(noun="Internet gateway", detail=True),
    "AWS::EC2::NatGateway": Kind(noun="NAT gateway"),
    "AWS::EC2::SecurityGroup": Kind(noun="security group"),
    "AWS::EC2::Subnet": Kind(noun="subnet"),
    "AWS::EC2::VPC": Kind(noun="VPC"),
    "AWS::EC2::VPCEndpoint": Kind(noun="VPC endpoint"),
    "AWS::EMRServerless::Application": Kind(noun="EMR Serverless"),
    "AWS::Glue::Database": Kind(noun="Glue database", shape="cylinder"),
    "AWS::IAM::Role": Kind(noun="role", shape="round", apart=True),
    "AWS::KMS::Key": Kind(noun="KMS key", shape="hexagon"),
    "AWS::Lambda::Function": Kind(noun="function", detail=True),
    "AWS::Logs::LogGroup": Kind(noun="log group", shape="cylinder", detail=True),
    "AWS::MWAA::Environment": Kind(noun="MWAA environment"),
    "AWS::RedshiftServerless::Namespace": Kind(noun="Redshift namespace", shape="cylinder"),
    "AWS::RedshiftServerless::Workgroup": Kind(noun="Redshift work group"),
    "AWS::S3::Bucket": Kind(noun="bucket", shape="cylinder", apart=True),
    "AWS::SNS::Topic": Kind(noun="topic", shape="stadium"),
    "AWS::SQS::Queue": Kind(noun="queue", shape="stadium"),
    "Custom::CDKBucketDeployment": Kind(noun="upload"),
}
"""By the type of resource, in the order of the alphabet; other types are not drawn."""
