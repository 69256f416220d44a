"""Spark for the files that outgrow a worker: an EMR Serverless application, and what it may do."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_emrserverless as emrserverless
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.buckets import LakeStorage
from infra.deployment import DAGS_PREFIX
from infra.encryption import Encryption
from infra.execution_role import arn
from infra.log_groups import LakeLogGroup
from infra.settings import EnvironmentSettings, SparkSettings

JOB_SCRIPT = f"{DAGS_PREFIX}lake/engines/spark_job.py"
"""Of the Airflow bucket: where the deployment puts what jobs run."""


class Spark(Construct):
    """An application that jobs start and that stops itself, and the role that jobs run as.

    It costs nothing while no job runs. In no VPC, so it reaches S3, KMS and CloudWatch of its
    region and nothing else. Source:
    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/emr-serverless.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        spark: SparkSettings,
        airflow_bucket: s3.IBucket,
        storage: LakeStorage,
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        self._entry_point = airflow_bucket.s3_url_for_object(JOB_SCRIPT)
        self.log_group = LakeLogGroup(
            self,
            "Logs",
            name=f"/aws/emr-serverless/{settings.prefix}",
            encryption=encryption,
            settings=settings,
        )
        capacity = emrserverless.CfnApplication.MaximumAllowedResourcesProperty(
            cpu=f"{spark.most_vcpus} vCPU", memory=f"{spark.most_memory_gb} GB"
        )
        self.application = emrserverless.CfnApplication(
            self,
            "Application",
            name=settings.prefix,
            type="SPARK",
            release_label=spark.release_label,
            architecture="ARM64",
            maximum_capacity=capacity,
            auto_start_configuration=emrserverless.CfnApplication.AutoStartConfigurationProperty(
                enabled=True
            ),
            auto_stop_configuration=emrserverless.CfnApplication.AutoStopConfigurationProperty(
                enabled=True, idle_timeout_minutes=spark.idle_minutes
            ),
        )
        self.job_role = iam.Role(
            self,
            "JobRole",
            description=f"Runs the Spark jobs of the environment {settings.prefix}",
            assumed_by=iam.ServicePrincipal(
                "emr-serverless.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": arn("emr-serverless", "/applications/*")},
                },
            ),
        )
        self.permissions = iam.Policy(
            self,
            "JobPermissions",
            statements=job_statements(
                airflow_bucket=airflow_bucket,
                storage=storage,
                encryption=encryption,
                log_group=self.log_group,
            ),
            roles=[self.job_role],
        )

    @property
    def airflow_statements(self) -> list[iam.PolicyStatement]:
        """What the DAGs need to run jobs, beside the application's own rights."""
        application = self.application.attr_arn
        return [
            iam.PolicyStatement(
                sid="RunSparkJobs",
                actions=[
                    "emr-serverless:GetApplication",
                    "emr-serverless:StartApplication",
                    "emr-serverless:StartJobRun",
                    "emr-serverless:GetJobRun",
                    "emr-serverless:CancelJobRun",
                ],
                resources=[application, f"{application}/jobruns/*"],
            ),
            iam.PolicyStatement(
                sid="GiveSparkJobsTheirRole",
                actions=["iam:PassRole"],
                resources=[self.job_role.role_arn],
                conditions={
                    "StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}
                },
            ),
        ]

    @property
    def options(self) -> dict[str, str]:
        """The configuration options that tell the DAGs of it."""
        return {
            "lake.spark_application_id": self.application.attr_application_id,
            "lake.spark_job_role_arn": self.job_role.role_arn,
            "lake.spark_entry_point": self._entry_point,
            "lake.spark_log_group": self.log_group.log_group_name,
        }


def job_statements(
    *,
    airflow_bucket: s3.IBucket,
    storage: LakeStorage,
    encryption: Encryption,
    log_group: LakeLogGroup,
) -> list[iam.PolicyStatement]:
    """Return what a job may do: read its script and landed files, write parts, and log."""
    landing, curated = storage.landing.bucket_arn, storage.curated.bucket_arn
    return [
        iam.PolicyStatement(
            sid="ReadScript",
            actions=["s3:GetObject"],
            resources=[f"{airflow_bucket.bucket_arn}/{JOB_SCRIPT}"],
        ),
        iam.PolicyStatement(
            sid="ReadLandedFiles", actions=["s3:GetObject"], resources=[f"{landing}/*"]
        ),
        iam.PolicyStatement(sid="List", actions=["s3:ListBucket"], resources=[landing, curated]),
        iam.PolicyStatement(
            sid="WriteParts",
            # Spark writes under a temporary name, reads what it wrote, and replaces a retry's.
            actions=[
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            resources=[f"{curated}/*"],
        ),
        *encryption.statements(
            "UseKey",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            via=f"s3.{Aws.REGION}.amazonaws.com",
        ),
        iam.PolicyStatement(
            sid="WriteLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            resources=[log_group.log_group_arn],
        ),
        iam.PolicyStatement(
            sid="FindLogGroup",
            actions=["logs:DescribeLogGroups"],
            resources=["*"],
        ),
    ]
