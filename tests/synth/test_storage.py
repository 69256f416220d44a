from __future__ import annotations

from typing import Any

from infra.environments import DEV, PROD
from infra.settings import EnvironmentSettings
from tests.synth.templates import Resource, Templates

BUCKETS = {"landing", "curated", "query-results", "airflow"}
ACCOUNT = "111122223333"
REGION = "cn-north-1"


def bucket(templates: Templates, settings: EnvironmentSettings, purpose: str) -> Resource:
    name = f"{settings.prefix}-{purpose}-{ACCOUNT}-{REGION}"
    (one,) = (one for one in templates.of_type("AWS::S3::Bucket") if one.name == name)
    return one


def lifecycle(resource: Resource) -> dict[str, dict[str, Any]]:
    rules = resource.properties["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    return {
        rule["Id"]: {key: value for key, value in rule.items() if key not in {"Id", "Status"}}
        for rule in rules
    }


def test_there_is_one_customer_key_which_rotates(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    key = templates.only("AWS::KMS::Key")
    assert key.properties["EnableKeyRotation"] is True
    alias = templates.only("AWS::KMS::Alias")
    assert alias.name == f"alias/{settings.prefix}"


def test_the_key_policy_admits_the_account_the_logs_of_the_lake_and_its_messages(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    policy = templates.only("AWS::KMS::Key").properties["KeyPolicy"]
    logs = f"arn:aws-cn:logs:{REGION}:{ACCOUNT}:log-group"
    spark = [f"{logs}:/aws/emr-serverless/{settings.prefix}"] if settings.spark else []
    flows = [f"{logs}:/aws/vpc/{settings.prefix}"] if settings.name == "prod" else []
    topic = f"arn:aws-cn:sns:{REGION}:{ACCOUNT}:{settings.prefix}-messages"
    inbox = {
        "Sid": "FillInbox",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "EncryptLogGroups",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
            "Action": [
                "kms:Decrypt*",
                "kms:Describe*",
                "kms:Encrypt*",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            "Resource": "*",
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": [
                        f"{logs}:airflow-{settings.prefix}-*",
                        f"{logs}:/aws/lambda/{settings.prefix}-*",
                        *spark,
                        *flows,
                    ]
                }
            },
        },
        *([inbox] if settings.notifications.inbox else []),
        {
            "Sid": "EncryptNotificationsOfLanding",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnEquals": {
                    "aws:SourceArn": f"arn:aws-cn:s3:::{settings.prefix}-landing-{ACCOUNT}-{REGION}"
                },
            },
        },
        {
            "Sid": "EncryptAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        },
    ]


