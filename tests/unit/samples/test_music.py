"""Samples of the music service are what they say they are, with the faults of real ones."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lake.convert import convert
from lake.dataset import load_data_set

from infra.samples.music import (
    LogTruth,
    Song,
    log_file,
    make_songs,
    song_file,
    write_logs,
    write_songs,
)
from tests.music_truth import MusicTruth

REPOSITORY = Path(__file__).resolve().parents[3]
DATA_SETS = REPOSITORY / "dags" / "datasets" / "music"
FIRST_DAY = date(2018, 11, 29)
LOG_KEYS = [
    "artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level",
    "location", "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent",
    "userId",
]  # fmt: skip


def logs(folder: Path, **changed: Any) -> list[LogTruth]:
    """A few days of them."""
    arguments = {
        "first_day": FIRST_DAY, "days": 3, "plays": 2500, "users": 300, "songs": make_songs(200),
    } | changed  # fmt: skip
    return list(write_logs(folder, **arguments))  # type: ignore[arg-type]  # of many types


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("music")


@pytest.fixture(scope="module")
def songs(folder: Path) -> tuple[Song, ...]:
    made = make_songs(200)
    write_songs(folder / "songs", made)
    return made


@pytest.fixture(scope="module")
def truths(folder: Path) -> list[LogTruth]:
    return logs(folder / "logs")


@pytest.fixture(scope="module")
def events(truths: list[LogTruth]) -> list[list[dict[str, Any]]]:
    """Of each file."""
    return [[json.loads(line) for line in truth.path.open()] for truth in truths]


def day_of(event: dict[str, Any]) -> date:
    return datetime.fromtimestamp(event["ts"] / 1000, UTC).date()


def play_of(event: dict[str, Any]) -> tuple[Any, ...]:
    keys = ("ts", "userId", "sessionId", "itemInSession", "artist", "song")
    return tuple(event[key] for key in keys)


def test_files_are_in_folders_of_their_month_and_letters(songs: tuple[Song, ...]) -> None:
    """As the services that are copied have them."""
    assert log_file(date(2018, 11, 2)) == "2018/11/2018-11-02-events.json"
    *letters, name = song_file(songs[0]).split("/")
    assert (len(letters), name) == (3, f"{songs[0].track_id}.json")
    assert name.startswith("TR" + "".join(letters))


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """And another seed others, of songs too."""
    contents = []
    for number, seed in enumerate((1, 1, 2)):
        found = logs(tmp_path / str(number), plays=200, seed=seed)
        contents.append([truth.path.read_bytes() for truth in found])
    assert contents[0] == contents[1]
    assert not set(contents[0]) & set(contents[2])
    assert make_songs(50, seed=1) == make_songs(50, seed=1) != make_songs(50, seed=2)


def test_lines_have_the_keys_and_kinds_of_real_ones(events: list[list[dict[str, Any]]]) -> None:
    """A number's kind is part of it: registration has a decimal, userId is a text."""
    for event in events[0]:
        assert list(event) == LOG_KEYS
        assert isinstance(event["ts"], int)
        assert isinstance(event["userId"], str)
        assert isinstance(event["registration"], float | None)
        assert isinstance(event["length"], float | None)
        assert (event["artist"] is None) == (event["page"] != "NextSong")
    pages = {event["page"]: event for event in events[0]}
    assert set(pages) >= {
        "NextSong", "Home", "Login", "Logout", "Upgrade", "Downgrade", "Submit Upgrade",
        "Submit Downgrade", "Settings", "Save Settings", "Error", "Help", "About",
    }  # fmt: skip
    assert pages["Error"]["status"] == 404


def test_who_is_logged_out_is_nobody(events: list[list[dict[str, Any]]]) -> None:
    """An empty userId, and nulls."""
    nobody = [event for event in events[0] if event["auth"] == "Logged Out"]
    assert {event["userId"] for event in nobody} == {""}
    nulls = ("firstName", "lastName", "gender", "location", "registration", "userAgent", "song")
    assert {event[key] for event in nobody for key in nulls} == {None}


def test_the_truth_is_what_the_lines_say(
    truths: list[LogTruth], events: list[list[dict[str, Any]]]
) -> None:
    """Lines by file; plays, what repeats them and what is late by day."""
    seen: Counter[str] = Counter()
    by_play: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for truth in truths:
        for line in truth.path.open():
            seen[line] += 1
            event = json.loads(line)
            if event["page"] == "NextSong":
                by_play[play_of(event)].add(line)
    assert [truth.lines for truth in truths] == [len(each) for each in events]
    assert sum(truth.duplicates for truth in truths) == sum(seen.values()) - len(seen)
    near = sum(len(lines) - 1 for lines in by_play.values())
    assert sum(truth.near_duplicates for truth in truths) == near > 0
    assert [truth.plays for truth in truths] == [2500] * 3
    assert len(by_play) == 7500
    assert truths[0].late == 0 < truths[1].late
    for truth, file in zip(truths[1:], events[1:], strict=True):
        early = [event for event in file if day_of(event) < day_of(file[-1])]
        assert len(early) >= truth.late
        assert {day_of(event) + timedelta(1) for event in early} == {day_of(file[-1])}


def test_near_duplicates_differ_in_level_or_user_agent(
    events: list[list[dict[str, Any]]],
) -> None:
    """In nothing else."""
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    differing: Counter[str] = Counter()
    for event in (event for file in events for event in file if event["page"] == "NextSong"):
        other = first.setdefault(play_of(event), event)
        differing.update(key for key in LOG_KEYS if event[key] != other[key])
    assert set(differing) == {"level", "userAgent"}


