"""What is wrong, and who was told: one message a problem, and one when it is over.

Who reports gives what is wrong now; what each channel was told is a document in the curated bucket.
The difference is what is sent.
"""

from __future__ import annotations

from collections.abc import Collection
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
    """A line, for a subject."""
    text: str
    """Plain text: what is wrong, what is kept, what to do."""
    severity: Severity
    url: str | None = None
    """Where more is to be seen."""


class Reported(Document):
    """What a report had sent, by the ids of the problems."""

    new: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def report(
    scope: str,
    problems: Collection[Problem],
    *,
    unjudged: Collection[str] = (),
    now: datetime | None = None,
) -> Reported:
    """Send one message for each problem that is new, and one for each that is over.

    Args:
        scope: whose problems these are, as a path: `quality/music_songplays`.
        problems: all that are open now.
        unjudged: ids that nothing is known of this time: what is open of them stays open.
        now: the time in UTC; that of the clock by default.

    Raises:
        lake.notifications.channels.ChannelsFailed: channels refused messages; the others got
            theirs. A report of the same problems again sends what is missing, and only that.
        ValueError: two problems have one id, or the scope is no path.
    """
    raise NotImplementedError
