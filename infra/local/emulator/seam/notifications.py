"""Notifications of S3: each is in its queue before the request that caused it is answered.

As it is, ministack tells a queue in a thread of its own, afterwards: a kill in between would lose
what S3 promises to tell at least once.
"""

from __future__ import annotations

from contextvars import ContextVar
from importlib import import_module
from typing import Any

_s3: Any = import_module("ministack.services.s3")

_told: ContextVar[list[str] | None] = ContextVar("told", default=None)


def collect_told() -> list[str]:
    """Begin a request; what others were told of in it will be in the list."""
    told: list[str] = []
    _told.set(told)
    return told


def note_told(what: str) -> None:
    """Note that the request that is being answered told others of something."""
    told = _told.get()
    if told is not None:
        told.append(what)


def tell_before_answering() -> None:
    """Deliver notifications as part of the request."""
    deliver = _s3._fire_s3_event

    def tell(bucket_name: str, key: str, event_name: str, **details: Any) -> None:
        if bucket_name not in _s3._bucket_notifications:
            return
        deliver(
            bucket_name,
            key,
            event_name,
            sequencer=_s3._next_event_sequencer(event_name),
            **details,
        )
        note_told(key)

    _s3._fire_s3_event_async = tell
