"""The truth of the music service's tables, on cases that can be seen through."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.music_truth import STAGING, STAR, MusicTruth

NOON = 1541073600000  # 2018-11-01 12:00:00 UTC, a Thursday of week 44
DAY = 86_400_000


def play(**changed: Any) -> dict[str, Any]:
    """A play of user 26, with some keys changed."""
    return {
        "artist": "Björk", "auth": "Logged In", "firstName": "Ada", "gender": "F",
        "itemInSession": 3, "lastName": "Long", "length": 305.65832, "level": "free",
        "location": "Lisboa", "method": "PUT", "page": "NextSong", "registration": 1540919166796.0,
        "sessionId": 38, "song": "Jóga", "status": 200, "ts": NOON, "userAgent": "x",
        "userId": "26",
    } | changed  # fmt: skip


def song(**changed: Any) -> dict[str, Any]:
    """A document of the song that is played, with some keys changed."""
    return {
        "num_songs": 1, "artist_id": "AR1", "artist_latitude": None, "artist_longitude": None,
        "artist_location": "", "artist_name": "Björk", "song_id": "SO5", "title": "Jóga",
        "duration": 305.65832, "year": 0,
    } | changed  # fmt: skip


class Files:
    """Writes the files of a case."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def truth(self, events: list[dict[str, Any]], *songs: dict[str, Any]) -> MusicTruth:
        """Of a file of logs, and a document each."""
        log = self._folder / "log.json"
        log.write_text("".join(json.dumps(event) + "\n" for event in events))
        documents = []
        for number, document in enumerate(songs):
            path = self._folder / f"TR{number}.json"
            path.write_text(json.dumps(document, indent=number % 2))
            documents.append(path)
        return MusicTruth(logs=[log], songs=documents)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def column(truth: MusicTruth, table: str, *names: str) -> list[tuple[Any, ...]]:
    found = truth.table(table).records()
    return [tuple(record[name] for name in names) for record in found]


def test_an_event_is_what_its_line_says(files: Files) -> None:
    """Every column of it."""
    [record] = files.truth([play()]).table("music_event_logs").records()
    assert record == {
        "artist": "Björk", "auth": "Logged In", "first_name": "Ada", "gender": "F",
        "item_in_session": 3, "last_name": "Long", "length": 305.65832, "level": "free",
        "location": "Lisboa", "method": "PUT", "page": "NextSong",
        "registered_at": datetime(2018, 10, 30, 17, 6, 6, 796_000), "session_id": 38,
        "song": "Jóga", "status": 200, "occurred_at": datetime(2018, 11, 1, 12),
        "day": date(2018, 11, 1), "user_agent": "x", "user_id": 26,
    }  # fmt: skip


def test_an_empty_text_or_a_missing_key_is_null(files: Files) -> None:
    """Of users, times and texts; a user may also be a number."""
    nobody = play(userId="", registration=None, firstName=None, artist="", length=None)
    del nobody["gender"]
    truth = files.truth([nobody, play(userId=27), play(userId="28", registration="1.541078e+12")])
    assert column(truth, "music_event_logs", "user_id", "registered_at", "gender", "artist") == [
        (27, datetime(2018, 10, 30, 17, 6, 6, 796_000), "F", "Björk"),
        (28, datetime(2018, 11, 1, 13, 13, 20), "F", "Björk"),
        (None, None, None, None),
    ]


