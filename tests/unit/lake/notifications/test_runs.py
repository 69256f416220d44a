"""What of a run is a problem, and what ends one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lake.notifications.channels import ChannelsFailed
from lake.notifications.documents import Reported
from lake.notifications.problems import Reporter
from lake.notifications.runs import (
    KILLED,
    Run,
    TaskFailure,
    TaskState,
    leave_failure,
    report_ended_run,
    report_late_run,
    report_run,
)

from .conftest import NOON, Inbox

KEPT = "The table holds what was published."
GOOD = {"plan": "success", "convert": "success", "publish": "success", "spark": "skipped"}


def run(number: int = 1) -> Run:
    return Run(
        dag_id="market_quotes",
        run_id=f"scheduled__2026-11-22T0{number}:00:00+00:00",
        kept=KEPT,
        airflow_url="https://airflow.example/",
    )


def states(**changes: str | list[str]) -> list[TaskState]:
    """Of the tasks of a good run, but for `changes`; a list is a mapped task."""
    return [
        TaskState(task_id=task_id, state=state)
        for task_id, found in (GOOD | changes).items()
        for state in ([found] if isinstance(found, str) else found)
    ]


def leave(
    reporter: Reporter, task_id: str, reason: str, *, of: Run, map_index: int = -1, **more: bool
) -> None:
    failure = TaskFailure(
        task_id=task_id, map_index=map_index, reason=reason, tries=6, failed_at=NOON, **more
    )
    leave_failure(reporter.store, of, failure)


def test_a_message_says_what_failed_why_what_is_kept_and_where_to_look(
    reporter: Reporter, inbox: Inbox
) -> None:
    leave(reporter, "publish", "ValueError: the table is gone", of=run())
    report_run(reporter, run(), states(publish="failed"))

    (message,) = inbox.messages
    assert message.subject == "[lake-dev] market_quotes: publish failed - FAIL"
    head, _, seen = message.text.partition("\n\nSeen first")
    assert head == (
        "market_quotes: publish failed\n\n"
        "The task publish of the run scheduled__2026-11-22T01:00:00+00:00 failed after 6 tries:\n\n"
        "ValueError: the table is gone\n\n"
        "The table holds what was published."
    )
    assert seen.endswith(
        "https://airflow.example/dags/market_quotes/runs/scheduled__2026-11-22T01%3A00%3A00%2B00%3A00"
    )


def test_a_killed_worker_leads_to_a_message_all_the_same(reporter: Reporter, inbox: Inbox) -> None:
    report_run(reporter, run(), states(convert="failed", publish="upstream_failed"))
    assert inbox.subjects == ["[lake-dev] market_quotes: convert failed - FAIL"]
    assert KILLED in inbox.messages[0].text


def test_of_a_mapped_task_the_first_reason_is_told_and_how_many_failed(
    reporter: Reporter, inbox: Inbox
) -> None:
    for number in (3, 5):
        leave(reporter, "convert", f"OSError: {number}", of=run(), map_index=number)
    report_run(reporter, run(), states(convert=["success", "failed", "failed", "success"]))
    (message,) = inbox.messages
    assert "OSError: 3\n\nSo did 2 of its 4 parts; this is the first." in message.text


def test_a_dag_that_goes_on_failing_is_told_once_and_once_when_it_works(
    reporter: Reporter, inbox: Inbox
) -> None:
    for number in range(1, 5):
        report_run(reporter, run(number), states(publish="failed"))
    report_run(reporter, run(5), states())
    report_run(reporter, run(6), states())

    assert inbox.subjects == [
        "[lake-dev] market_quotes: publish failed - FAIL",
        "[lake-dev] market_quotes: publish failed - OVER",
    ]
    assert "The run scheduled__2026-11-22T05:00:00+00:00 of market_quotes succeeded" in (
        inbox.messages[1].text
    )


def test_a_day_that_works_is_not_the_end_of_one_that_failed(
    reporter: Reporter, inbox: Inbox
) -> None:
    days = [replace(run(number), by_day=True) for number in range(1, 5)]
    report_run(reporter, days[0], states(publish="failed"))
    report_run(reporter, days[1], states())
    report_run(reporter, days[2], states(publish="failed"))
    report_ended_run(reporter, days[3], "timed_out")
    assert [subject.rpartition(" - ")[2] for subject in inbox.subjects] == ["FAIL", "FAIL"]

    report_run(reporter, days[0], states())
    report_run(reporter, days[3], states())
    assert len(inbox.messages) == 2, "one day is left"

    report_run(reporter, replace(days[2], run_id="manual__x"), states())
    assert len(inbox.messages) == 2, "nor does a run by hand end it"

    report_run(reporter, days[2], states())
    assert [subject.rpartition(" - ")[2] for subject in inbox.subjects[2:]] == ["OVER", "OVER"]


def test_a_run_that_found_nothing_to_do_proves_nothing(reporter: Reporter, inbox: Inbox) -> None:
    report_run(reporter, run(1), states(publish="failed"))
    nothing = dict.fromkeys(GOOD, "skipped")
    assert report_run(reporter, run(2), states(**nothing)) == Reported()
    assert len(inbox.messages) == 1


def test_what_a_failed_run_did_not_reach_stays_as_it_was_and_what_it_did_is_over(
    reporter: Reporter, inbox: Inbox
) -> None:
    report_run(reporter, run(1), states(publish="failed", convert="failed"))
    report_run(
        reporter, run(2), states(plan="failed", convert="success", publish="upstream_failed")
    )

    words = [subject.removeprefix("[lake-dev] market_quotes: ") for subject in inbox.subjects]
    assert sorted(words[:2]) == ["convert failed - FAIL", "publish failed - FAIL"]
    assert words[2:] == ["plan failed - FAIL", "convert failed - OVER"]
    assert reporter.open_ids("runs/market_quotes") == {"plan", "publish"}


def test_what_a_task_reported_itself_is_not_told_twice_and_ends_nothing(
    reporter: Reporter, inbox: Inbox
) -> None:
    report_run(reporter, run(1), states(publish="failed", quality="success"))
    leave(reporter, "quality", "ProblemsReported: 2 checks failed", of=run(2), reported=True)
    report_run(reporter, run(2), states(quality="failed", publish="upstream_failed"))
    report_ended_run(reporter, run(2), "task_failure")

    assert inbox.subjects == ["[lake-dev] market_quotes: publish failed - FAIL"]
    assert reporter.open_ids("runs/market_quotes") == {"publish"}


def test_a_run_that_its_last_task_reported_is_not_reported_again(
    reporter: Reporter, inbox: Inbox
) -> None:
    report_run(reporter, run(), states(publish="failed"))
    assert report_ended_run(reporter, run(), "task_failure") == Reported()
    assert len(inbox.messages) == 1


def test_a_run_that_its_last_task_could_not_report_is_reported_when_it_has_ended(
    reporter: Reporter, inbox: Inbox, other: Inbox
) -> None:
    leave(reporter, "publish", "ValueError: the table is gone", of=run())
    inbox.down = True
    with pytest.raises(ChannelsFailed):
        report_run(reporter, run(), states(publish="failed"))
    inbox.down = False

    report_ended_run(reporter, run(), "task_failure")

    assert inbox.subjects == other.subjects == ["[lake-dev] market_quotes: publish failed - FAIL"]
    assert "the table is gone" in inbox.messages[0].text


def test_a_run_that_took_too_long_is_told_with_its_own_words(
    reporter: Reporter, inbox: Inbox
) -> None:
    report_ended_run(reporter, run(), "timed_out")
    assert inbox.subjects == ["[lake-dev] market_quotes: timed out - FAIL"]
    assert "It took longer than a run may, and was ended." in inbox.messages[0].text
    report_run(reporter, run(2), states())
    assert inbox.subjects[1:] == ["[lake-dev] market_quotes: timed out - OVER"]


def test_a_late_run_is_told_once_and_once_when_a_run_succeeds(
    reporter: Reporter, inbox: Inbox
) -> None:
    for number in (1, 2):
        report_late_run(reporter, run(number), minutes=90, state="running")
    report_run(reporter, run(2), states())

    assert inbox.subjects == [
        "[lake-dev] market_quotes: not done after 90 minutes - FAIL",
        "[lake-dev] market_quotes: not done after 90 minutes - OVER",
    ]
    assert "should have been done 90 minutes after it was due; it is running." in (
        inbox.messages[0].text
    )


def test_of_a_run_that_failed_before_its_deadline_the_failure_is_enough(
    reporter: Reporter, inbox: Inbox
) -> None:
    assert report_late_run(reporter, run(), minutes=90, state="failed") == Reported()
    assert inbox.messages == []
