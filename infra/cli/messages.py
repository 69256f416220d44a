"""The messages that the environment sent, as its inbox holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field
from rich.markup import escape
from rich.rule import Rule

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings

UNSEEN_SECONDS = 60
"""For so long a message that was read is not given out again, where nothing puts it back."""


class ReceivedMessage(BaseModel):
    """What SNS puts into a queue
    (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    sent_at: datetime = Field(alias="Timestamp")
    subject: str = Field(alias="Subject", default="")
    text: str = Field(alias="Message")


def read_messages(
    environment: DeployedEnvironment, settings: LocalSettings
) -> list[ReceivedMessage]:
    """What the environment's inbox holds, the oldest first; it stays there.

    Raises:
        Failed: the environment has no inbox.
    """
    sqs = client("sqs", settings)
    try:
        url = sqs.get_queue_url(QueueName=f"{environment.name}-messages")["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"].endswith(("NonExistentQueue", "QueueDoesNotExist")):
            raise Failed(
                f"the environment {environment.name} has no inbox: set "
                "NotificationSettings(inbox=True) in infra/environments.py, and run `lake up`"
            ) from error
        raise
    found: list[ReceivedMessage] = []
    taken: list[dict[str, Any]] = []
    while batch := _receive(sqs, url):
        taken.append({"QueueUrl": url, "Entries": _put_back(batch)})
        found += [ReceivedMessage.model_validate_json(message["Body"]) for message in batch]
    for batch_taken in taken:
        sqs.change_message_visibility_batch(**batch_taken)
    return sorted(found, key=lambda message: message.sent_at)


def _receive(sqs: Any, url: str) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=UNSEEN_SECONDS
    )
    return list(answer.get("Messages", []))


def _put_back(batch: Sequence[Any]) -> list[dict[str, Any]]:
    """What makes messages visible again at once."""
    return [
        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        for number, message in enumerate(batch)
    ]


def print_messages(messages: Sequence[ReceivedMessage]) -> None:
    """Print them as a mail program would show them."""
    if not messages:
        console.print("no messages")
    for message in messages:
        console.print(Rule(style="dim"), width=80)
        console.print(f"[bold]{escape(message.subject)}[/]")
        console.print(f"[dim]{message.sent_at:%Y-%m-%d %H:%M:%S} UTC[/]\n")
        console.print(f"{escape(message.text)}\n")
