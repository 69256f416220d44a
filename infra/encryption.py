"""The customer key that encrypts everything the environment keeps."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings import EnvironmentSettings, NewVpc


class EncryptionKey(kms.Key):
    """One rotating KMS key, which CloudWatch Logs may use for the environment's log groups.

    MWAA adds grants of its own to the key; the key policy has to admit CloudWatch Logs, as
    https://docs.aws.amazon.com/mwaa/latest/userguide/custom-keys-certs.html says.
    """

    def __init__(self, scope: Construct, id: str, *, settings: EnvironmentSettings) -> None:
        super().__init__(
            scope,
            id,
            alias=f"alias/{settings.prefix}",
            description=f"Encrypts the data lake {settings.prefix}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
        )
        admitted = [f"airflow-{settings.prefix}-*", f"/aws/lambda/{settings.prefix}-*"]
        if settings.spark:
            admitted.append(f"/aws/emr-serverless/{settings.prefix}")
        if settings.redshift:
            admitted.append(f"/aws/redshift/{settings.prefix}/*")
        if isinstance(settings.network.vpc, NewVpc) and settings.network.vpc.flow_logs:
            admitted.append(f"/aws/vpc/{settings.prefix}")
        log_groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group"
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EncryptLogGroups",
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=[
                    "kms:Encrypt*",
                    "kms:Decrypt*",
                    "kms:ReEncrypt*",
                    "kms:GenerateDataKey*",
                    "kms:Describe*",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            f"{log_groups}:{name}" for name in admitted
                        ]
                    }
                },
            )
        )
        if settings.notifications.inbox:
            topic = (
                f"arn:{Aws.PARTITION}:sns:{Aws.REGION}:{Aws.ACCOUNT_ID}:{settings.messages_topic}"
            )
            self.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="FillInbox",
                    principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],
                    conditions={"ArnEquals": {"aws:SourceArn": topic}},
                )
            )
