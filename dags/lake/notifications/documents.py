"""Problems, and what of them was told to whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from lake.tables.documents import Document

Severity = Literal["fail", "warn"]


class Problem(Document):
    """Something that a person should know of, until it is over."""

    id: str = Field(min_length=1)
    """What tells it from the other problems of its scope, the same as long as it is the same."""
    title: str = Field(min_length=1)
    """A line, for a subject: whose problem it is, then what it is."""
    text: str
    """Plain text: what is wrong, what is kept, what to do."""
    severity: Severity
    url: str | None = None
    """Where more is to be seen."""


class Reported(Document):
    """What a report had sent, by the ids of the problems; to at least one channel each."""

    new: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    """Reminders."""
    over: tuple[str, ...] = ()


class ToldProblem(Document):
    """A problem that a channel was told of, and not yet of its end."""

    title: str
    severity: Severity
    since: datetime
    """When it was first told."""
    told_at: datetime
    """When it was last told."""


class Turn(Document):
    """That one report is sending: others of the scope wait, for as long as that may last."""

    report: str
    until: datetime


class Told(Document):
    """What the channels were told of one scope."""

    channels: Mapping[str, Mapping[str, ToldProblem]] = Field(default_factory=dict)
    """By the channel's name and the problem's id."""
    turn: Turn | None = None
    """Whose turn it is to send, while somebody does."""
