"""The role that the MWAA environment and its DAGs run as: what each needs, and nothing more."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.buckets import ARCHIVE_PREFIX, LakeStorage
from infra.catalog import Catalog
from infra.encryption import Encryption

TEMPORARY_TABLES = "temporary_"
"""What the names of tables start with that Athena reads a landed file through."""


def arn(service: str, resource: str, *, account: str = Aws.ACCOUNT_ID) -> str:
    """Return the ARN of `resource` in the stack's partition and region."""
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{account}:{resource}"


class ExecutionRole(iam.Role):
    """The execution role of the MWAA environment `environment_name`.

    Sources: https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html for the
    service's own statements, …/cross-service-confused-deputy-prevention.html for the trust.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment_name: str,
        airflow_bucket: s3.IBucket,
        storage: LakeStorage,
        catalog: Catalog,
        encryption: Encryption,
    ) -> None:
        environment_arn = arn("airflow", f"environment/{environment_name}")
        only_this_environment = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": environment_arn},
        }
        super().__init__(
            scope,
            id,
            description=f"Runs the MWAA environment {environment_name} and its DAGs",
            assumed_by=iam.PrincipalWithConditions(
                iam.CompositePrincipal(
                    iam.ServicePrincipal("airflow.amazonaws.com"),
                    iam.ServicePrincipal("airflow-env.amazonaws.com"),
                ),
                only_this_environment,
            ),
        )
        self.permissions = iam.Policy(
            self,
            "Permissions",
            statements=[
                *service_statements(
                    environment_name=environment_name,
                    environment_arn=environment_arn,
                    airflow_bucket=airflow_bucket,
                    encryption=encryption,
                ),
                *storage_statements(storage=storage),
                *catalog_statements(catalog=catalog),
            ],
            roles=[self],
        )


def service_statements(
    *,
    environment_name: str,
    environment_arn: str,
    airflow_bucket: s3.IBucket,
    encryption: Encryption,
) -> list[iam.PolicyStatement]:
    """Return what MWAA itself needs of its execution role."""
    bucket = airflow_bucket.bucket_arn
    return [
        iam.PolicyStatement(
            sid="PublishMetrics",
            actions=["airflow:PublishMetrics"],
            resources=[environment_arn],
        ),
        iam.PolicyStatement(
            sid="NeverListBuckets",
            effect=iam.Effect.DENY,
            actions=["s3:ListAllMyBuckets"],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="ReadAirflowBucket",
            actions=["s3:GetObject*", "s3:GetBucket*", "s3:List*"],
            resources=[bucket, f"{bucket}/*"],
        ),
        iam.PolicyStatement(
            sid="WriteAirflowLogs",
            actions=[
                "logs:CreateLogStream",
                "logs:CreateLogGroup",
                "logs:PutLogEvents",
                "logs:GetLogEvents",
                "logs:GetLogRecord",
                "logs:GetLogGroupFields",
                "logs:GetQueryResults",
            ],
            resources=[arn("logs", f"log-group:airflow-{environment_name}-*")],
        ),
        iam.PolicyStatement(
            sid="AccountWide",
            actions=[
                "logs:DescribeLogGroups",
                "s3:GetAccountPublicAccessBlock",
                "cloudwatch:PutMetricData",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="UseCeleryQueues",
            actions=[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            # The queues belong to an account of the service.
            resources=[arn("sqs", "airflow-celery-*", account="*")],
        ),
        *key_statements(encryption),
    ]


def key_statements(encryption: Encryption) -> list[iam.PolicyStatement]:
    """Return how the Celery queue is encrypted, and with a key of the environment the bucket too.

    A key that MWAA owns is in an account of the service: whichever it is, it is none of this one.
    """
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:Encrypt"]
    sqs, s3 = (f"{service}.{Aws.REGION}.amazonaws.com" for service in ("sqs", "s3"))
    if encryption.key:
        return encryption.statements("UseKey", actions=actions, via=[sqs, s3])
    return [
        iam.PolicyStatement(
            sid="UseKeyOfCeleryQueues",
            actions=actions,
            not_resources=[f"arn:{Aws.PARTITION}:kms:*:{Aws.ACCOUNT_ID}:key/*"],
            conditions={"StringLike": {"kms:ViaService": [sqs]}},
        )
    ]


def storage_statements(*, storage: LakeStorage) -> list[iam.PolicyStatement]:
    """Return what the DAGs do with files, tables and query results."""
    landing = storage.landing.bucket_arn
    curated = storage.curated.bucket_arn
    query_results = storage.query_results.bucket_arn
    return [
        iam.PolicyStatement(
            sid="ListLanding",
            actions=["s3:ListBucket", "s3:ListBucketVersions"],
            resources=[landing],
        ),
        iam.PolicyStatement(
            sid="TakeLandedFiles",
            # Not DeleteObjectVersion: what a DAG deletes stays as a version for some days.
            actions=["s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject"],
            resources=[f"{landing}/*"],
        ),
        iam.PolicyStatement(
            sid="ArchiveLandedFiles",
            actions=["s3:PutObject", "s3:AbortMultipartUpload"],
            resources=[f"{landing}/{ARCHIVE_PREFIX}*"],
        ),
        # Athena's UNLOAD asks for the bucket's region and its uploads.
        iam.PolicyStatement(
            sid="ListCurated",
            actions=["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            resources=[curated],
        ),
        # VACUUM of a caller who may not delete succeeds, and deletes nothing.
        iam.PolicyStatement(
            sid="WriteCurated",
            actions=[
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            resources=[f"{curated}/*"],
        ),
        iam.PolicyStatement(
            sid="ListQueryResults",
            actions=["s3:ListBucket", "s3:GetBucketLocation"],
            resources=[query_results],
        ),
        iam.PolicyStatement(
            sid="WriteQueryResults",
            actions=[
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            resources=[f"{query_results}/*"],
        ),
    ]


def catalog_statements(*, catalog: Catalog) -> list[iam.PolicyStatement]:
    """Return what the DAGs do with tables in Glue and queries in Athena."""
    return [
        iam.PolicyStatement(
            sid="RunQueries",
            actions=[
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
            ],
            resources=[arn("athena", f"workgroup/{catalog.workgroup_name}")],
        ),
        # Athena reads the catalog with the caller's rights.
        iam.PolicyStatement(
            sid="PublishTables",
            actions=[
                "glue:GetDatabase",
                "glue:GetTable",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:BatchGetPartition",
                "glue:CreateTable",
                "glue:UpdateTable",
                "glue:BatchCreatePartition",
                "glue:BatchUpdatePartition",
                "glue:BatchDeletePartition",
            ],
            resources=[
                arn("glue", "catalog"),
                arn("glue", f"database/{catalog.database_name}"),
                arn("glue", f"table/{catalog.database_name}/*"),
            ],
        ),
        # A table of data is never dropped: only those that are made for one conversion.
        iam.PolicyStatement(
            sid="DropTemporaryTables",
            actions=["glue:DeleteTable"],
            resources=[
                arn("glue", "catalog"),
                arn("glue", f"database/{catalog.database_name}"),
                arn("glue", f"table/{catalog.database_name}/{TEMPORARY_TABLES}*"),
            ],
        ),
    ]
