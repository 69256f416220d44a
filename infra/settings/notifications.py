"""Who hears of problems."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.base import Distinct, Settings

EmailAddress = Annotated[str, Field(pattern=r"^[^\s@,;<>]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$")]
ConnectionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""Of an Airflow connection."""


class EmailSettings(Settings):
    """Messages by a mail server of one's own, whose Airflow connection is a secret."""

    sender: EmailAddress
    recipients: tuple[EmailAddress, ...] = Field(min_length=1)
    connection_id: ConnectionId = "lake_smtp"


class NotificationSettings(Settings):
    """Who is told of problems, and how; a connection's secret is made by a person.

    The secret of the connection `lake_slack` is called `lake-<environment>/connections/lake_slack`.
    """

    topic: bool = True
    """Whether there is an SNS topic that messages are published to."""
    subscribers: Distinct[EmailAddress] = ()
    """Addresses that SNS mails what is published to, once each has confirmed."""
    inbox: bool = False
    """Whether a queue keeps what is published for 14 days, for `lake messages`."""
    email: EmailSettings | None = None
    slack_connection_id: ConnectionId | None = Field(default=None, examples=["lake_slack"])
    """The Airflow connection that holds the URL of Slack's webhook; None: no Slack."""
    reminder_days: int = Field(default=7, ge=0, le=365)
    """After which a problem that is still open is told again; 0: never."""

    @property
    def connection_ids(self) -> tuple[str, ...]:
        """The connections that are secrets."""
        email = (self.email.connection_id,) if self.email else ()
        return (*email, self.slack_connection_id) if self.slack_connection_id else email

    @model_validator(mode="after")
    def subscribed_to_something(self) -> Self:
        """Refuse subscriptions to a topic that there is not."""
        if not self.topic and (self.subscribers or self.inbox):
            raise ValueError("topic=False: subscribers and inbox need topic=True")
        return self
