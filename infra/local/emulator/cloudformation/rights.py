"""What CloudFormation's role must be allowed for each resource type of the lake.

AWS calls the services with the role that a stack was given; what the role lacks fails the stack.
These are the actions that cannot be done without, and the role that is handed to a service; what
else a handler may call, its schema says.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Of one resource type."""

    arn: str = "*"
    """Without `arn:aws:`; {name} is the resource's, {where} Region and account."""
    name: str = ""
    """The property that names it, such as `Name` or `DatabaseInput.Name`; without one
    CloudFormation makes a name of stack and resource."""
    create: tuple[str, ...] = ()
    create_anywhere: tuple[str, ...] = ()
    """Actions that IAM asks on no resource, as there is none yet."""
    update: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    by_property: Mapping[str, str] = field(default_factory=dict)
    """Actions that only a resource with the property needs."""
    passes: str = ""
    """The property with the role that is handed to the service."""


def _ec2(noun: str, *more: str, plural: str = "", update: tuple[str, ...] = ()) -> Rights:
    return Rights(
        create=(f"ec2:Create{noun}", *more), update=update, delete=(f"ec2:Delete{plural or noun}",)
    )


def _policy_of(arn: str, name: str, put: str, delete: str) -> Rights:
    return Rights(arn=arn, name=name, create=(put,), update=(put,), delete=(delete,))