def test_a_day_is_that_in_utc(files: Files) -> None:
    """To the millisecond."""
    truth = files.truth([play(ts=NOON + DAY // 2 - 1), play(ts=NOON + DAY // 2)])
    assert column(truth, "music_event_logs", "day") == [(date(2018, 11, 1),), (date(2018, 11, 2),)]


def test_a_line_that_is_no_json_is_none(tmp_path: Path) -> None:
    """Such as the last of a file that was cut."""
    log = tmp_path / "log.json"
    log.write_text(json.dumps(play()) + "\n" + json.dumps(play(ts=NOON + 1))[:200])
    assert len(MusicTruth(logs=[log], songs=[]).table("music_event_logs").rows) == 1


def test_staging_keeps_what_is_there_twice_and_a_play_is_once(files: Files) -> None:
    """A play's identifier is the hash of what it is told by."""
    truth = files.truth([play(), play(), play(length=1.5), play(page="Home")])
    assert len(truth.table("music_event_logs").rows) == 4
    text = f"{NOON}|26|38|3|Björk|Jóga"
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert column(truth, "music_songplays", "songplay_id", "started_at", "day") == [
        (expected, datetime(2018, 11, 1, 12), date(2018, 11, 1))
    ]


def test_of_the_same_plays_the_paid_one_is_kept(files: Files) -> None:
    """Then the first location, then the first user agent; NULL comes last."""
    same = [
        play(level="free", location="A", userAgent="a"),
        play(level="paid", location=None, userAgent="a"),
        play(level="paid", location="a", userAgent="a"),
        play(level="paid", location="B", userAgent=None),
        play(level="paid", location="B", userAgent="é"),
        play(level="paid", location="B", userAgent="z"),
    ]
    for events in (same, same[::-1]):
        truth = files.truth(events)
        names = ("level", "location", "user_agent")
        assert column(truth, "music_songplays", *names) == [("paid", "B", "z")]


def test_plays_without_a_user_or_a_song_are_the_same_where_these_lack(files: Files) -> None:
    """NULL equals NULL, and is an empty text in the identifier."""
    truth = files.truth([play(userId="", song=None), play(userId="", song=None), play(userId="")])
    texts = (f"{NOON}||38|3|Björk|", f"{NOON}||38|3|Björk|Jóga")
    hashes = [hashlib.md5(each.encode(), usedforsecurity=False).hexdigest() for each in texts]
    assert column(truth, "music_songplays", "songplay_id", "user_id") == sorted(
        (each, None) for each in hashes
    )


def test_each_part_of_a_play_tells_it_from_others(files: Files) -> None:
    """Six plays, of which each differs from the first in one of them."""
    others = [
        play(ts=NOON + 1), play(userId="27"), play(sessionId=39), play(itemInSession=4),
        play(artist="Bjork"), play(song="joga"),
    ]  # fmt: skip
    assert len(files.truth([play(), *others]).table("music_songplays").rows) == 7


def test_a_play_is_of_the_smallest_song_that_matches_exactly(files: Files) -> None:
    """By title, artist and duration; its artist is that song's."""
    songs = [
        song(), song(song_id="SO4", artist_id="AR2"), song(song_id="SO1", duration=305.65833),
        song(song_id="SO2", title="Joga"), song(song_id="SO3", artist_name="björk"),
    ]  # fmt: skip
    truth = files.truth([play(), play(ts=NOON + 1, length=None)], *songs)
    assert column(truth, "music_songplays", "started_at", "song_id", "artist_id") == sorted(
        [
            (datetime(2018, 11, 1, 12), "SO4", "AR2"),
            (datetime(2018, 11, 1, 12, 0, 0, 1000), None, None),
        ],
        key=lambda row: hashlib.md5(
            f"{NOON + row[0].microsecond // 1000}|26|38|3|Björk|Jóga".encode(),
            usedforsecurity=False,
        ).hexdigest(),
    )


def test_a_users_day_is_the_last_event_of_it_on_any_page(files: Files) -> None:
    """By time, session, item and level, then by names; who is nobody has none."""
    truth = files.truth(
        [
            play(page="Home", ts=NOON + 5, level="free", lastName="Last"),
            play(ts=NOON + 4, sessionId=99, level="paid"),
            play(ts=NOON + 5, sessionId=37, itemInSession=9, level="paid"),
            play(ts=NOON + 5, itemInSession=2, level="paid"),
            play(ts=NOON + DAY, level="free", firstName="A"),
            play(ts=NOON + DAY, level="paid", firstName=None),
            play(ts=NOON + DAY, level="paid", firstName="B", gender="M"),
            play(ts=NOON + DAY, level="paid", firstName="B", gender="F"),
            play(userId="", ts=NOON + 9),
        ]
    )
    at = datetime(2018, 11, 1, 12, 0, 0, 5000)
    assert truth.table("music_user_days").rows == [
        (26, date(2018, 11, 1), "Ada", "Last", "F", "free", at),
        (26, date(2018, 11, 2), "B", "Long", "F", "paid", datetime(2018, 11, 2, 12)),
    ]
    assert truth.table("music_users").rows == [
        (26, "B", "Long", "F", "paid", datetime(2018, 11, 2, 12))
    ]


def test_a_song_without_a_year_has_none(files: Files) -> None:
    """Of two documents of a song that of the last path counts."""
    truth = files.truth([], song(song_id="SO1", year=1999), song(), song(song_id="SO1", title="T"))
    assert truth.table("music_songs").rows == [
        ("SO1", "T", "AR1", None, 305.65832), ("SO5", "Jóga", "AR1", None, 305.65832),
    ]  # fmt: skip


def test_an_artist_is_the_first_song_with_a_place_on_the_map(files: Files) -> None:
    """Or, where there is none, the first song."""
    truth = files.truth(
        [],
        song(song_id="SO1", artist_name="Without"),
        song(song_id="SO3", artist_name="Third", artist_latitude=1.5, artist_longitude=-2),
        song(song_id="SO2", artist_name="Second", artist_latitude=64.1, artist_location="X"),
        song(song_id="SO9", artist_id="AR2", artist_name="Nine"),
        song(song_id="SO8", artist_id="AR2", artist_name="Eight"),
    )
    assert truth.table("music_artists").rows == [
        ("AR1", "Second", "X", 64.1, None), ("AR2", "Eight", None, None, None),
    ]  # fmt: skip


def test_a_time_is_there_once(files: Files) -> None:
    """Of plays alone; weeks are ISO 8601's, which begin on Monday."""
    events = [play(), play(userId="27"), play(page="Home", ts=NOON + 1),
              play(ts=1546214399000), play(ts=1546214400000)]  # fmt: skip
    assert files.truth(events).table("music_time").rows == [
        (datetime(2018, 11, 1, 12), date(2018, 11, 1), 12, 1, 44, 11, 2018, 4),
        (datetime(2018, 12, 30, 23, 59, 59), date(2018, 12, 30), 23, 30, 52, 12, 2018, 7),
        (datetime(2018, 12, 31), date(2018, 12, 31), 0, 31, 1, 12, 2018, 1),
    ]


def test_without_files_all_tables_are_empty() -> None:
    """And have their columns."""
    truth = MusicTruth(logs=[], songs=[])
    for name in (*STAGING, *STAR):
        table = truth.table(name)
        assert (len(table.rows), len(table.columns) > 4) == (0, True)
