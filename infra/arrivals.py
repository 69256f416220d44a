"""The queues that S3 tells of landed files, one a data set that is loaded on arrival.

Their names start with `lake-<environment>-arrivals-`, which is what the execution role may read: a
data set that comes later needs no other role, and the queue of what nobody could read is called
otherwise.
"""

from __future__ import annotations

from collections.abc import Collection

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from lake.dataset import DataSet

from infra.arriving import refuse_unheard_of
from infra.buckets import bucket_name
from infra.encryption import Encryption
from infra.settings import EnvironmentSettings

KEPT = Duration.days(14)
"""The longest that SQS keeps a message: as long may a DAG be paused."""
PROCESSED_WITHIN = Duration.seconds(60)
"""A message that is not deleted by then is given out again; Airflow's database has its event within
two seconds."""
TRIES = 5
"""After these a message is set aside."""


class Arrivals(Construct):
    """The queues, and what the landing bucket tells them."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        landing: s3.Bucket,
        data_sets: Collection[DataSet],
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        refuse_unheard_of(data_sets, settings=settings)
        if not data_sets:
            return
        # By its name: the queues stand before the bucket, which tries each when it is told of it.
        landing_arn = f"arn:{Aws.PARTITION}:s3:::{bucket_name('landing', settings=settings)}"
        from_landing = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnEquals": {"aws:SourceArn": landing_arn},
        }
        encryption.admit(
            iam.PolicyStatement(
                sid="EncryptNotificationsOfLanding",
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["kms:GenerateDataKey", "kms:Decrypt"],
                resources=["*"],
                conditions=from_landing,
            )
        )
        unread = self._queue("Unread", f"{settings.prefix}-unread-arrivals", encryption)
        told = []
        for data_set in data_sets:
            queue = self._queue(
                data_set.table_name,
                f"{settings.arrival_queues}{data_set.table_name}",
                encryption,
                visibility_timeout=PROCESSED_WITHIN,
                dead_letter_queue=sqs.DeadLetterQueue(queue=unread, max_receive_count=TRIES),
            )
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="TellOfLandedFiles",
                    principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions=from_landing,
                )
            )
            landing.node.add_dependency(queue)
            told.append(_notification(queue, data_set.source_prefix))
        bucket = landing.node.default_child
        assert isinstance(bucket, s3.CfnBucket)  # noqa: S101  # what an L2 bucket is made of
        # The property: `add_event_notification` would be a Lambda function at deployment.
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=told
        )

    def _queue(self, id: str, name: str, encryption: Encryption, **more: object) -> sqs.Queue:
        return sqs.Queue(
            self,
            id,
            queue_name=name,
            encryption=encryption.of_queues,
            encryption_master_key=encryption.key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=KEPT,
            **more,  # type: ignore[arg-type]  # of the same constructor
        )


def arrival_statements(*, settings: EnvironmentSettings) -> list[iam.PolicyStatement]:
    """Return what the triggerer needs of the execution role."""
    queues = f"{settings.arrival_queues}*"
    return [
        iam.PolicyStatement(
            sid="WatchArrivals",
            actions=["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            resources=[f"arn:{Aws.PARTITION}:sqs:{Aws.REGION}:{Aws.ACCOUNT_ID}:{queues}"],
        )
    ]


def _notification(queue: sqs.Queue, prefix: str) -> s3.CfnBucket.QueueConfigurationProperty:
    rule = s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)
    return s3.CfnBucket.QueueConfigurationProperty(
        event="s3:ObjectCreated:*",
        queue=queue.queue_arn,
        filter=s3.CfnBucket.NotificationFilterProperty(
            s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=[rule])
        ),
    )
