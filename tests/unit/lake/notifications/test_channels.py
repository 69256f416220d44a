"""What arrives at a real SMTP server, a webhook's receiver, and a queue that subscribes to SNS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake.notifications.channels import (
    ChannelsFailed,
    EmailChannel,
    SlackChannel,
    SnsChannel,
    channels_of,
)
from lake.notifications.documents import Problem
from lake.notifications.messages import Message
from lake.notifications.problems import report
from lake.settings import LakeSettings

from tests.moto_server import moto_server

from .conftest import NOON
from .servers import (
    PASSWORD,
    USER,
    certificate,
    mail_server,
    server_context,
    slack_connection,
    smtp_connection,
    webhook,
)

MESSAGE = Message(
    subject="[lake-dev] market_quotes: publish failed - FAIL",
    text="The task publish failed:\n\nValueError: Preço {{ conn.x }} <0 & falsch\n\nhttp://x/1",
    thread="lake-dev/runs/market_quotes/publish",
)
OPTIONS = {
    "landing_bucket": "landing",
    "curated_bucket": "curated",
    "database": "lake_dev",
    "workgroup": "lake-dev",
    "task_slots": "10",
    "arrival_queues": "lake-dev-arrivals-",
    "environment": "lake-dev",
}


def mail_to(port: int, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> EmailChannel:
    """A channel to a server; without a change, to one without TLS and login."""
    smtp_connection(monkeypatch, port, **changes)
    return EmailChannel(
        connection_id="lake_smtp",
        sender="lake@example.com",
        recipients="data@example.com, night@example.com",
    )


LOGIN = {"login": USER, "password": PASSWORD}


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server whose certificate this process trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return server_context(path)


def body_of(mail: Any) -> str:
    return str(mail.get_body(("html",)).get_content())


def test_a_mail_has_the_text_as_it_is_for_every_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        channel = mail_to(server.port, monkeypatch)
        channel.send(MESSAGE)
    ((mail, recipients),) = server.mails
    assert recipients == ["data@example.com", "night@example.com"]
    assert (mail["from"], mail["to"]) == ("lake@example.com", "data@example.com, night@example.com")
    assert mail["subject"] == "[lake-dev] market_quotes: publish failed - FAIL"
    assert body_of(mail).strip() == (
        '<pre style="white-space: pre-wrap">The task publish failed:\n\n'
        "ValueError: Preço {{ conn.x }} &lt;0 &amp; falsch\n\nhttp://x/1</pre>"
    )


def test_the_mails_of_one_problem_are_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        channel = mail_to(server.port, monkeypatch)
        for thread in ("one", "one", "two"):
            channel.send(Message(subject="s", text="t", thread=thread))
    first, second, third = (mail["References"] for mail, _ in server.mails)
    assert first == second != third


def test_a_mail_goes_over_starttls_with_a_login(
    monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    with mail_server(starttls=tls) as server:
        mail_to(server.port, monkeypatch, **LOGIN, extra={"disable_ssl": True}).send(MESSAGE)
    assert [mail["subject"] for mail, _ in server.mails] == [MESSAGE.subject]


def test_a_mail_goes_over_tls_from_the_start_with_a_login(
    monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    with mail_server(tls=tls) as server:
        mail_to(server.port, monkeypatch, **LOGIN, extra={"disable_tls": True}).send(MESSAGE)
    assert [mail["subject"] for mail, _ in server.mails] == [MESSAGE.subject]


def test_a_server_whose_certificate_is_not_trusted_gets_no_mail(
    monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with mail_server(starttls=tls) as server:
        channel = mail_to(server.port, monkeypatch, **LOGIN, extra={"disable_ssl": True})
        with pytest.raises(ssl.SSLCertVerificationError):
            channel.send(MESSAGE)
    assert server.mails == []


def test_slack_is_posted_the_text_with_its_control_characters_escaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with webhook() as slack:
        slack_connection(monkeypatch, slack.url)
        SlackChannel(connection_id="lake_slack").send(MESSAGE)
    ((path, body),) = slack.posts
    assert path == "/services/T0/B0/secret"
    assert json.loads(body)["text"] == (
        "*[lake-dev] market_quotes: publish failed - FAIL*\nThe task publish failed:\n\n"
        "ValueError: Preço {{ conn.x }} &lt;0 &amp; falsch\n\nhttp://x/1"
    )


def test_what_slack_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as slack:
        slack.status = 410
        slack_connection(monkeypatch, slack.url)
        with pytest.raises(Exception, match="channel_is_archived"):
            SlackChannel(connection_id="lake_slack").send(MESSAGE)


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of an AWS that has nothing else."""
    with moto_server() as endpoint:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        boto3.setup_default_session()
        yield boto3.client("sns").create_topic(Name="lake-dev")["TopicArn"]


