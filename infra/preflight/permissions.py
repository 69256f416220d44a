"""What the execution role has to be able to do, and what it must not: one table.

It says for each purpose of the statements in `infra/execution_role.py` what is done on AWS, so that
a right that gets lost, or one too many, shows before a DAG fails or somebody is surprised. Rights
on the key are not in it: they depend on the service that asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ALLOWED = {
    "airflow:PublishMetrics": ("environment",),
    "s3:GetObject": ("airflow/dags/dag.py", "landing/file", "curated/file", "results/file"),
    "s3:GetBucketVersioning": ("airflow",),
    "s3:ListBucket": ("airflow", "landing", "curated", "results"),
    "s3:ListBucketVersions": ("landing",),
    "s3:GetObjectVersion": ("landing/file",),
    "s3:DeleteObject": ("landing/file", "curated/file", "results/file"),
    "s3:PutObject": ("landing/_archive/file", "curated/file", "results/file"),
    "s3:GetAccountPublicAccessBlock": ("*",),
    "logs:CreateLogStream": ("logs",),
    "logs:PutLogEvents": ("logs",),
    "logs:DescribeLogGroups": ("*",),
    "cloudwatch:PutMetricData": ("*",),
    "sqs:SendMessage": ("celery",),
    "sqs:ReceiveMessage": ("celery", "arrivals"),
    "sqs:DeleteMessage": ("celery", "arrivals"),
    "athena:StartQueryExecution": ("workgroup",),
    "athena:GetQueryResults": ("workgroup",),
    "glue:GetTable": ("table",),
    "glue:CreateTable": ("table",),
    "glue:UpdateTable": ("table",),
    "glue:BatchCreatePartition": ("table",),
    "glue:DeleteTable": ("temporary table",),
    "sns:Publish": ("topic",),
    "emr-serverless:StartJobRun": ("spark",),
}
DENIED = {
    "s3:ListAllMyBuckets": ("*",),
    "s3:DeleteBucket": ("landing", "curated"),
    "s3:DeleteObjectVersion": ("landing/file",),
    "s3:PutObject": ("airflow/dags/dag.py", "landing/file", "another bucket/file"),
    "s3:GetObject": ("another bucket/file",),
    "glue:DeleteTable": ("table",),
    "glue:DeleteDatabase": ("database",),
    "athena:DeleteWorkGroup": ("workgroup",),
    "iam:CreateUser": ("*",),
    "airflow:UpdateEnvironment": ("environment",),
}


@dataclass(frozen=True, kw_only=True)
class Right:
    """An action on a resource, and whether it is to be allowed."""

    action: str
    resource: str
    """An ARN, or `*`."""
    allowed: bool


def rights(environment: Mapping[str, Any]) -> Iterator[Right]:
    """The table, with the ARNs of an MWAA environment as GetEnvironment describes it.

    What the environment does not have, such as Spark, is left out.
    """
    known = arns(environment)
    for table, allowed in ((ALLOWED, True), (DENIED, False)):
        for action, resources in table.items():
            for resource in resources:
                name, slash, key = resource.partition("/")
                if name in known:
                    yield Right(
                        action=action, resource=f"{known[name]}{slash}{key}", allowed=allowed
                    )


def arns(environment: Mapping[str, Any]) -> dict[str, str]:
    """The ARNs of what the table calls by a word."""
    options = environment["AirflowConfigurationOptions"]
    arn, name = environment["Arn"], environment["Name"]
    _, partition, _, region, account, _ = arn.split(":", 5)

    def of(service: str, resource: str, *, owner: str = account) -> str:
        return f"arn:{partition}:{service}:{region}:{owner}:{resource}"

    database = options["lake.database"]
    found = {
        "*": "*",
        "environment": arn,
        "airflow": environment["SourceBucketArn"],
        "landing": f"arn:{partition}:s3:::{options['lake.landing_bucket']}",
        "curated": f"arn:{partition}:s3:::{options['lake.curated_bucket']}",
        "results": f"arn:{partition}:s3:::{name}-query-results-{account}-{region}",
        "another bucket": f"arn:{partition}:s3:::another-bucket-of-{account}",
        "logs": of("logs", f"log-group:airflow-{name}-Task:log-stream:dag"),
        "celery": of("sqs", "airflow-celery-00000000", owner="111122223333"),
        "arrivals": of("sqs", f"{options['lake.arrival_queues']}market-quotes"),
        "workgroup": of("athena", f"workgroup/{options['lake.workgroup']}"),
        "database": of("glue", f"database/{database}"),
        "table": of("glue", f"table/{database}/market_quotes"),
        "temporary table": of("glue", f"table/{database}/temporary_1"),
    }
    if topic := options.get("lake.sns_topic_arn"):
        found["topic"] = topic
    if application := options.get("lake.spark_application_id"):
        found["spark"] = of("emr-serverless", f"/applications/{application}")
    return found
