"""What encrypts all that the environment keeps: a customer managed key, or keys that AWS owns."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import EnvironmentSettings, NewVpc


class Encryption:
    """The environment's key or, where the settings want none, what each service has of its own.

    What is encrypted takes its part from here, and need not know which of the two it is: S3, SQS
    and Athena are told to use keys of their own, MWAA, Redshift and CloudWatch Logs do so when no
    key is named. SNS has none that CloudWatch's alarms could use, and keeps messages on encrypted
    disks (https://docs.aws.amazon.com/sns/latest/dg/sns-data-encryption.html).
    """

    def __init__(self, scope: Construct, *, settings: EnvironmentSettings) -> None:
        self.key: kms.Key | None = None
        if settings.encryption_key == "customer-managed":
            self.key = EncryptionKey(scope, "Key", settings=settings)

    @property
    def key_arn(self) -> str | None:
        """The ARN of the key, if there is one."""
        return self.key.key_arn if self.key else None

    @property
    def of_buckets(self) -> s3.BucketEncryption:
        """How S3 encrypts objects."""
        return s3.BucketEncryption.KMS if self.key else s3.BucketEncryption.S3_MANAGED

    @property
    def of_queues(self) -> sqs.QueueEncryption:
        """How SQS encrypts messages."""
        return sqs.QueueEncryption.KMS if self.key else sqs.QueueEncryption.SQS_MANAGED

    @property
    def of_query_results(self) -> athena.CfnWorkGroup.EncryptionConfigurationProperty:
        """How Athena encrypts what it writes."""
        return athena.CfnWorkGroup.EncryptionConfigurationProperty(
            encryption_option="SSE_KMS" if self.key else "SSE_S3", kms_key=self.key_arn
        )

    @property
    def outputs(self) -> dict[str, str]:
        """Of the stack that has the key."""
        return {"KeyArn": self.key.key_arn} if self.key else {}

    def admit(self, statement: iam.PolicyStatement) -> None:
        """Add `statement` to the key's policy; AWS's own keys admit whom they have to."""
        if self.key:
            self.key.add_to_resource_policy(statement)

    def statements(
        self, sid: str, *, actions: Sequence[str], via: str | Sequence[str]
    ) -> list[iam.PolicyStatement]:
        """Return what a role needs to use the key through the services `via`.

        That is nothing where AWS owns the keys: who may use the service, uses them.
        """
        if self.key is None:
            return []
        return [
            iam.PolicyStatement(
                sid=sid,
                actions=actions,
                resources=[self.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": via}},
            )
        ]


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
