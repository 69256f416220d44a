"""The buckets of the lake: encrypted, private, TLS only; each with its own lifecycle."""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.encryption import Encryption
from infra.settings import EnvironmentSettings

ARCHIVE_PREFIX = "_archive/"
"""Of the landing bucket: the originals of what is in the tables."""
RUN_DOCUMENTS_PREFIX = "_runs/"
"""Of the curated bucket: what the tasks of a run hand to each other."""
UNLOAD_PREFIX = "_unload/"
"""Of the curated bucket: what Redshift writes for others to read."""


def bucket_name(purpose: str, *, settings: EnvironmentSettings) -> str:
    """Return the name of a bucket.

    The account and the region complete it, because bucket names are global.
    """
    return f"{settings.prefix}-{purpose}-{Aws.ACCOUNT_ID}-{Aws.REGION}"


class LakeBucket(s3.Bucket):
    """A bucket as every bucket of the lake is, named `lake-<environment>-<purpose>-…`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        purpose: str,
        encryption: Encryption,
        settings: EnvironmentSettings,
        lifecycle_rules: list[s3.LifecycleRule] | None = None,
        versioned: bool = False,
    ) -> None:
        removal_policy = RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY
        super().__init__(
            scope,
            id,
            bucket_name=bucket_name(purpose, settings=settings),
            encryption=encryption.of_buckets,
            encryption_key=encryption.key,
            bucket_key_enabled=encryption.key is not None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            removal_policy=removal_policy,
            auto_delete_objects=not settings.keep_data,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="abort-unfinished-uploads",
                    abort_incomplete_multipart_upload_after=Duration.days(
                        settings.storage.aborted_upload_days
                    ),
                ),
                *(lifecycle_rules or []),
            ],
        )
        _keep_to_the_account(self)
        if encryption.key is None:
            self._close_to_lookups()
        if settings.storage.access_logs_days is not None:
            bucket = cast(s3.CfnBucket, self.node.default_child)
            # By its name: what the CDK would admit by reference ties its stack to those of all.
            bucket.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
                destination_bucket_name=bucket_name("access-logs", settings=settings),
                log_file_prefix=f"{purpose}/",
            )

    def _close_to_lookups(self) -> None:
        """Keep the CDK's lookup role out, which reads what it need not decrypt with KMS.

        Pull requests run as it (docs/delivery.md).
        """
        lookups = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-*-lookup-role-*"
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ClosedToLookups",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject*"],
                resources=[self.arn_for_objects("*")],
                conditions={"ArnLike": {"aws:PrincipalArn": lookups}},
            )
        )


class AccessLogs(s3.Bucket):
    """The bucket that S3 writes the logs of requests to the environment's buckets to.

    S3 delivers them to a bucket that is encrypted with its own key alone.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """

    def __init__(
        self, scope: Construct, id: str, *, kept_days: int, settings: EnvironmentSettings
    ) -> None:
        super().__init__(
            scope,
            id,
            bucket_name=bucket_name("access-logs", settings=settings),
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
            auto_delete_objects=not settings.keep_data,
            lifecycle_rules=[
                s3.LifecycleRule(id="expire-logs", expiration=Duration.days(kept_days))
            ],
        )
        _keep_to_the_account(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DeliverAccessLogs",
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.arn_for_objects("*")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:s3:::{settings.prefix}-*"},
                },
            )
        )


def _keep_to_the_account(bucket: s3.Bucket) -> None:
    """Refuse everybody of another account, whatever else is allowed; AWS's services have none.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
    """
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="OfThisAccountOnly",
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3:*"],
            resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            conditions={
                "StringNotEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        )
    )


class LakeStorage(Construct):
    """Where data lives: files land, tables are kept, query results expire."""

    def __init__(
        self, scope: Construct, id: str, *, encryption: Encryption, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, id)
        shared: dict[str, Any] = {"encryption": encryption, "settings": settings}
        kept_days = settings.storage.access_logs_days
        logs = kept_days and AccessLogs(self, "AccessLogs", kept_days=kept_days, settings=settings)
        self.landing = LakeBucket(
            self,
            "Landing",
            purpose="landing",
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-noncurrent-files",
                    noncurrent_version_expiration=Duration.days(
                        settings.storage.landing_noncurrent_days
                    ),
                    expired_object_delete_marker=True,
                ),
                _archive_rule(settings),
            ],
            **shared,
        )
        self.curated = LakeBucket(
            self,
            "Curated",
            purpose="curated",
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-run-documents",
                    prefix=RUN_DOCUMENTS_PREFIX,
                    expiration=Duration.days(settings.storage.run_documents_days),
                )
            ],
            **shared,
        )
        self.query_results = LakeBucket(
            self,
            "QueryResults",
            purpose="query-results",
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-query-results",
                    expiration=Duration.days(settings.storage.query_results_days),
                )
            ],
            **shared,
        )
        if logs:
            for bucket in (self.landing, self.curated, self.query_results):
                bucket.node.add_dependency(logs)


def _archive_rule(settings: EnvironmentSettings) -> s3.LifecycleRule:
    storage = settings.storage
    colder = []
    if storage.archive_rarely_read_days is not None:
        colder = [
            s3.Transition(
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                transition_after=Duration.days(storage.archive_rarely_read_days),
            )
        ]
    return s3.LifecycleRule(
        id="keep-originals",
        prefix=ARCHIVE_PREFIX,
        transitions=colder,
        expiration=Duration.days(storage.archive_days),
    )