def test_every_log_group_is_one_that_the_key_policy_admits(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    admitted = (f"airflow-{settings.prefix}-", f"/aws/lambda/{settings.prefix}-")
    for group in templates.of_type("AWS::Logs::LogGroup"):
        assert group.name
        assert group.name.startswith(admitted) or group.name in {
            f"/aws/emr-serverless/{settings.prefix}",
            f"/aws/vpc/{settings.prefix}",
        }


def test_every_bucket_is_encrypted_with_the_key_private_and_owned(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    logs = 1 if settings.storage.access_logs_days else 0
    assert len(templates.of_type("AWS::S3::Bucket")) == len(BUCKETS) + logs
    for purpose in BUCKETS:
        properties = bucket(templates, settings, purpose).properties
        assert properties["BucketEncryption"] == {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": True,
                    "ServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "Key.Arn",
                    },
                }
            ]
        }
        assert properties["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }
        assert properties["OwnershipControls"] == {
            "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }


def test_every_bucket_refuses_calls_without_tls_and_other_accounts(templates: Templates) -> None:
    policies = {
        one.properties["Bucket"]: one.properties["PolicyDocument"]["Statement"]
        for one in templates.of_type("AWS::S3::BucketPolicy")
    }
    assert set(policies) == {one.name for one in templates.of_type("AWS::S3::Bucket")}
    for name, statements in policies.items():
        arn = f"arn:aws-cn:s3:::{name}"
        assert {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        } in statements
        assert {
            "Sid": "OfThisAccountOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        } in statements


def test_landing_and_airflow_buckets_are_versioned(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    versioned = {
        purpose
        for purpose in BUCKETS
        if bucket(templates, settings, purpose).properties.get("VersioningConfiguration")
        == {"Status": "Enabled"}
    }
    assert versioned == {"landing", "airflow"}


def test_each_bucket_expires_what_is_no_longer_current(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    storage = settings.storage
    colder = {
        "dev": {},
        "prod": {
            "Transitions": [
                {
                    "StorageClass": "GLACIER_IR",
                    "TransitionInDays": storage.archive_rarely_read_days,
                }
            ]
        },
    }[settings.name]
    unfinished = {
        "abort-unfinished-uploads": {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": storage.aborted_upload_days}
        }
    }
    assert {purpose: lifecycle(bucket(templates, settings, purpose)) for purpose in BUCKETS} == {
        "curated": unfinished
        | {
            "expire-run-documents": {
                "Prefix": "_runs/",
                "ExpirationInDays": storage.run_documents_days,
            }
        },
        "landing": unfinished
        | {
            "expire-noncurrent-files": {
                "NoncurrentVersionExpiration": {"NoncurrentDays": storage.landing_noncurrent_days},
                "ExpiredObjectDeleteMarker": True,
            },
            "keep-originals": {"Prefix": "_archive/", "ExpirationInDays": storage.archive_days}
            | colder,
        },
        "query-results": unfinished
        | {"expire-query-results": {"ExpirationInDays": storage.query_results_days}},
        # Nothing but DAGs: the environment points at versions under the other prefixes.
        "airflow": unfinished
        | {
            "expire-noncurrent-dags": {
                "Prefix": "dags/",
                "NoncurrentVersionExpiration": {"NoncurrentDays": storage.dags_noncurrent_days},
            }
        },
    }


def test_the_database_is_called_after_the_environment(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    assert templates.only("AWS::Glue::Database").name == f"lake_{settings.name}"


def test_the_work_group_enforces_encryption_and_a_scan_limit(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    workgroup = templates.only("AWS::Athena::WorkGroup")
    assert workgroup.name == settings.prefix
    assert workgroup.properties["RecursiveDeleteOption"] is not settings.keep_data
    assert workgroup.properties["WorkGroupConfiguration"] == {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "BytesScannedCutoffPerQuery": settings.athena.scan_limit_bytes,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        "ResultConfiguration": {
            "OutputLocation": f"s3://{settings.prefix}-query-results-{ACCOUNT}-{REGION}/results/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "Key.Arn"},
        },
    }


def test_requests_are_logged_to_a_bucket_of_their_own(prod: Templates, dev: Templates) -> None:
    name = f"lake-prod-access-logs-{ACCOUNT}-{REGION}"
    logs = bucket(prod, PROD, "access-logs")
    (rule,) = logs.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert lifecycle(logs) == {"expire-logs": {"ExpirationInDays": 90}}
    assert "LoggingConfiguration" not in logs.properties
    for purpose in BUCKETS:
        logged = bucket(prod, PROD, purpose)
        assert logged.properties["LoggingConfiguration"] == {
            "DestinationBucketName": name,
            "LogFilePrefix": f"{purpose}/",
        }
        assert purpose == "airflow" or logs.path in logged.depends_on
        assert "LoggingConfiguration" not in bucket(dev, DEV, purpose).properties
    (policy,) = (
        one.properties["PolicyDocument"]["Statement"]
        for one in prod.of_type("AWS::S3::BucketPolicy")
        if one.properties["Bucket"] == name
    )
    (delivery,) = (one for one in policy if one.get("Sid") == "DeliverAccessLogs")
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": "arn:aws-cn:s3:::lake-prod-*"},
    }