def received(topic: str) -> Any:
    """What a queue that subscribes to the topic receives, by a call of what this gives."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    boto3.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"]
    )

    def receive() -> list[dict[str, str]]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(each["Body"]) for each in found]

    return receive


def test_sns_has_the_subject_in_ascii_and_the_text_as_it_is(topic: str) -> None:
    receive = received(topic)
    subject = "[lake-dev] preço: failed … - FAIL"
    SnsChannel(topic_arn=topic).send(Message(subject=subject, text=MESSAGE.text, thread="t"))
    (notification,) = receive()
    assert notification["Subject"] == "[lake-dev] pre?o: failed ... - FAIL"
    assert notification["Message"] == MESSAGE.text


def test_a_report_reaches_every_channel_that_the_options_name(
    topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = received(topic)
    boto3.client("s3").create_bucket(Bucket="curated")
    options = OPTIONS | {
        "sns_topic_arn": topic,
        "smtp_connection_id": "lake_smtp",
        "email_from": "lake@example.com",
        "email_to": "data@example.com",
        "slack_connection_id": "lake_slack",
    }
    for name, value in options.items():
        monkeypatch.setenv(f"AIRFLOW__LAKE__{name.upper()}", value)
    problem = Problem(
        id="nulls", title="music_songs: title is null", text="3 rows of 71.", severity="warn"
    )
    with webhook() as slack, mail_server() as mail:
        mail_to(mail.port, monkeypatch)
        slack_connection(monkeypatch, slack.url)
        for problems in ([problem], [problem], []):
            report("quality/music_songs", problems, when_over="Run 2.", now=NOON)

    subjects = [f"[lake-dev] music_songs: title is null - {word}" for word in ("WARN", "OVER")]
    texts = [
        "music_songs: title is null\n\n3 rows of 71.\n\nSeen first at 2026-11-22 12:00 UTC.",
        "music_songs: title is null\n\nRun 2.\n\n"
        "It is over; it was open since 2026-11-22 12:00 UTC, for 0 min.",
    ]
    assert [(each["Subject"], each["Message"]) for each in receive()] == list(
        zip(subjects, texts, strict=True)
    )
    assert [mail["subject"] for mail, _ in mail.mails] == subjects
    assert [text in body_of(mail) for text, (mail, _) in zip(texts, mail.mails, strict=True)] == [
        True,
        True,
    ]
    posted = [json.loads(body)["text"] for _, body in slack.posts]
    assert posted == [f"*{s}*\n{text}" for s, text in zip(subjects, texts, strict=True)]


def test_an_environment_whose_options_name_no_channel_has_none() -> None:
    assert channels_of(LakeSettings.model_validate(OPTIONS)) == ()


def test_what_kept_a_channel_from_sending_is_said_without_its_secret() -> None:
    url = "https://hooks.slack.com/services/T0/B0/secret"
    error = ChannelsFailed({"slack": ConnectionError(f"no route to {url}")})
    assert str(error) == (
        "not every message was sent; slack: ConnectionError: no route to "
        "https://hooks.slack.com/services/***"
    )
