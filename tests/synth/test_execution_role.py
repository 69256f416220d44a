"""The role's statements, exactly: what is added to it has to be added here, and be justified."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings import EnvironmentSettings
from tests.synth.templates import Templates

ACCOUNT = "111122223333"
REGION = "cn-north-1"
ROLE = "Airflow/ExecutionRole"


@pytest.fixture
def statements(templates: Templates) -> dict[str, dict[str, Any]]:
    """The role's statements by their ids, of every policy that is attached to it."""
    return {
        sid: {key: value for key, value in statement.items() if key != "Sid"}
        for sid, statement in templates.statements_of(ROLE).items()
    }


def allow(
    action: str | list[str],
    resource: str | list[str],
    *,
    effect: str = "Allow",
    condition: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A statement as the CDK writes it."""
    statement: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}


def test_both_services_may_assume_it_for_this_environment_only(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    role = templates.only("AWS::IAM::Role", ROLE)
    environment = f"arn:aws-cn:airflow:{REGION}:{ACCOUNT}:environment/{settings.prefix}"
    assert role.properties["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["airflow-env.amazonaws.com", "airflow.amazonaws.com"]},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": environment},
            },
        }
    ]


def test_its_permissions_are_these_statements_alone(
    templates: Templates, statements: dict[str, Any], settings: EnvironmentSettings
) -> None:
    role = templates.only("AWS::IAM::Role", ROLE)
    assert not {"ManagedPolicyArns", "Policies"} & set(role.properties)
    assert set(statements) == {
        "AccountWide",
        "ArchiveLandedFiles",
        "DropTemporaryTables",
        "ListCurated",
        "ListLanding",
        "ListQueryResults",
        "NeverListBuckets",
        "PublishMessages",
        "PublishMetrics",
        "PublishTables",
        "ReadAirflowBucket",
        "ReadSecrets",
        "RunQueries",
        "TakeLandedFiles",
        "UseCeleryQueues",
        "UseKey",
        "UseKeyForMessages",
        "UseKeyForSecrets",
        "WatchArrivals",
        "WriteAirflowLogs",
        "WriteCurated",
        "WriteQueryResults",
    } | ({"GiveSparkJobsTheirRole", "RunSparkJobs"} if settings.spark else set())


def test_it_has_what_the_service_needs(
    statements: dict[str, Any], settings: EnvironmentSettings
) -> None:
    name = settings.prefix
    bucket = f"arn:aws-cn:s3:::{name}-airflow-{ACCOUNT}-{REGION}"
    assert statements["PublishMetrics"] == allow(
        "airflow:PublishMetrics", f"arn:aws-cn:airflow:{REGION}:{ACCOUNT}:environment/{name}"
    )
    assert statements["NeverListBuckets"] == allow("s3:ListAllMyBuckets", "*", effect="Deny")
    assert statements["ReadAirflowBucket"] == allow(
        ["s3:GetBucket*", "s3:GetObject*", "s3:List*"], [bucket, f"{bucket}/*"]
    )
    assert statements["WriteAirflowLogs"] == allow(
        [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:GetLogEvents",
            "logs:GetLogGroupFields",
            "logs:GetLogRecord",
            "logs:GetQueryResults",
            "logs:PutLogEvents",
        ],
        f"arn:aws-cn:logs:{REGION}:{ACCOUNT}:log-group:airflow-{name}-*",
    )
    assert statements["AccountWide"] == allow(
        [
            "cloudwatch:PutMetricData",
            "logs:DescribeLogGroups",
            "s3:GetAccountPublicAccessBlock",
        ],
        "*",
    )
    assert statements["UseCeleryQueues"] == allow(
        [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ],
        f"arn:aws-cn:sqs:{REGION}:*:airflow-celery-*",
    )


def test_it_uses_the_customer_key_through_queues_and_buckets_only(
    statements: dict[str, Any],
) -> None:
    assert statements["UseKey"] == allow(
        ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
        "Key.Arn",
        condition={
            "StringEquals": {
                "kms:ViaService": [f"sqs.{REGION}.amazonaws.com", f"s3.{REGION}.amazonaws.com"]
            }
        },
    )


def test_it_takes_files_from_landing_and_writes_tables_and_results(
    statements: dict[str, Any], settings: EnvironmentSettings
) -> None:
    landing, curated, results = (
        f"arn:aws-cn:s3:::{settings.prefix}-{purpose}-{ACCOUNT}-{REGION}"
        for purpose in ("landing", "curated", "query-results")
    )
    assert statements["ListLanding"] == allow(["s3:ListBucket", "s3:ListBucketVersions"], landing)
    assert statements["TakeLandedFiles"] == allow(
        ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion"],
        f"{landing}/*",
    )
    assert statements["ArchiveLandedFiles"] == allow(
        ["s3:AbortMultipartUpload", "s3:PutObject"], f"{landing}/_archive/*"
    )
    write = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ]
    assert statements["ListCurated"] == allow(
        ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], curated
    )
    assert statements["WriteCurated"] == allow(write, f"{curated}/*")
    assert statements["ListQueryResults"] == allow(
        ["s3:GetBucketLocation", "s3:ListBucket"], results
    )
    assert statements["WriteQueryResults"] == allow(write, f"{results}/*")


def test_it_queries_in_the_work_group_and_publishes_in_the_database_of_the_environment(
    statements: dict[str, Any], settings: EnvironmentSettings
) -> None:
    glue = f"arn:aws-cn:glue:{REGION}:{ACCOUNT}"
    assert statements["RunQueries"] == allow(
        [
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
            "athena:GetWorkGroup",
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
        ],
        f"arn:aws-cn:athena:{REGION}:{ACCOUNT}:workgroup/{settings.prefix}",
    )
    assert statements["PublishTables"] == allow(
        [
            "glue:BatchCreatePartition",
            "glue:BatchDeletePartition",
            "glue:BatchGetPartition",
            "glue:BatchUpdatePartition",
            "glue:CreateTable",
            "glue:GetDatabase",
            "glue:GetPartition",
            "glue:GetPartitions",
            "glue:GetTable",
            "glue:UpdateTable",
        ],
        [
            f"{glue}:catalog",
            f"{glue}:database/{settings.database_name}",
            f"{glue}:table/{settings.database_name}/*",
        ],
    )
    assert statements["DropTemporaryTables"] == allow(
        "glue:DeleteTable",
        [
            f"{glue}:catalog",
            f"{glue}:database/{settings.database_name}",
            f"{glue}:table/{settings.database_name}/temporary_*",
        ],
    )


def test_it_reads_the_queues_of_landed_files_and_not_what_was_set_aside(
    templates: Templates, statements: dict[str, Any], settings: EnvironmentSettings
) -> None:
    queues = f"arn:aws-cn:sqs:{REGION}:{ACCOUNT}:{settings.prefix}-arrivals-"
    assert statements["WatchArrivals"] == allow(
        ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], f"{queues}*"
    )
    names = {one.name for one in templates.of_type("AWS::SQS::Queue")}
    unread = {
        name for name in names if name and not name.startswith(f"{settings.prefix}-arrivals-")
    }
    assert unread - {f"{settings.prefix}-messages"} == {f"{settings.prefix}-unread-arrivals"}
