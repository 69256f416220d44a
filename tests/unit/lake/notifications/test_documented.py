"""docs/notifications.md shows messages as they are received."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lake.dag import KEPT
from lake.notifications.documents import Problem
from lake.notifications.problems import Reporter
from lake.notifications.runs import (
    Run,
    TaskFailure,
    TaskState,
    leave_failure,
    report_ended_run,
    report_late_run,
    report_run,
)

from .conftest import NOON, Inbox

PAGE = Path(__file__).resolve().parents[4] / "docs" / "notifications.md"
REFUSED = (
    "AirflowFailException: refused market/quotes/COTAHIST_D03012022.TXT: no readable header: "
    "line 1 has 18 bytes and starts with b'this is not a file'; a header has 245 bytes "
    "and the type '00'"
)


def run(hour: int) -> Run:
    return Run(
        dag_id="market_quotes",
        run_id=f"scheduled__2026-11-22T{hour}:00:00+00:00",
        kept=KEPT,
        airflow_url="https://airflow.example.com",
    )


def states(**changes: str) -> list[TaskState]:
    found = {"plan": "success", "convert": "success", "report": "success"} | changes
    return [TaskState(task_id=task_id, state=state) for task_id, state in found.items()]


@pytest.fixture
def received(reporter: Reporter, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """A day of messages."""
    failure = TaskFailure(task_id="report", map_index=-1, reason=REFUSED, tries=1, failed_at=NOON)
    leave_failure(reporter.store, run(12), failure)
    nulls = Problem(
        id="title/not_null",
        title="music_songs: title is NULL in 3 of 71 rows",
        text="The check `not_null` of the column title found 3 rows, such as SOABC, SODEF, SOGHI.",
        severity="warn",
    )
    at(monkeypatch, hours=0)
    report_run(reporter, run(12), states(report="failed"))
    at(monkeypatch, hours=1)
    report_late_run(reporter, run(13), minutes=45, state="running")
    report_ended_run(reporter, run(13), "timed_out")
    at(monkeypatch, hours=2)
    report_run(reporter, run(14), states(convert="failed", report="upstream_failed"))
    at(monkeypatch, hours=3)
    report_run(reporter, run(15), states())
    reporter.report("quality/music_songs", [nulls], now=NOON)
    reporter.report("quality/music_songs", [nulls], now=NOON + timedelta(days=7))
    return inbox


def at(monkeypatch: pytest.MonkeyPatch, *, hours: int) -> None:
    class Clock:
        @staticmethod
        def now(_: object) -> object:
            return NOON + timedelta(hours=hours)

    monkeypatch.setattr("lake.notifications.problems.datetime", Clock)


def test_the_page_has_every_kind_of_message_as_it_is_received(received: Inbox) -> None:
    page = PAGE.read_text()
    shown = [f"{message.subject}\n\n{message.text}\n" for message in received.messages]
    assert [text for text in shown if text not in page] == []
    assert len(shown) == 10
