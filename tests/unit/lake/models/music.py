"""The music service's truth, as the tests of both targets compare it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.music_truth import MusicTruth

SECONDS = "%Y-%m-%d %H:%M:%S"


def days_of(truth: MusicTruth) -> list[str]:
    """The days of which there are events."""
    events = truth.table("music_event_logs")
    column = events.columns.index("day")
    return sorted({str(row[column]) for row in events.rows})


def as_text(row: tuple[Any, ...], target: str) -> tuple[str | None, ...]:
    """A row's values as a target writes them."""
    return tuple(_text(value, target) for value in row)


def _text(value: Any, target: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        if target == "redshift":  # no zeros at the end, nor a fraction that is zero
            return value.strftime(f"{SECONDS}.%f").rstrip("0").rstrip(".")
        return value.strftime(f"{SECONDS}.%f")
    return str(value)
