"""The resource types that we register with CloudFormation."""

from __future__ import annotations

from infra.local.emulator.cloudformation import custom_resource, slack_channel
from infra.local.emulator.cloudformation.auto_delete_objects import AutoDeleteObjects
from infra.local.emulator.cloudformation.bucket import Bucket
from infra.local.emulator.cloudformation.bucket_deployment import BucketDeployment
from infra.local.emulator.cloudformation.budget import Budget
from infra.local.emulator.cloudformation.cloudwatch import ALARM, DASHBOARD, Watching
from infra.local.emulator.cloudformation.database import Database
from infra.local.emulator.cloudformation.ec2 import ElasticIp, NatGateway, SecurityGroupRule
from infra.local.emulator.cloudformation.flow_log import FlowLog
from infra.local.emulator.cloudformation.lake_formation import Location, PrincipalPermissions
from infra.local.emulator.cloudformation.layer_version import LayerVersion
from infra.local.emulator.cloudformation.mwaa_environment import MwaaEnvironment
from infra.local.emulator.cloudformation.named_query import NamedQuery
from infra.local.emulator.cloudformation.oidc_provider import OidcProvider
from infra.local.emulator.cloudformation.redshift_serverless import (
    MakeControlPlane,
    RedshiftServerlessType,
)
from infra.local.emulator.cloudformation.resource import ResourceType
from infra.local.emulator.cloudformation.role import Role
from infra.local.emulator.cloudformation.topic import Topic
from infra.local.emulator.lake_formation import LakeFormation
from infra.local.emulator.seam import cloudformation as seam
from infra.local.emulator.supervisor import Supervisor


def register(
    supervisor: Supervisor, redshift: MakeControlPlane, lake_formation: LakeFormation
) -> None:
    """Register every type, and refuse the custom resources that are none of them."""
    tagged: dict[str, ResourceType] = {
        slack_channel.NAME: slack_channel.SlackChannel(),
        "AWS::CloudWatch::Alarm": _watching("AWS::CloudWatch::Alarm", ALARM),
        "AWS::EC2::EIP": ElasticIp(),
        "AWS::EC2::FlowLog": FlowLog(),
        "AWS::EC2::NatGateway": NatGateway(),
        "AWS::IAM::OIDCProvider": OidcProvider(),
        "AWS::IAM::Role": Role(seam.ministack_resource_type("AWS::IAM::Role")),
        "AWS::RedshiftServerless::Namespace": RedshiftServerlessType(
            "Namespace", redshift, unchangeable=("DbName",)
        ),
        "AWS::RedshiftServerless::Workgroup": RedshiftServerlessType(
            "Workgroup", redshift, unchangeable=("NamespaceName",)
        ),
        "AWS::S3::Bucket": Bucket(seam.ministack_resource_type("AWS::S3::Bucket")),
    }
    untagged: dict[str, ResourceType] = {
        "AWS::Athena::NamedQuery": NamedQuery(),
        "AWS::Budgets::Budget": Budget(),
        "AWS::CloudWatch::Dashboard": _watching("AWS::CloudWatch::Dashboard", DASHBOARD),
        "AWS::Glue::Database": Database(seam.ministack_resource_type("AWS::Glue::Database")),
        "AWS::LakeFormation::PrincipalPermissions": PrincipalPermissions(lake_formation),
        "AWS::LakeFormation::Resource": Location(lake_formation),
        "AWS::Lambda::LayerVersion": LayerVersion(
            seam.ministack_resource_type("AWS::Lambda::LayerVersion")
        ),
        "AWS::EC2::SecurityGroupIngress": SecurityGroupRule("Ingress"),
        "AWS::EC2::SecurityGroupEgress": SecurityGroupRule("Egress"),
        "AWS::MWAA::Environment": MwaaEnvironment(supervisor),
        "AWS::SNS::Topic": Topic(seam.ministack_resource_type("AWS::SNS::Topic")),
        "Custom::CDKBucketDeployment": BucketDeployment(),
        "Custom::S3AutoDeleteObjects": AutoDeleteObjects(),
    }
    for name, resource_type in (tagged | untagged).items():
        seam.register_resource_type(name, resource_type, takes_stack_tags=name in tagged)
    seam.refuse_custom_resources(custom_resource.refuse)


def _watching(name: str, supported: frozenset[str]) -> Watching:
    return Watching(name, seam.ministack_resource_type(name), supported)
