"""Logs and songs as other programs write them convert with no record refused."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lake.convert import convert
from lake.dataset import load_data_set

from tests.music_truth import MusicTruth

REPOSITORY = Path(__file__).resolve().parents[5]
FILES = REPOSITORY / "tests" / "data" / "music"
FOLDERS = {"event_logs": "logs", "song_metadata": "songs"}


def converted(table: str, files: list[Path], folder: Path) -> list[dict[str, Any]]:
    """The rows of some files, none of which has a record that is refused."""
    dataset = load_data_set(REPOSITORY / "dags" / "datasets" / "music" / f"{table}.yaml")
    rows: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        out = folder / str(number)
        with file.open("rb") as stream:
            conversion = convert(dataset, stream, folder=out, size_bytes=file.stat().st_size)
        counts = conversion.counts
        assert (counts.reasons, counts.rejected) == ({}, 0), file
        for part in conversion.parts:
            rows += pq.ParquetFile(out / part.path).read().drop_columns("source_key").to_pylist()
    return rows


@pytest.mark.parametrize("table", sorted(FOLDERS))
def test_every_record_is_a_row_of_what_it_says(tmp_path: Path, table: str) -> None:
    """As DuckDB reads the same files."""
    folder = FILES / FOLDERS[table]
    rows = converted(table, sorted(folder.rglob("*.json")), tmp_path)
    truth = MusicTruth(logs=FILES / "logs", songs=FILES / "songs").table(f"music_{table}")
    assert sorted(map(repr, rows)) == sorted(map(repr, truth.records()))


def test_logs_of_udacity_have_numbers_as_texts(tmp_path: Path) -> None:
    """Nulls and an empty userId where nobody is logged in; an event is of its own day."""
    file = FILES / "logs" / "udacity" / "2018" / "11" / "2018-11-01-events.json"
    rows = converted("event_logs", [file], tmp_path)
    found = {(row["session_id"], row["item_in_session"]): row for row in rows}
    assert len(found) == 5
    first = found[38, 0]
    assert (first["user_id"], first["registered_at"], first["occurred_at"], first["day"]) == (
        39,
        datetime.datetime(2018, 10, 30, 17, 6, 6, 796_000),
        datetime.datetime(2018, 11, 1, 20, 57, 10, 796_000),
        datetime.date(2018, 11, 1),
    )
    assert [name for name, value in found[52, 0].items() if value is None] == [
        "artist", "first_name", "gender", "last_name", "length", "location", "registered_at",
        "song", "user_agent", "user_id",
    ]  # fmt: skip
    assert found[97, 2]["song"] == 'Hoppípolla "Live", Pt. 1/2'
    assert {key: row["day"].day for key, row in found.items()} == {
        (38, 0): 1, (139, 1): 1, (52, 0): 3, (97, 2): 1, (38, 1): 2,
    }  # fmt: skip


def test_logs_of_eventsim_lack_keys_and_have_others(tmp_path: Path) -> None:
    """A user's number is a number there; what no column is of is left out."""
    rows = converted("event_logs", [FILES / "logs" / "eventsim" / "events.json"], tmp_path)
    assert [(row["session_id"], row["user_id"], row["auth"]) for row in rows] == [
        (29, 30, "Logged In"), (8, 9, "Logged In"), (8, None, "Logged Out"), (9, None, "Guest"),
        (124, 125, "Cancelled"), (264, 265, "Logged In"),
    ]  # fmt: skip
    assert {row["length"] for row in rows if row["page"] == "NextSong"} == {305.65832, None}


def test_logs_that_were_exported_have_what_a_table_made_of_them(tmp_path: Path) -> None:
    """Texts for numbers and numbers for texts, NaN, and nothing lost of large ones."""
    rows = converted(
        "event_logs", [FILES / "logs" / "exported" / "2018-11-12-events.json"], tmp_path
    )
    assert [(row["artist"], row["song"], row["user_id"], row["session_id"]) for row in rows] == [
        ("311", "1979", 10, 345),
        (None, None, None, 346),
        ('Nina & "The" Band', "null", 9_007_199_254_740_993, 9_223_372_036_854_775_807),
    ]
    assert [row["registered_at"] for row in rows] == [
        datetime.datetime(2018, 11, 1, 13, 13, 20),
        None,
        datetime.datetime(2018, 10, 30, 17, 6, 6, 796_250),
    ]
    assert [row["length"] for row in rows] == [215.7971, None, 200.0]
    assert [row["first_name"] for row in rows] == ["Ada", "Bo", "true"]


def test_a_songs_document_may_stand_on_many_lines(tmp_path: Path) -> None:
    """And have whole numbers for others, or texts."""
    rows = converted("song_metadata", sorted((FILES / "songs").rglob("*.json")), tmp_path)
    assert [tuple(row.values()) for row in rows] == [
        ("SOTEST022A8C13C480", "1979", "ARTEST02187B99BFB1", "311",
         '<a href="http://example.com">Chicago</a>', 35.0, -80.5, 215.0, 1995, 1),
        ("SOTEST012A6D4FA1E1", 'Hoppípolla "Live", Pt. 1/2', "ARTEST01187B994AB7", "Sigur Rós",
         None, None, None, 391.0, 0, 1),
    ]  # fmt: skip
