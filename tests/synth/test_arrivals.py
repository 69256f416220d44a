"""The queues of landed files, and what the landing bucket tells them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from lake.dataset import DataSetError

from infra.arriving import ArrivalsRefused, data_sets_on_arrival
from infra.environments import DEV
from infra.settings import EnvironmentSettings
from tests.synth.templates import REPOSITORY, Resource, Templates

ACCOUNT, REGION = "111122223333", "cn-north-1"
PREFIXES = {
    data_set.table_name: data_set.source_prefix
    for data_set in data_sets_on_arrival(REPOSITORY / "dags" / "datasets")
}


def landing(templates: Templates) -> Resource:
    return templates.only("AWS::S3::Bucket", "Storage/Landing")


def queues(templates: Templates) -> dict[str, Resource]:
    found = templates.of_type("AWS::SQS::Queue")
    return {str(queue.name): queue for queue in found if queue.path.startswith("Arrivals/")}


def policies(templates: Templates) -> dict[str, list[dict[str, Any]]]:
    """The statements of each queue's policy, by the name of the queue."""
    return {
        policy.properties["Queues"][0]: policy.properties["PolicyDocument"]["Statement"]
        for policy in templates.of_type("AWS::SQS::QueuePolicy")
    }


def test_the_landing_bucket_tells_the_queue_of_each_data_set_of_its_files(
    templates: Templates,
) -> None:
    assert {"market_quotes", "retail_orders", "web_events"} <= set(PREFIXES)
    told = landing(templates).properties["NotificationConfiguration"]
    assert told == {
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": f"Arrivals/{table}.Arn",
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}},
            }
            for table, prefix in PREFIXES.items()
        ]
    }
    lambdas = [one.path for one in templates.of_type("Custom::S3BucketNotifications")]
    assert lambdas == []


def test_a_queue_and_its_policy_stand_before_the_bucket_which_tries_them(
    templates: Templates,
) -> None:
    for table in PREFIXES:
        assert f"Arrivals/{table}" in landing(templates).depends_on
        assert f"Arrivals/{table}/Policy" in landing(templates).depends_on


def test_every_queue_is_encrypted_with_the_key_and_keeps_its_messages_for_two_weeks(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    assert set(queues(templates)) == {
        f"{settings.prefix}-unread-arrivals",
        *(f"{settings.prefix}-arrivals-{table}" for table in PREFIXES),
    }
    for queue in queues(templates).values():
        assert queue.properties["KmsMasterKeyId"] == "Key.Arn"
        assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_message_that_nobody_could_read_is_set_aside(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    found = queues(templates)
    assert "RedrivePolicy" not in found[f"{settings.prefix}-unread-arrivals"].properties
    for table in PREFIXES:
        properties = found[f"{settings.prefix}-arrivals-{table}"].properties
        assert properties["RedrivePolicy"] == {
            "deadLetterTargetArn": "Arrivals/Unread.Arn",
            "maxReceiveCount": 5,
        }
        assert properties["VisibilityTimeout"] == 60


def test_a_queue_takes_messages_over_tls_from_the_landing_bucket_of_the_account_alone(
    templates: Templates,
) -> None:
    for queue in queues(templates).values():
        arn = f"{queue.path}.Arn"
        statements = policies(templates)[str(queue.name)]
        assert {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        } in statements
        allowed = [one for one in statements if one["Effect"] == "Allow"]
        if queue.path == "Arrivals/Unread":
            assert allowed == []
            continue
        assert allowed == [
            {
                "Sid": "TellOfLandedFiles",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnEquals": {"aws:SourceArn": f"arn:aws-cn:s3:::{landing(templates).name}"},
                },
            }
        ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what is bundled, to be changed."""
    copied = tmp_path / "repository"
    for name in ("dags", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / name, copied / name)
    return copied


def add(repository: Path, name: str, *changes: tuple[str, str]) -> None:
    """Another data set, of quotes, with parts of its text replaced."""
    data_sets = repository / "dags" / "datasets"
    text = (data_sets / "market" / "quotes.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = data_sets / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def synthesize(repository: Path) -> Templates:
    outdir = repository.parent / "cdk.out"
    return Templates.synthesize(DEV, outdir=outdir, repository=repository)


def test_prefixes_that_overlap_are_refused_with_both_data_sets(repository: Path) -> None:
    add(repository, "market/late", ("prefix: market/quotes/", "prefix: market/quotes/late/"))
    with pytest.raises(ArrivalsRefused, match=r"market/late: .* overlaps .*market/quotes"):
        synthesize(repository)


def test_a_data_set_by_time_may_share_a_prefix_and_has_no_queue(repository: Path) -> None:
    add(repository, "market/late", ("schedule: on_arrival", 'schedule: "@daily"'))
    assert "lake-dev-arrivals-market_late" not in queues(synthesize(repository))


def test_a_name_that_is_too_long_for_a_queue_is_refused_with_how_long_it_may_be(
    repository: Path,
) -> None:
    add(repository, f"market/{'q' * 60}", ("prefix: market/quotes/", "prefix: long/"))
    with pytest.raises(ArrivalsRefused, match="may have 62 characters"):
        synthesize(repository)


def test_more_data_sets_than_a_bucket_can_tell_are_refused(repository: Path) -> None:
    for number in range(101 - len(PREFIXES)):
        add(repository, f"many/t{number:03}", ("prefix: market/quotes/", f"prefix: t{number:03}/"))
    with pytest.raises(ArrivalsRefused, match="101 data sets have `schedule: on_arrival`"):
        synthesize(repository)


def test_a_wrong_data_set_file_ends_the_synthesis_with_what_is_wrong(repository: Path) -> None:
    add(repository, "market/wrong", ("schedule: on_arrival", "schedule: on_arival"))
    with pytest.raises(DataSetError, match=r"schedule: should be on_arrival, five cron fields"):
        synthesize(repository)


def test_without_a_data_set_on_arrival_nothing_is_told(repository: Path) -> None:
    for path in (repository / "dags" / "datasets").rglob("*.yaml"):
        path.write_text(path.read_text().replace("schedule: on_arrival", "schedule: null"))
    templates = synthesize(repository)
    assert "NotificationConfiguration" not in landing(templates).properties
    assert queues(templates) == {}
