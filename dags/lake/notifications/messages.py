"""The words of a message: plain text, a subject that sorts by what it is about, and no secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from lake.notifications.documents import Severity

Kind = Literal["new", "still", "over"]

LONGEST_SUBJECT = 99
"""SNS takes fewer than 100 characters (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""
LONGEST_TEXT = 8000
"""Characters: a person reads no more, and every channel takes that many."""
HIDDEN = "***"
SECRETS = (
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # the user and password of a URL
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?i)(?<=x-amz-signature=)\w+|(?<=x-amz-security-token=)[\w%./+=-]+"),
    re.compile(r"(?<=hooks\.slack\.com/services/)[\w/]+"),
    re.compile(
        r"(?i)((?:password|passwd|secret|token|secret_?access_?key|api_?key)[\"']?\s*[=:]\s*)"
        r"(?!\*\*\*)[\"']?[^\s\"',;&]+"
    ),
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of a problem, as one channel does not know it yet."""

    kind: Kind
    id: str
    title: str
    severity: Severity
    since: datetime
    text: str = ""
    url: str | None = None

    @property
    def word(self) -> str:
        """In capitals, as a subject says it."""
        if self.kind == "over":
            return "OVER"
        return f"STILL {self.severity.upper()}" if self.kind == "still" else self.severity.upper()


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a channel sends."""

    subject: str
    """A line of at most 99 characters."""
    text: str
    thread: str
    """The same for all messages of one problem."""


def message_of(change: Change, *, environment: str, scope: str, now: datetime) -> Message:
    """The message of one change."""
    parts = [one_line(change.title), change.text.strip(), _when(change, now=now)]
    if change.url:
        parts.append(change.url)
    return Message(
        subject=_subject(environment, change.title, change.word),
        text=_fit("\n\n".join(part for part in parts if part)),
        thread=f"{environment}/{scope}/{change.id}",
    )


def digest_of(changes: Sequence[Change], *, environment: str, scope: str, now: datetime) -> Message:
    """One message of many changes at once."""
    words = [change.word for change in changes]
    counted = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    lines = [f"{change.word}: {one_line(change.title)}" for change in changes]
    urls = dict.fromkeys(change.url for change in changes if change.url)
    return Message(
        subject=_subject(environment, f"{scope}: {len(changes)} problems changed", counted),
        text=_fit("\n".join([f"{scope}, {now:%Y-%m-%d %H:%M} UTC:", "", *lines, "", *urls])),
        thread=f"{environment}/{scope}",
    )


def one_line(text: str) -> str:
    """`text` with each run of white space as one blank."""
    return " ".join(text.split())


def without_secrets(text: str) -> str:
    """`text` with what looks like a credential hidden: exceptions quote URLs and settings."""
    for pattern in SECRETS:
        text = pattern.sub(lambda found: (found[1] if found.re.groups else "") + HIDDEN, text)
    return text


def duration(elapsed: timedelta) -> str:
    """Such as `3 d 2 h`, `5 h 10 min` or `4 min`."""
    minutes = int(elapsed.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _when(change: Change, *, now: datetime) -> str:
    since = f"{change.since:%Y-%m-%d %H:%M} UTC"
    match change.kind:
        case "new":
            return f"Seen first at {since}."
        case "still":
            return f"Open since {since}, for {duration(now - change.since)}."
        case "over":
            return f"It is over; it was open since {since}, for {duration(now - change.since)}."


def _subject(environment: str, title: str, word: str) -> str:
    """The environment and what it is about come first, so that its messages sort together."""
    start, end = f"[{environment}] ", f" - {word}"
    room = LONGEST_SUBJECT - len(start) - len(end)
    words = without_secrets(one_line(title))
    return start + (words if len(words) <= room else words[: room - 1] + "…") + end


def _fit(text: str) -> str:
    clean = without_secrets(text)
    if len(clean) <= LONGEST_TEXT:
        return clean
    return clean[:LONGEST_TEXT] + f"\n… and {len(clean) - LONGEST_TEXT:,} characters more"
