"""What people are told of the checks: the texts, and that they arrive once."""

from __future__ import annotations

import json
from datetime import timedelta

import boto3
import pytest
from lake import tasks
from lake.dataset.checks import Checks
from lake.notifications.channels import ChannelsFailed
from lake.notifications.dags import ProblemsReported
from lake.quality.messages import problems_of, tell

from tests.unit.lake.notifications.servers import (
    mail_server,
    slack_connection,
    smtp_connection,
    webhook,
)

from .conftest import FRIDAY, NOW, SATURDAY, Shop

CHECK = "ranges: [{column: quantity, at_most: 5}]"


def test_a_problem_says_what_where_how_much_and_what_to_do(shop: Shop) -> None:
    shop.sell({"id": 7, "quantity": 6}, {"id": 8, "quantity": 9}, {"id": 9})

    [problem] = problems_of(shop.report(CHECK))

    assert (problem.id, problem.severity) == ("range(quantity)", "fail")
    assert problem.title == "sales: range(quantity)"
    assert problem.text == (
        "2 of 3 rows (66.67%) fail it on 2024-03-01.\n"
        "\n"
        "Table: sales (owner: sales-team)\n"
        "Check: range(quantity)\n"
        "Limit: at most 0\n"
        "\n"
        "Some of the rows:\n"
        "  id = 7, quantity = 6, day = 2024-03-01\n"
        "  id = 8, quantity = 9, day = 2024-03-01\n"
        "\n"
        "All of them:\n"
        '  SELECT * FROM (SELECT checked.*, CASE WHEN (NOT (checked."quantity" <= 5)) '
        'THEN 1 ELSE 0 END AS failing FROM "sales" AS checked '
        "WHERE checked.\"day\" IN (DATE '2024-03-01')) AS found WHERE failing = 1\n"
        "\n"
        "The rows are in the table; nothing was taken back, and later days are loaded.\n"
        "History: SELECT * FROM quality_results WHERE table_name = 'sales' "
        "AND check_name = 'range(quantity)' ORDER BY checked_at\n"
        "Once it is mended, load the day again, or clear the task `quality` of its run."
    )


def test_a_problem_of_many_days_names_the_last_ones(shop: Shop) -> None:
    days = [FRIDAY - timedelta(days=n) for n in range(13)]
    shop.sell(*({"day": day, "quantity": 6} for day in days))

    [problem] = problems_of(shop.report(CHECK, days=days))

    assert problem.text.splitlines()[0].endswith("2024-02-29, 2024-03-01 and 3 days before.")


@pytest.fixture
def received(moto_endpoint: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> object:
    """What a topic of SNS delivers, by subject and text."""
    assert shop
    options = {
        "LANDING_BUCKET": "landing", "CURATED_BUCKET": "data", "DATABASE": "lake",
        "WORKGROUP": "primary", "TASK_SLOTS": "1", "ENVIRONMENT": "lake-dev",
        "ARRIVAL_QUEUES": "lake-dev-",
    }  # fmt: skip
    for name, value in options.items():
        monkeypatch.setenv(f"AIRFLOW__LAKE__{name}", value)
    for name, value in {
        "AWS_ENDPOINT_URL": moto_endpoint, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="problems")["TopicArn"]
    monkeypatch.setenv("AIRFLOW__LAKE__SNS_TOPIC_ARN", topic)
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    def messages() -> list[tuple[str, str]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        found = []
        for each in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            body = json.loads(each["Body"])
            found.append((body["Subject"], body["Message"]))
        return found

    return messages


def test_one_message_a_problem_and_one_when_it_is_over(shop: Shop, received: object) -> None:
    assert callable(received)
    shop.sell({"id": 1, "day": FRIDAY, "quantity": 6}, {"id": 2, "day": SATURDAY, "quantity": 6})

    tell(shop.report(CHECK, days=[FRIDAY]))
    [(subject, text)] = received()
    assert subject == "[lake-dev] sales: range(quantity) - FAIL"
    assert "1 of 1 rows (100.00%) fail it on 2024-03-01." in text

    tell(shop.report(CHECK, days=[FRIDAY], now=NOW + timedelta(minutes=1)))
    tell(shop.report(CHECK, days=[SATURDAY], run_id="run-2", now=NOW + timedelta(hours=1)))
    assert received() == [], "the same problem, in other runs"

    shop.run_sql("UPDATE sales SET quantity = 1")
    tell(shop.report(CHECK, days=[SATURDAY], run_id="run-3", now=NOW + timedelta(hours=2)))
    assert received() == [], "Friday was not looked at since"

    tell(shop.report(CHECK, days=[FRIDAY], run_id="run-4", now=NOW + timedelta(hours=3)))
    [(subject, text)] = received()
    assert subject == "[lake-dev] sales: range(quantity) - OVER"
    assert "Seen by the run run-4." in text


def test_a_check_that_fails_is_in_a_mail_in_slack_and_in_sns(
    shop: Shop, received: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(received)
    for name, value in {
        "SMTP_CONNECTION_ID": "lake_smtp", "EMAIL_FROM": "lake@example.com",
        "EMAIL_TO": "data@example.com", "SLACK_CONNECTION_ID": "lake_slack",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"AIRFLOW__LAKE__{name}", value)
    shop.sell({"id": 7, "quantity": 6}, {"id": 9})

    with webhook() as slack, mail_server() as mail:
        smtp_connection(monkeypatch, mail.port)
        slack_connection(monkeypatch, slack.url)
        tell(shop.report(CHECK))

    [(subject, text)] = received()
    assert subject == "[lake-dev] sales: range(quantity) - FAIL"
    for words in ("1 of 2 rows (50.00%) fail it on 2024-03-01.", "id = 7, quantity = 6"):
        assert words in text
    [(sent, recipients)] = mail.mails
    assert (sent["subject"], recipients) == (subject, ["data@example.com"])
    body = sent.get_body(("html",))
    assert body is not None
    assert "id = 7, quantity = 6" in body.get_content()
    [(_, posted)] = slack.posts
    assert json.loads(posted)["text"].startswith(f"*{subject}*\n")
    assert "id = 7, quantity = 6" in json.loads(posted)["text"]


def test_a_run_fails_by_what_it_told_and_a_warning_fails_none(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("lake.quality.messages.report", lambda scope, *_, **__: told.append(scope))
    shop.sell({"quantity": 6})

    with pytest.raises(ProblemsReported) as failed:
        tasks.judged(Checks(), shop.report(CHECK))
    warned = shop.report("ranges: [{column: quantity, at_most: 5, severity: warn}]", run_id="r2")

    assert tasks.judged(Checks(), warned) == {"ok": 0, "warn": 1, "skipped": 0}
    assert told == ["quality/sales"] * 2
    assert str(failed.value) == (
        "sales: 1 check failed\nrange(quantity) of 2024-03-01: 1 of 1 rows (100.00%) fail it"
    )


def test_a_channel_that_is_down_stops_no_data(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ChannelsFailed({"slack": ConnectionRefusedError("nobody listens")})

    monkeypatch.setattr("lake.quality.messages.report", refuse)
    shop.sell({})

    assert tasks.judged(Checks(), shop.report(CHECK)) == {"ok": 1, "warn": 0, "skipped": 0}