def test_users_change_their_level_within_and_between_days(
    events: list[list[dict[str, Any]]],
) -> None:
    """With an event of it, and without."""
    within, silent = 0, 0
    last: dict[str, tuple[int, str, str]] = {}
    for number, file in enumerate(events):
        for event in sorted(file, key=lambda event: (event["ts"], event["itemInSession"])):
            if not event["userId"]:
                continue
            before = last.get(event["userId"])
            if before and before[1] != event["level"]:
                within += before[0] == number and before[2].startswith("Submit")
                silent += before[0] < number and not before[2].startswith("Submit")
            last[event["userId"]] = (number, event["level"], event["page"])
    assert within > 0 < silent


def test_sessions_go_on_after_midnight(events: list[list[dict[str, Any]]]) -> None:
    """With the items that follow."""
    items: dict[int, list[int]] = defaultdict(list)
    days: dict[int, set[date]] = defaultdict(set)
    for event in (event for file in events for event in file):
        items[event["sessionId"]].append(event["itemInSession"])
        days[event["sessionId"]].add(day_of(event))
    across = [session for session, found in days.items() if len(found) > 1]
    assert across
    for session in across:
        assert sorted(set(items[session])) == list(range(max(items[session]) + 1))


def test_songs_have_the_faults_of_real_ones(
    songs: tuple[Song, ...], events: list[list[dict[str, Any]]]
) -> None:
    """Twins, spellings, unknown years and places, quotes; some plays match none of them."""
    assert len({song.song_id for song in songs}) == len({song.track_id for song in songs}) == 200
    twins = Counter((song.title, song.artist.name, song.duration) for song in songs)
    assert max(twins.values()) > 1
    spellings: dict[str, set[str]] = defaultdict(set)
    degrees: dict[str, set[bool]] = defaultdict(set)
    for song in songs:
        spellings[song.artist.artist_id].add(song.artist.name)
        degrees[song.artist.artist_id].add(song.artist.latitude is None)
    assert max(map(len, spellings.values())) > 1
    assert max(map(len, degrees.values())) > 1
    assert {0} < {song.year for song in songs}
    assert {""} < {song.artist.location for song in songs}
    titles = "".join(song.title + song.artist.name for song in songs)
    assert all(mark in titles for mark in ('"', ",", "'", "/", "É", "京"))
    plays = [event for event in events[0] if event["page"] == "NextSong"]
    matched = [e for e in plays if (e["song"], e["artist"], e["length"]) in twins]
    named = [e for e in plays if (e["song"], e["artist"]) in {twin[:2] for twin in twins}]
    assert 0.6 < len(matched) / len(plays) < 0.9
    assert len(matched) < len(named) < len(plays)


def test_a_document_has_the_keys_of_real_ones(songs: tuple[Song, ...]) -> None:
    """In their order."""
    assert list(json.loads(songs[0].document)) == [
        "num_songs", "artist_id", "artist_latitude", "artist_longitude", "artist_location",
        "artist_name", "song_id", "title", "duration", "year",
    ]  # fmt: skip


@pytest.mark.parametrize("table", ["event_logs", "song_metadata"])
def test_the_converter_finds_every_row(
    tmp_path: Path, folder: Path, songs: tuple[Song, ...], truths: list[LogTruth], table: str
) -> None:
    """As DuckDB reads the same files; no record is refused, and no column is forgotten."""
    files = {
        "event_logs": [truth.path for truth in truths],
        "song_metadata": sorted((folder / "songs").rglob("*.json"))[: len(songs) // 4],
    }[table]
    dataset = load_data_set(DATA_SETS / f"{table}.yaml")
    rows = []
    for number, file in enumerate(files):
        out = tmp_path / str(number)
        with file.open("rb") as stream:
            conversion = convert(dataset, stream, folder=out, size_bytes=file.stat().st_size)
        assert conversion.counts.rejected == 0
        for part in conversion.parts:
            rows += pq.ParquetFile(out / part.path).read().drop_columns("source_key").to_pylist()
    truth = MusicTruth(
        logs=files if table == "event_logs" else [],
        songs=files if table == "song_metadata" else [],
    ).table(f"music_{table}")
    assert truth.columns == tuple(column.name for column in dataset.columns)
    assert Counter(map(repr, rows)) == Counter(map(repr, truth.records()))


def test_days_are_named_by_their_files() -> None:
    """So that a backfill finds them."""
    file_date = load_data_set(DATA_SETS / "event_logs.yaml").source.file_date
    assert file_date is not None
    assert file_date.day_of(f"music/event_logs/{log_file(FIRST_DAY)}") == FIRST_DAY


def test_nobody_and_nothing_cannot_be_asked_for(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match="songs should be 1 at least, not 0"):
        make_songs(0)
    for changed in ({"plays": 0}, {"users": 0}, {"songs": ()}):
        with pytest.raises(ValueError, match="users, plays and songs should be 1 at least, not"):
            logs(tmp_path / "none", **changed)
    assert not list(tmp_path.iterdir())


def test_a_single_user_may_play_a_single_song(tmp_path: Path) -> None:
    """The least that there is."""
    [truth] = logs(tmp_path, days=1, plays=1, users=1, songs=make_songs(1))
    assert truth.plays == 1
    assert sum(json.loads(line)["page"] == "NextSong" for line in truth.path.open()) >= 1