RIGHTS: Mapping[str, Rights] = {
    "AWS::Athena::NamedQuery": Rights(
        arn="athena:{where}:workgroup/{name}",
        name="WorkGroup",
        create=("athena:CreateNamedQuery",),
        update=("athena:CreateNamedQuery",),
        delete=("athena:DeleteNamedQuery",),
    ),
    "AWS::Athena::WorkGroup": Rights(
        arn="athena:{where}:workgroup/{name}",
        name="Name",
        create=("athena:CreateWorkGroup",),
        update=("athena:UpdateWorkGroup",),
        delete=("athena:DeleteWorkGroup",),
    ),
    "AWS::Budgets::Budget": Rights(
        arn="budgets::{account}:budget/{name}",
        name="Budget.BudgetName",
        create=("budgets:ModifyBudget",),
        update=("budgets:ModifyBudget",),
        delete=("budgets:ModifyBudget",),
    ),
    "AWS::Chatbot::SlackChannelConfiguration": Rights(
        create=("chatbot:CreateSlackChannelConfiguration",),
        update=("chatbot:UpdateSlackChannelConfiguration",),
        delete=("chatbot:DeleteSlackChannelConfiguration",),
        passes="IamRoleArn",
    ),
    "AWS::CloudWatch::Alarm": Rights(
        arn="cloudwatch:{where}:alarm:{name}",
        name="AlarmName",
        create=("cloudwatch:PutMetricAlarm",),
        update=("cloudwatch:PutMetricAlarm",),
        delete=("cloudwatch:DeleteAlarms",),
    ),
    "AWS::CloudWatch::Dashboard": Rights(
        arn="cloudwatch::{account}:dashboard/{name}",
        name="DashboardName",
        create=("cloudwatch:PutDashboard",),
        update=("cloudwatch:PutDashboard",),
        delete=("cloudwatch:DeleteDashboards",),
    ),
    "AWS::EC2::EIP": Rights(create=("ec2:AllocateAddress",), delete=("ec2:ReleaseAddress",)),
    "AWS::EC2::FlowLog": Rights(
        create=("ec2:CreateFlowLogs",),
        delete=("ec2:DeleteFlowLogs",),
        passes="DeliverLogsPermissionArn",
    ),
    "AWS::EC2::InternetGateway": _ec2("InternetGateway"),
    "AWS::EC2::NatGateway": _ec2("NatGateway"),
    "AWS::EC2::Route": _ec2("Route", update=("ec2:ReplaceRoute",)),
    "AWS::EC2::RouteTable": _ec2("RouteTable"),
    "AWS::EC2::SecurityGroup": _ec2("SecurityGroup"),
    "AWS::EC2::SecurityGroupEgress": Rights(
        create=("ec2:AuthorizeSecurityGroupEgress",), delete=("ec2:RevokeSecurityGroupEgress",)
    ),
    "AWS::EC2::SecurityGroupIngress": Rights(
        create=("ec2:AuthorizeSecurityGroupIngress",), delete=("ec2:RevokeSecurityGroupIngress",)
    ),
    "AWS::EC2::Subnet": _ec2("Subnet", update=("ec2:ModifySubnetAttribute",)),
    "AWS::EC2::SubnetRouteTableAssociation": Rights(
        create=("ec2:AssociateRouteTable",), delete=("ec2:DisassociateRouteTable",)
    ),
    "AWS::EC2::VPC": _ec2("Vpc", "ec2:ModifyVpcAttribute", update=("ec2:ModifyVpcAttribute",)),
    "AWS::EC2::VPCEndpoint": _ec2(
        "VpcEndpoint", plural="VpcEndpoints", update=("ec2:ModifyVpcEndpoint",)
    ),
    "AWS::EC2::VPCGatewayAttachment": Rights(
        create=("ec2:AttachInternetGateway",), delete=("ec2:DetachInternetGateway",)
    ),
    "AWS::EMRServerless::Application": Rights(
        arn="emr-serverless:{where}:/applications/{name}",
        create_anywhere=("emr-serverless:CreateApplication",),
        update=("emr-serverless:UpdateApplication",),
        delete=("emr-serverless:DeleteApplication",),
    ),
    "AWS::Glue::Database": Rights(
        arn="glue:{where}:database/{name}",
        name="DatabaseInput.Name",
        create=("glue:CreateDatabase",),
        update=("glue:UpdateDatabase",),
        delete=("glue:DeleteDatabase",),
    ),
    "AWS::IAM::ManagedPolicy": Rights(
        arn="iam::{account}:policy/{name}",
        name="ManagedPolicyName",
        create=("iam:CreatePolicy",),
        update=("iam:CreatePolicyVersion",),
        delete=("iam:DeletePolicy",),
    ),
    "AWS::IAM::Policy": _policy_of(
        "iam::{account}:role/{name}", "Roles", "iam:PutRolePolicy", "iam:DeleteRolePolicy"
    ),
    "AWS::IAM::Role": Rights(
        arn="iam::{account}:role/{name}",
        name="RoleName",
        create=("iam:CreateRole",),
        update=("iam:UpdateAssumeRolePolicy",),
        delete=("iam:DeleteRole",),
        by_property={
            "ManagedPolicyArns": "iam:AttachRolePolicy",
            "Policies": "iam:PutRolePolicy",
        },
    ),
    "AWS::KMS::Alias": Rights(
        create=("kms:CreateAlias",), update=("kms:UpdateAlias",), delete=("kms:DeleteAlias",)
    ),
    "AWS::KMS::Key": Rights(
        arn="kms:{where}:key/{name}",
        create_anywhere=("kms:CreateKey",),
        update=("kms:PutKeyPolicy",),
        delete=("kms:ScheduleKeyDeletion",),
    ),
    "AWS::LakeFormation::PrincipalPermissions": Rights(
        create=("lakeformation:GrantPermissions",),
        update=("lakeformation:GrantPermissions",),
        delete=("lakeformation:RevokePermissions",),
    ),
    "AWS::LakeFormation::Resource": Rights(
        create=("lakeformation:RegisterResource",),
        update=("lakeformation:UpdateResource",),
        delete=("lakeformation:DeregisterResource",),
        passes="RoleArn",
    ),
    "AWS::Lambda::Function": Rights(
        arn="lambda:{where}:function:{name}",
        name="FunctionName",
        create=("lambda:CreateFunction",),
        update=("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
        delete=("lambda:DeleteFunction",),
        passes="Role",
    ),
    "AWS::Lambda::LayerVersion": Rights(
        arn="lambda:{where}:layer:{name}",
        name="LayerName",
        create=("lambda:PublishLayerVersion",),
        delete=("lambda:DeleteLayerVersion",),
    ),
    "AWS::Logs::LogGroup": Rights(
        arn="logs:{where}:log-group:{name}",
        name="LogGroupName",
        create=("logs:CreateLogGroup",),
        delete=("logs:DeleteLogGroup",),
        by_property={
            "KmsKeyId": "logs:AssociateKmsKey",
            "RetentionInDays": "logs:PutRetentionPolicy",
        },
    ),
    "AWS::MWAA::Environment": Rights(
        arn="airflow:{where}:environment/{name}",
        name="Name",
        create=("airflow:CreateEnvironment",),
        update=("airflow:UpdateEnvironment",),
        delete=("airflow:DeleteEnvironment",),
        passes="ExecutionRoleArn",
    ),
    "AWS::RedshiftServerless::Namespace": Rights(
        create=("redshift-serverless:CreateNamespace",),
        update=("redshift-serverless:UpdateNamespace",),
        delete=("redshift-serverless:DeleteNamespace",),
        passes="IamRoles",
    ),
    "AWS::RedshiftServerless::Workgroup": Rights(
        create=("redshift-serverless:CreateWorkgroup",),
        update=("redshift-serverless:UpdateWorkgroup",),
        delete=("redshift-serverless:DeleteWorkgroup",),
    ),
    "AWS::S3::Bucket": Rights(
        arn="s3:::{name}",
        name="BucketName",
        create=("s3:CreateBucket",),
        delete=("s3:DeleteBucket",),
        by_property={
            "BucketEncryption": "s3:PutEncryptionConfiguration",
            "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
            "LoggingConfiguration": "s3:PutBucketLogging",
            "NotificationConfiguration": "s3:PutBucketNotification",
            "OwnershipControls": "s3:PutBucketOwnershipControls",
            "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
            "Tags": "s3:PutBucketTagging",
            "VersioningConfiguration": "s3:PutBucketVersioning",
        },
    ),
    "AWS::S3::BucketPolicy": _policy_of(
        "s3:::{name}", "Bucket", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"
    ),
    "AWS::SNS::Subscription": Rights(arn="{name}", name="TopicArn", create=("sns:Subscribe",)),
    "AWS::SNS::Topic": Rights(
        arn="sns:{where}:{name}",
        name="TopicName",
        create=("sns:CreateTopic",),
        update=("sns:SetTopicAttributes",),
        delete=("sns:DeleteTopic",),
    ),
    "AWS::SNS::TopicPolicy": _policy_of(
        "{name}", "Topics", "sns:SetTopicAttributes", "sns:SetTopicAttributes"
    ),
    "AWS::SQS::Queue": Rights(
        arn="sqs:{where}:{name}",
        name="QueueName",
        create=("sqs:CreateQueue",),
        update=("sqs:SetQueueAttributes",),
        delete=("sqs:DeleteQueue",),
    ),
    "AWS::SQS::QueuePolicy": _policy_of(
        "sqs:{where}:{name}", "Queues", "sqs:SetQueueAttributes", "sqs:SetQueueAttributes"
    ),
}
"""The types of the lake's stacks; another type is made with no look at the role."""
