from __future__ import annotations

from infra.settings import EnvironmentSettings
from tests.synth.templates import PHYSICAL_NAMES, Templates

NAMED_BY_CLOUDFORMATION = {
    "AWS::Athena::NamedQuery",  # its name is that of a query inside of one work group
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::IAM::Policy",  # its name is that of a policy inside of one role
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "Custom::CDKBucketDeployment",
    "Custom::S3AutoDeleteObjects",
}


def physical_names(templates: Templates) -> set[str]:
    return {resource.name for resource in templates.resources if resource.name}


def test_every_type_is_named_by_the_lake_or_by_cloudformation(templates: Templates) -> None:
    types = {resource.type for resource in templates.resources}
    assert types <= set(PHYSICAL_NAMES) | NAMED_BY_CLOUDFORMATION
    for resource in templates.resources:
        if resource.type in PHYSICAL_NAMES:
            assert resource.name, f"{resource.path} has no name"
        else:
            named = {key for key in resource.properties if key.endswith("Name")}
            assert not named & {"RoleName", "FunctionName", "LayerName", "UserName"}


def test_every_physical_name_carries_the_environment(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    prefixes = (f"lake-{settings.name}", f"lake_{settings.name}")
    for name in physical_names(templates):
        assert any(prefix in name for prefix in prefixes), name
    assert all(stack.startswith(f"lake-{settings.name}-") for stack in templates.raw)


def test_two_environments_in_one_account_share_no_name(dev: Templates, prod: Templates) -> None:
    assert physical_names(dev)
    assert not physical_names(dev) & physical_names(prod)
    assert not set(dev.raw) & set(prod.raw)


def test_names_are_given_once_in_an_environment(templates: Templates) -> None:
    named = [(one.type, one.name) for one in templates.resources if one.name]
    assert len(named) == len(set(named))


def test_nothing_is_exported_under_a_name_of_the_account(templates: Templates) -> None:
    outputs = [output for raw in templates.raw.values() for output in raw["Outputs"].values()]
    assert outputs
    assert not [output for output in outputs if "Export" in output]


def test_bucket_names_are_valid_in_the_longest_region(settings: EnvironmentSettings) -> None:
    longest = f"{settings.prefix}-query-results-{'1' * 12}-ap-southeast-2"
    assert len(longest) <= 63
