"""The topic on which people hear of problems, and its inbox."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.encryption import Encryption
from infra.execution_role import arn
from infra.settings import EnvironmentSettings

INBOX_DAYS = 14
"""The longest that SQS keeps a message."""


class Notifications(Construct):
    """What the settings name of them, and what the DAGs need to use it.

    The topic is encrypted with the environment's key, if there is one, and takes messages of this
    account alone, over TLS alone. Sources:
    https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    and …/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
    """

    def __init__(
        self, scope: Construct, id: str, *, encryption: Encryption, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, id)
        self._encryption = encryption
        self._settings = settings
        self._prefix = settings.prefix
        self.topic: sns.Topic | None = None
        self.inbox: sqs.Queue | None = None
        if settings.notifications.topic:
            self.topic = self._topic()
            for address in settings.notifications.subscribers:
                self.topic.add_subscription(subscriptions.EmailSubscription(address))
            if settings.notifications.inbox:
                self.inbox = self._inbox(self.topic)

    @property
    def airflow_statements(self) -> list[iam.PolicyStatement]:
        """What the DAGs may do: publish to the topic."""
        if not self.topic:
            return []
        publish = iam.PolicyStatement(
            sid="PublishMessages", actions=["sns:Publish"], resources=[self.topic.topic_arn]
        )
        use_key = self._encryption.statements(
            "UseKeyForMessages",
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            via=[f"sns.{Aws.REGION}.amazonaws.com"],
        )
        return [publish, *use_key]

    @property
    def options(self) -> dict[str, str]:
        """The configuration options that tell the DAGs of it."""
        return self._settings.message_options(self.topic.topic_arn if self.topic else None)

    @property
    def outputs(self) -> dict[str, str]:
        """Of the stack."""
        return {
            **({"MessagesTopicArn": self.topic.topic_arn} if self.topic else {}),
            **({"InboxUrl": self.inbox.queue_url} if self.inbox else {}),
        }

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Topic",
            topic_name=self._settings.messages_topic,
            display_name=self._prefix,
            master_key=self._encryption.key,
            enforce_ssl=True,
        )
        if self._settings.operations.alarms:
            self._admit_alarms(topic)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OfThisAccountOnly",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["sns:Publish", "sns:Subscribe"],
                resources=[topic.topic_arn],
                # A service of AWS has no account of its own, and names the one that it acts for.
                conditions={
                    "StringNotEquals": {
                        "aws:PrincipalAccount": Aws.ACCOUNT_ID,
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                    }
                },
            )
        )
        return topic

    def _admit_alarms(self, topic: sns.Topic) -> None:
        """Let the environment's alarms publish, and use the key for that.

        https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
        """
        cloudwatch = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        of_account = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        alarms = arn("cloudwatch", f"alarm:{self._prefix}-*")
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishAlarms",
                principals=[cloudwatch],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={**of_account, "ArnLike": {"aws:SourceArn": alarms}},
            )
        )
        self._encryption.admit(
            iam.PolicyStatement(
                sid="EncryptAlarms",
                principals=[cloudwatch],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=of_account,
            )
        )

    def _inbox(self, topic: sns.Topic) -> sqs.Queue:
        inbox = sqs.Queue(
            self,
            "Inbox",
            queue_name=f"{self._prefix}-messages",
            encryption=self._encryption.of_queues,
            encryption_master_key=self._encryption.key,
            enforce_ssl=True,
            retention_period=Duration.days(INBOX_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        inbox.add_to_resource_policy(
            iam.PolicyStatement(
                sid="FillInbox",
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[inbox.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}},
            )
        )
        # The subscription of the CDK would name the topic in the policy of the key that it needs.
        sns.Subscription(
            self,
            "InboxSubscription",
            topic=topic,
            endpoint=inbox.queue_arn,
            protocol=sns.SubscriptionProtocol.SQS,
        )
        return inbox
