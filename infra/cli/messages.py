"""The messages that the environment sent, as its inbox holds them."""

from __future__ import annotations

import json
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

UNSEEN_SECONDS = 5
"""For so long a message that was read is not given out again; then it is in the inbox as before."""


class ReceivedMessage(BaseModel):
    """What SNS puts into a queue
    (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(alias="MessageId")
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
                "NotificationSettings(inbox=True) in infra/settings.py, and run `lake up`"
            ) from error
        raise
    found: dict[str, ReceivedMessage] = {}
    while batch := _receive(sqs, url):
        new = {message.id: message for message in batch if message.id not in found}
        if not new:  # it took longer than they are unseen
            break
        found |= new
    return sorted(found.values(), key=lambda message: message.sent_at)


def _receive(sqs: Any, url: str) -> list[ReceivedMessage]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=UNSEEN_SECONDS
    )
    bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    return [ReceivedMessage.model_validate(body) for body in bodies]


def print_messages(messages: Sequence[ReceivedMessage]) -> None:
    """Print them as a mail program would show them."""
    if not messages:
        console.print("no messages")
    for message in messages:
        console.print(Rule(style="dim"), width=80)
        console.print(f"[bold]{escape(message.subject)}[/]")
        console.print(f"[dim]{message.sent_at:%Y-%m-%d %H:%M:%S} UTC[/]\n")
        console.print(f"{escape(message.text)}\n")
