"""What the resources of an environment have to do with each other, as the templates say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.docs.architecture.environment import Environment
from infra.docs.architecture.rights import rights_of_roles, targets

KEY = "AWS::KMS::Key"
VERBS: Mapping[tuple[str, str], str] = {
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration"): "writes results",
    ("AWS::CloudWatch::Alarm", "AlarmActions"): "tells",
    ("AWS::CloudWatch::Dashboard", "DashboardBody"): "shows",
    ("AWS::EC2::NatGateway", "SubnetId"): "in",
    ("AWS::EC2::SecurityGroup", "VpcId"): "in",
    ("AWS::EC2::Subnet", "VpcId"): "in",
    ("AWS::EC2::VPCEndpoint", "SubnetIds"): "in",
    ("AWS::EC2::VPCEndpoint", "SecurityGroupIds"): "admits as",
    ("AWS::Lambda::Function", "LoggingConfig"): "writes",
    ("AWS::MWAA::Environment", "ExecutionRoleArn"): "runs as",
    ("AWS::MWAA::Environment", "NetworkConfiguration"): "in",
    ("AWS::MWAA::Environment", "PluginsS3ObjectVersion"): "takes the versions",
    ("AWS::MWAA::Environment", "RequirementsS3ObjectVersion"): "takes the versions",
    ("AWS::MWAA::Environment", "SourceBucketArn"): "takes DAGs",
    ("AWS::MWAA::Environment", "StartupScriptS3ObjectVersion"): "takes the versions",
    ("AWS::RedshiftServerless::Namespace", "IamRoles"): "runs as",
    ("AWS::RedshiftServerless::Workgroup", "NamespaceName"): "of",
    ("AWS::RedshiftServerless::Workgroup", "SecurityGroupIds"): "in",
    ("AWS::RedshiftServerless::Workgroup", "SubnetIds"): "in",
    ("AWS::S3::Bucket", "LoggingConfiguration"): "logs requests",
    ("AWS::S3::Bucket", "NotificationConfiguration"): "tells of files",
    ("AWS::SQS::Queue", "RedrivePolicy"): "sets aside",
    ("Custom::CDKBucketDeployment", "DestinationBucketName"): "uploads",
    ("Custom::CDKBucketDeployment", "ServiceToken"): "run by",
    ("Custom::S3AutoDeleteObjects", "ServiceToken"): "emptied by",
}
"""What a reference means, by the type of resource and the property that has it; others are not
drawn."""
LINKS = (
    ("AWS::EC2::Route", "RouteTableId", "GatewayId", "out by"),
    ("AWS::EC2::Route", "RouteTableId", "NatGatewayId", "out by"),
    ("AWS::EC2::VPCEndpoint", "RouteTableIds", "", "S3 by"),
    ("AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", "VpcId", "of"),
    ("AWS::SNS::Subscription", "TopicArn", "Endpoint", "copies to"),
)
"""Resources that join two others: type, property of the one and of the other (none: itself)."""
PARTS = (
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "ResourceId"),
    ("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", "SubnetId"),
    ("AWS::Lambda::Function", "Role", ""),
    ("Custom::S3AutoDeleteObjects", "", "BucketName"),
)
"""Resources drawn as part of another: who says so, the property of the part and of the whole."""
ENCRYPTS = "encrypts"


@dataclass(frozen=True, kw_only=True, order=True)
class Relation:
    """One resource does something with another."""

    source: str
    target: str
    verbs: tuple[str, ...]


def relations(environment: Environment) -> frozenset[Relation]:
    """All that is drawn, without what a resource has to do with itself."""
    whole = wholes(environment)
    found = defaultdict(list)
    for source, target, verb in [*_referred(environment), *_linked(environment)]:
        found[whole.get(source, source), whole.get(target, target)].append(verb)
    for right in rights_of_roles(environment):
        for target in targets(environment, right):
            found[whole.get(right.holder, right.holder), target] += right.verbs
    return frozenset(
        Relation(source=source, target=target, verbs=_widest(verbs))
        for (source, target), verbs in found.items()
        if verbs and source != target
    )


def _widest(verbs: Sequence[str]) -> tuple[str, ...]:
    """Without `writes _archive/` where it `writes` anything."""
    return tuple(
        verb
        for verb in dict.fromkeys(verbs)
        if not any(verb.startswith(f"{other} ") for other in verbs)
    )


def wholes(environment: Environment) -> dict[str, str]:
    """What is drawn as part of something else, and of what."""
    found: dict[str, str] = {}
    for resource in environment.resources.values():
        for type, part, whole in PARTS:
            if resource.type == type:
                of = next(iter(resource.references[whole])) if whole else resource.path
                parts = resource.references[part] if part else {resource.path}
                found |= dict.fromkeys(parts, of)
    return found


def _referred(environment: Environment) -> Iterator[tuple[str, str, str]]:
    for resource in environment.resources.values():
        for property, named in resource.references.items():
            for other in sorted(named):
                if environment.resources[other].type == KEY:
                    if "Policy" not in property and property != "TargetKeyId":
                        yield other, resource.path, ENCRYPTS
                elif verb := VERBS.get((resource.type, property)):
                    yield resource.path, other, verb


def _linked(environment: Environment) -> Iterator[tuple[str, str, str]]:
    for resource in environment.resources.values():
        for type, one, other, verb in LINKS:
            if resource.type == type:
                for source in sorted(resource.references.get(one, ())):
                    for target in sorted(
                        resource.references.get(other, ()) if other else {resource.path}
                    ):
                        yield source, target, verb
