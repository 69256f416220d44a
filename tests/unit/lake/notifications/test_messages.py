"""Subjects that sort, texts that fit, and nothing secret in either."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lake.notifications.messages import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    Change,
    duration,
    message_of,
    without_secrets,
)

from .conftest import NOON


def change(**values: str) -> Change:
    return Change(
        kind="new",
        id="publish",
        title=values.get("title", "market_quotes: publish failed"),
        severity="fail",
        since=NOON,
        text=values.get("text", "why"),
    )


def test_a_subject_is_one_line_that_every_channel_takes() -> None:
    title = "market_quotes:\n publish failed with a reason " + "that goes on " * 20
    message = message_of(change(title=title), environment="lake-dev", scope="a", now=NOON)
    assert len(message.subject) == LONGEST_SUBJECT
    assert message.subject.startswith("[lake-dev] market_quotes: publish failed with a reason that")
    assert message.subject.endswith("… - FAIL")


def test_a_long_text_says_how_much_of_it_is_missing() -> None:
    message = message_of(change(text="x" * 50_000), environment="e", scope="a", now=NOON)
    assert len(message.text) < LONGEST_TEXT + 100
    assert message.text.endswith("characters more")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://lake:s3cret@db/x refused", "postgresql://***@db/x refused"),
        ("key AKIAIOSFODNN7EXAMPLE is not valid", "key *** is not valid"),
        ("GET /k?X-Amz-Signature=0a1b2c&x=1", "GET /k?X-Amz-Signature=***&x=1"),
        ("X-Amz-Security-Token=IQoJb3JpZ2luX2Vj%2F&x", "X-Amz-Security-Token=***&x"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/***"),
        ("{'password': 'hunter2', 'user': 'me'}", "{'password': ***', 'user': 'me'}"),
        ("api_key=abc, token: def", "api_key=***, token: ***"),
        ("the column token is null in 3 rows", "the column token is null in 3 rows"),
        ("s3://landing/market/quotes/A:B@C.TXT", "s3://landing/market/quotes/A:B@C.TXT"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, hidden: str) -> None:
    assert without_secrets(text) == hidden
    assert without_secrets(hidden) == hidden


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=61), "1 h 1 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
    ],
)
def test_durations_are_as_long_as_a_person_wants_them(elapsed: timedelta, said: str) -> None:
    assert duration(elapsed) == said
