"""One message a problem, and one when it is over, whatever happens in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from time import sleep
from typing import Any

import pytest
from lake.notifications.channels import ChannelsFailed
from lake.notifications.documents import Problem, Reported, Told
from lake.notifications.problems import MOST_MESSAGES, Reporter, place_of
from lake.pipeline.store import Store

from .conftest import NOON, Inbox

SCOPE = "quality/music_songs"


def problem(id: str = "nulls", **changes: Any) -> Problem:
    values = {
        "id": id,
        "title": f"music_songs: {id}",
        "text": "3 rows of 71 have no title.\nNothing was taken away.",
        "severity": "fail",
        "url": "https://airflow.example/dags/music_models/runs/1",
    }
    return Problem.model_validate(values | changes)


def test_a_problem_is_told_once_however_many_runs_find_it(reporter: Reporter, inbox: Inbox) -> None:
    first = reporter.report(SCOPE, [problem()], now=NOON)
    for hours in range(1, 48):
        again = reporter.report(SCOPE, [problem()], now=NOON + timedelta(hours=hours))
        assert again == Reported()

    assert first == Reported(new=("nulls",))
    (message,) = inbox.messages
    assert message.subject == "[lake-dev] music_songs: nulls - FAIL"
    assert message.text == (
        "music_songs: nulls\n\n"
        "3 rows of 71 have no title.\nNothing was taken away.\n\n"
        "Seen first at 2026-11-22 12:00 UTC.\n\n"
        "https://airflow.example/dags/music_models/runs/1"
    )


def test_its_end_is_told_once_with_how_long_it_lasted(reporter: Reporter, inbox: Inbox) -> None:
    reporter.report(SCOPE, [problem()], now=NOON)
    after = NOON + timedelta(hours=26, minutes=5)

    over = reporter.report(SCOPE, [], when_over="The run 2 found none.", now=after)
    assert reporter.report(SCOPE, [], now=after + timedelta(hours=1)) == Reported()

    assert over == Reported(over=("nulls",))
    assert inbox.subjects[1:] == ["[lake-dev] music_songs: nulls - OVER"]
    assert inbox.messages[1].text == (
        "music_songs: nulls\n\nThe run 2 found none.\n\n"
        "It is over; it was open since 2026-11-22 12:00 UTC, for 1 d 2 h."
    )
    assert inbox.messages[0].thread == inbox.messages[1].thread


def test_a_scope_without_problems_is_no_message_and_no_document(
    reporter: Reporter, store: Store, inbox: Inbox
) -> None:
    assert reporter.report(SCOPE, []) == Reported()
    assert inbox.messages == []
    assert store.read(place_of(SCOPE), Told) is None


def test_a_problem_that_comes_back_is_new_again(reporter: Reporter, inbox: Inbox) -> None:
    for problems in ([problem()], [], [problem()]):
        reporter.report(SCOPE, problems, now=NOON)
    assert [s.rpartition(" ")[2] for s in inbox.subjects] == ["FAIL", "OVER", "FAIL"]


def test_a_warning_that_becomes_a_failure_is_told_and_not_the_other_way_round(
    reporter: Reporter, inbox: Inbox
) -> None:
    for severity in ("warn", "warn", "fail", "warn"):
        reporter.report(SCOPE, [problem(severity=severity)], now=NOON)
    assert [s.rpartition(" ")[2] for s in inbox.subjects] == ["WARN", "FAIL"]


def test_of_what_was_not_judged_nothing_is_said(reporter: Reporter, inbox: Inbox) -> None:
    reporter.report(SCOPE, [problem("a"), problem("b")], now=NOON)
    said = reporter.report(SCOPE, [], unjudged=["b"], now=NOON)
    assert said == Reported(over=("a",))
    assert reporter.open_ids(SCOPE) == {"b"}
    assert len(inbox.messages) == 3


def test_an_open_problem_is_told_again_after_the_days_of_a_reminder(
    reporter: Reporter, inbox: Inbox
) -> None:
    for hours in (0, 71, 72, 73, 144):
        reporter.report(SCOPE, [problem()], now=NOON + timedelta(hours=hours))
    assert inbox.subjects[1:] == ["[lake-dev] music_songs: nulls - STILL FAIL"] * 2
    assert "Open since 2026-11-22 12:00 UTC, for 3 d." in inbox.messages[1].text


def test_without_a_reminder_it_is_told_once(reporter: Reporter, inbox: Inbox) -> None:
    silent = replace(reporter, reminder=None)
    for days in (0, 400):
        silent.report(SCOPE, [problem()], now=NOON + timedelta(days=days))
    assert len(inbox.messages) == 1


def test_a_channel_that_is_down_keeps_none_from_being_told_and_is_told_later(
    reporter: Reporter, inbox: Inbox, other: Inbox
) -> None:
    inbox.down = True
    with pytest.raises(ChannelsFailed, match="inbox: ConnectionRefusedError: nobody listens"):
        reporter.report(SCOPE, [problem("a"), problem("b")], now=NOON)
    assert len(other.messages) == 2

    inbox.down = False
    assert reporter.report(SCOPE, [problem("a"), problem("b")], now=NOON).new == ("a", "b")
    assert (len(inbox.messages), len(other.messages)) == (2, 2)


def test_the_end_of_what_a_channel_never_heard_of_is_not_told_to_it(
    reporter: Reporter, inbox: Inbox, other: Inbox
) -> None:
    inbox.down = True
    with pytest.raises(ChannelsFailed):
        reporter.report(SCOPE, [problem()], now=NOON)
    inbox.down = False
    reporter.report(SCOPE, [], now=NOON)
    assert (inbox.messages, len(other.messages)) == ([], 2)


def test_a_new_channel_is_told_of_what_is_open(reporter: Reporter, inbox: Inbox) -> None:
    reporter.report(SCOPE, [problem()], now=NOON)
    new = Inbox(name="new")
    replace(reporter, channels=(*reporter.channels, new)).report(SCOPE, [problem()], now=NOON)
    assert (len(inbox.messages), len(new.messages)) == (1, 1)


def test_a_kill_between_sending_and_writing_sends_again(
    reporter: Reporter, inbox: Inbox, other: Inbox
) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    inbox.meanwhile = kill
    with pytest.raises(Killed):
        reporter.report(SCOPE, [problem()], now=NOON)
    reporter.report(SCOPE, [problem()], now=NOON)
    assert (len(inbox.messages), len(other.messages)) == (2, 1)
    reporter.report(SCOPE, [problem()], now=NOON)
    assert (len(inbox.messages), len(other.messages)) == (2, 1)


def test_of_reports_at_once_one_tells_a_problem(reporter: Reporter, inbox: Inbox) -> None:
    patient = replace(reporter, turn=timedelta(minutes=1), channels=(inbox,))
    inbox.meanwhile = lambda: sleep(0.3)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: patient.report(SCOPE, [problem()], now=NOON), range(4)))
    assert len(inbox.messages) == 1
    assert sorted(said, key=len_of_new) == [Reported()] * 3 + [Reported(new=("nulls",))]


def len_of_new(said: Reported) -> int:
    return len(said.new)


def test_who_sent_longer_than_its_turn_repeats_nothing_of_its_own_and_loses_nothing(
    reporter: Reporter, inbox: Inbox, other: Inbox
) -> None:
    rival = replace(reporter, channels=(Inbox(name="inbox"), Inbox(name="other")))
    inbox.meanwhile = lambda: rival.report(SCOPE, [problem("a"), problem("b")], now=NOON)

    reporter.report(SCOPE, [problem("a")], unjudged=["b"], now=NOON)

    assert len(inbox.messages) == len(other.messages) == 1
    assert reporter.open_ids(SCOPE) == {"a", "b"}


def test_many_at_once_are_one_message(reporter: Reporter, inbox: Inbox) -> None:
    many = [problem(f"check-{number:02}") for number in range(MOST_MESSAGES + 1)]
    said = reporter.report(SCOPE, many, now=NOON)
    assert len(said.new) == MOST_MESSAGES + 1
    (message,) = inbox.messages
    assert message.subject == "[lake-dev] quality/music_songs: 11 problems changed - 11 FAIL"
    assert message.text.count("FAIL: music_songs: check-") == MOST_MESSAGES + 1
    assert reporter.report(SCOPE, many, now=NOON) == Reported()


@pytest.mark.parametrize("scope", ["", "/", "a//b", "a b", "a/"])
def test_a_scope_that_is_no_path_is_refused(reporter: Reporter, scope: str) -> None:
    with pytest.raises(ValueError, match="expected a path"):
        reporter.report(scope, [])


def test_two_problems_of_one_id_are_refused(reporter: Reporter) -> None:
    with pytest.raises(ValueError, match="problems of one id: nulls"):
        reporter.report(SCOPE, [problem(), problem()])
