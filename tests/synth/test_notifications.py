"""Who may publish, who may read, and what the DAGs are told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.environments import DEV
from infra.settings import (
    EmailSettings,
    EnvironmentSettings,
    NotificationSettings,
    OperationsSettings,
)
from tests.synth.templates import Templates

ACCOUNT = "111122223333"
REGION = "cn-north-1"
EVERY_WAY = DEV.model_copy(
    update={
        "notifications": NotificationSettings(
            subscribers=("data@example.com",),
            email=EmailSettings(
                sender="lake@example.com", recipients=("a@example.com", "b@example.com")
            ),
            slack_connection_id="lake_slack",
            reminder_days=3,
        )
    }
)
NO_WAY = DEV.model_copy(
    update={
        "notifications": NotificationSettings(topic=False),
        "operations": OperationsSettings(alarms=False),
    }
)


@pytest.fixture(scope="module")
def every_way(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates.synthesize(EVERY_WAY, outdir=tmp_path_factory.mktemp("every"))


def options(templates: Templates) -> dict[str, str]:
    found = templates.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    return dict(found)


def test_the_topic_is_encrypted_and_takes_this_accounts_messages_over_tls_alone(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    topic = templates.only("AWS::SNS::Topic")
    assert topic.name == f"{settings.prefix}-messages"
    assert topic.properties["KmsMasterKeyId"] == "Key.Arn"
    policy = templates.only("AWS::SNS::TopicPolicy").properties["PolicyDocument"]["Statement"]
    denied = [one for one in policy if one["Effect"] == "Deny"]
    assert [(one["Effect"], one["Action"], one["Condition"]) for one in denied] == [
        ("Deny", "sns:Publish", {"Bool": {"aws:SecureTransport": "false"}}),
        (
            "Deny",
            ["sns:Publish", "sns:Subscribe"],
            {
                "StringNotEquals": {
                    "aws:PrincipalAccount": ACCOUNT,
                    "aws:SourceAccount": ACCOUNT,
                }
            },
        ),
    ]


def test_the_dags_publish_to_this_topic_alone(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    found = templates.statements_of("Airflow/ExecutionRole")
    topic = f"{settings.prefix}-messages"
    assert found["PublishMessages"]["Action"] == "sns:Publish"
    assert found["PublishMessages"]["Resource"] == topic
    assert found["UseKeyForMessages"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert found["UseKeyForMessages"]["Resource"] == "Key.Arn"
    assert found["UseKeyForMessages"]["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"sns.{REGION}.amazonaws.com"]}
    }
    assert options(templates)["lake.sns_topic_arn"] == topic


def test_the_inbox_of_dev_takes_what_the_topic_sends_and_nothing_else(
    dev: Templates, prod: Templates
) -> None:
    queue = dev.only("AWS::SQS::Queue", "Notifications/Inbox")
    assert queue.name == "lake-dev-messages"
    assert queue.properties["KmsMasterKeyId"] == "Key.Arn"
    assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    policy = dev.only("AWS::SQS::QueuePolicy", "Notifications").properties["PolicyDocument"]
    (allowed,) = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": "lake-dev-messages"}}
    keys = dev.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
    (of_sns,) = [one for one in keys if one.get("Sid") == "FillInbox"]
    assert of_sns["Principal"] == {"Service": "sns.amazonaws.com"}
    assert of_sns["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws-cn:sns:{REGION}:{ACCOUNT}:lake-dev-messages"}
    }
    assert "Notifications/Inbox" not in [one.path for one in prod.resources]


def test_addresses_are_subscribed(every_way: Templates) -> None:
    subscription = every_way.only("AWS::SNS::Subscription").properties
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "data@example.com")


def test_the_dags_are_told_of_every_way(every_way: Templates) -> None:
    chosen = options(every_way)
    told = {
        name: chosen[name] for name in chosen if name.startswith(("lake.e", "lake.s", "lake.r"))
    }
    assert told == {
        "lake.environment": "lake-dev",
        "lake.sns_topic_arn": "lake-dev-messages",
        "lake.smtp_connection_id": "lake_smtp",
        "lake.email_from": "lake@example.com",
        "lake.email_to": "a@example.com, b@example.com",
        "lake.slack_connection_id": "lake_slack",
        "lake.reminder_days": "3",
    }


def test_an_environment_that_tells_nobody_has_neither_topic_nor_right(tmp_path: Path) -> None:
    nobody = Templates.synthesize(NO_WAY, outdir=tmp_path)
    assert not nobody.of_type("AWS::SNS::Topic")
    assert not {"PublishMessages", "UseKeyForMessages"} & set(
        nobody.statements_of("Airflow/ExecutionRole")
    )
    assert "lake.sns_topic_arn" not in options(nobody)
