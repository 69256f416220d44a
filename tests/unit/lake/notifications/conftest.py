"""A reporter over S3 in memory, and channels that keep what they are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lake.notifications.messages import Message
from lake.notifications.problems import Reporter
from lake.pipeline.store import Store

from tests.unit.lake.pipeline.memory_s3 import MemoryS3

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Inbox:
    """A channel of the tests: `down` refuses."""

    name: str = "inbox"
    messages: list[Message] = field(default_factory=list)
    down: bool = False
    meanwhile: Callable[[], object] | None = None
    """Done once, after a message was taken and before anything is written."""

    def send(self, message: Message) -> None:
        if self.down:
            raise ConnectionRefusedError("nobody listens")
        self.messages.append(message)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.messages]


@pytest.fixture
def s3() -> MemoryS3:
    return MemoryS3()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def other() -> Inbox:
    return Inbox(name="other")


@pytest.fixture
def store(s3: Any) -> Store:
    return Store(landing_bucket="landing", curated_bucket="curated", s3=s3)


@pytest.fixture
def reporter(store: Store, inbox: Inbox, other: Inbox) -> Reporter:
    return Reporter(
        environment="lake-dev",
        store=store,
        channels=(inbox, other),
        reminder=timedelta(days=3),
        turn=timedelta(seconds=0.1),
    )
