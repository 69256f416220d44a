"""Spark: an application and a role where the settings ask for them, nothing where they do not."""

from __future__ import annotations

from typing import Any

from infra.environments import DEV, PROD
from tests.synth.templates import Templates

ACCOUNT = "111122223333"
REGION = "cn-north-1"
APPLICATION = "Airflow/Spark/Application"
JOB_ROLE = "Airflow/Spark/JobRole"


def options(templates: Templates) -> dict[str, str]:
    found = templates.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    return {name: value for name, value in found.items() if name.startswith("lake.spark_")}


def statements(templates: Templates, role: str) -> dict[str, dict[str, Any]]:
    policies = [
        one for one in templates.of_type("AWS::IAM::Policy") if one.properties["Roles"] == [role]
    ]
    return {
        statement["Sid"]: {key: value for key, value in statement.items() if key != "Sid"}
        for policy in policies
        for statement in policy.properties["PolicyDocument"]["Statement"]
    }


def test_an_environment_without_it_has_no_trace_of_it(dev: Templates) -> None:
    assert DEV.spark is None
    assert not dev.of_type("AWS::EMRServerless::Application")
    assert not options(dev)
    assert not any("emr-serverless" in text for text in dev.strings())


def test_the_application_stops_itself_and_has_a_limit(prod: Templates) -> None:
    assert PROD.spark is not None
    properties = prod.only("AWS::EMRServerless::Application").properties
    assert (properties["Name"], properties["Type"]) == (PROD.prefix, "SPARK")
    assert properties["ReleaseLabel"] == PROD.spark.release_label
    assert properties["MaximumCapacity"] == {"Cpu": "64 vCPU", "Memory": "256 GB"}
    assert properties["AutoStartConfiguration"] == {"Enabled": True}
    assert properties["AutoStopConfiguration"] == {"Enabled": True, "IdleTimeoutMinutes": 5}
    assert "InitialCapacity" not in properties  # which would cost while nothing runs


def test_the_dags_learn_it_from_configuration_options(prod: Templates) -> None:
    assert options(prod) == {
        "lake.spark_application_id": f"{APPLICATION}.ApplicationId",
        "lake.spark_job_role_arn": f"{JOB_ROLE}.Arn",
        "lake.spark_entry_point": f"s3://{PROD.prefix}-airflow-{ACCOUNT}-{REGION}"
        "/dags/lake/engines/spark_job.py",
        "lake.spark_log_group": f"/aws/emr-serverless/{PROD.prefix}",
    }


def test_the_dags_run_jobs_of_this_application_and_role_alone(prod: Templates) -> None:
    found = statements(prod, "Airflow/ExecutionRole")
    application = f"{APPLICATION}.Arn"
    assert found["RunSparkJobs"] == {
        "Effect": "Allow",
        "Action": [
            "emr-serverless:CancelJobRun",
            "emr-serverless:GetApplication",
            "emr-serverless:GetJobRun",
            "emr-serverless:StartApplication",
            "emr-serverless:StartJobRun",
        ],
        "Resource": [application, f"{application}/jobruns/*"],
    }
    assert found["GiveSparkJobsTheirRole"] == {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": f"{JOB_ROLE}.Arn",
        "Condition": {"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}},
    }


def test_only_applications_of_the_account_may_assume_the_role_of_jobs(prod: Templates) -> None:
    role = prod.only("AWS::IAM::Role", JOB_ROLE)
    assert role.properties["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "emr-serverless.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {
                    "aws:SourceArn": f"arn:aws-cn:emr-serverless:{REGION}:{ACCOUNT}:/applications/*"
                },
            },
        }
    ]


def test_a_job_reads_landed_files_and_writes_parts_and_nothing_else(prod: Templates) -> None:
    landing, curated, airflow = (
        f"arn:aws-cn:s3:::{PROD.prefix}-{purpose}-{ACCOUNT}-{REGION}"
        for purpose in ("landing", "curated", "airflow")
    )
    found = statements(prod, JOB_ROLE)
    by_action = {name: (one["Action"], one["Resource"]) for name, one in found.items()}
    assert by_action == {
        "ReadScript": ("s3:GetObject", f"{airflow}/dags/lake/engines/spark_job.py"),
        "ReadLandedFiles": ("s3:GetObject", f"{landing}/*"),
        "List": ("s3:ListBucket", [curated, landing]),
        "WriteParts": (
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            f"{curated}/*",
        ),
        "UseKey": (["kms:Decrypt", "kms:GenerateDataKey"], "Key.Arn"),
        "WriteLogs": (
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Airflow/Spark/Logs.Arn",
        ),
        "FindLogGroup": ("logs:DescribeLogGroups", "*"),
    }


def test_its_log_group_stands_before_the_environment(prod: Templates) -> None:
    group = prod.only("AWS::Logs::LogGroup", "Airflow/Spark/Logs")
    assert group.name == f"/aws/emr-serverless/{PROD.prefix}"
