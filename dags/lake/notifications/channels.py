"""Where messages go: Airflow's own notifiers of SNS, of e-mail and of Slack.

Each notifier is given finished text and told to send it. Airflow would otherwise take the text for
a template, and the text of an exception is not one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Protocol

from lake.notifications.messages import Message, without_secrets
from lake.settings import LakeSettings


class ChannelsFailed(RuntimeError):
    """Channels refused messages; the text has each channel's reason."""

    def __init__(self, failures: Mapping[str, Exception]) -> None:
        reasons = [f"{name}: {type(error).__name__}: {error}" for name, error in failures.items()]
        super().__init__(without_secrets(f"not every message was sent; {'; '.join(reasons)}"))
        self.names = tuple(failures)


class Channel(Protocol):
    """A way to people."""

    @property
    def name(self) -> str:
        """Tells it from the other channels of an environment."""

    def send(self, message: Message) -> None:
        """Send it, or raise whatever kept it from being sent."""


@dataclass(frozen=True, kw_only=True)
class SnsChannel:
    """A topic of SNS, and so whatever subscribes to it."""

    topic_arn: str
    name: str = "sns"

    def send(self, message: Message) -> None:
        """Publish it; a subject is ASCII there."""
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier  # noqa: PLC0415  # heavy

        ascii_subject = message.subject.replace("…", "...").encode("ascii", "replace").decode()
        SnsNotifier(
            aws_conn_id=None,
            target_arn=self.topic_arn,
            subject=ascii_subject[:99],
            message=message.text,
        ).notify({})  # type: ignore[no-untyped-call]


@dataclass(frozen=True, kw_only=True)
class EmailChannel:
    """E-mail through the server of an Airflow connection of type `smtp`."""

    connection_id: str
    sender: str
    recipients: str
    """With commas between."""
    name: str = "email"

    def send(self, message: Message) -> None:
        """Send it as the lines that it has; replies and ends follow the problem in a thread."""
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier  # noqa: PLC0415  # heavy

        thread = f"<{sha256(message.thread.encode()).hexdigest()[:32]}@lake>"
        SmtpNotifier(
            smtp_conn_id=self.connection_id,
            from_email=self.sender,
            to=self.recipients,
            subject=message.subject,
            html_content=f'<pre style="white-space: pre-wrap">{escape(message.text)}</pre>',
            custom_headers={"In-Reply-To": thread, "References": thread},
        ).notify({})


@dataclass(frozen=True, kw_only=True)
class SlackChannel:
    """An incoming webhook of Slack, in an Airflow connection of type `slackwebhook`."""

    connection_id: str
    name: str = "slack"

    def send(self, message: Message) -> None:
        """Post it; Slack's three control characters are written as its documentation says
        (https://docs.slack.dev/messaging/formatting-message-text#escaping).
        """
        from airflow.providers.slack.notifications.slack_webhook import (  # noqa: PLC0415  # heavy
            SlackWebhookNotifier,
        )

        text = f"*{escape(message.subject, quote=False)}*\n{escape(message.text, quote=False)}"
        SlackWebhookNotifier(
            slack_webhook_conn_id=self.connection_id, text=text, unfurl_links=False
        ).notify({})  # type: ignore[no-untyped-call]


def channels_of(settings: LakeSettings) -> tuple[Channel, ...]:
    """The channels that the environment's options name; none where they name none."""
    channels: list[Channel] = []
    if settings.sns_topic_arn:
        channels.append(SnsChannel(topic_arn=settings.sns_topic_arn))
    if settings.smtp_connection_id and settings.email_from and settings.email_to:
        channels.append(
            EmailChannel(
                connection_id=settings.smtp_connection_id,
                sender=settings.email_from,
                recipients=settings.email_to,
            )
        )
    if settings.slack_connection_id:
        channels.append(SlackChannel(connection_id=settings.slack_connection_id))
    return tuple(channels)
