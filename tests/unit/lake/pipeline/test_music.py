"""The music service's files become the tables that they should, a day a run, in any order."""

from __future__ import annotations

import datetime
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lake.dataset import load_data_set
from lake.pipeline.lake import Lake

from infra.samples.music import log_file, make_songs, write_logs, write_songs
from tests.music_truth import MusicTruth

from .conftest import Pipeline, make_lake, quarantined, read, visible
from .memory_glue import MemoryGlue
from .memory_s3 import MemoryS3

DATA_SETS = Path(__file__).resolve().parents[4] / "dags" / "datasets" / "music"
FIRST_DAY = datetime.date(2018, 11, 29)


@pytest.fixture
def lake(request: pytest.FixtureRequest, s3: MemoryS3, glue: MemoryGlue) -> Lake:
    return make_lake(load_data_set(DATA_SETS / f"{request.param}.yaml"), s3, glue)


def land(lake: Lake, folder: Path, paths: Sequence[Path]) -> None:
    """With the names that the files have below a folder."""
    for path in paths:
        key = f"{lake.data_set.source_prefix}{path.relative_to(folder)}"
        assert lake.data_set.accepts(key)
        lake.store.s3.put_object(Bucket="landing", Key=key, Body=path.read_bytes())


def table(lake: Lake) -> Counter[str]:
    """The rows, in no order, without the files that they came from."""
    found = read(lake, visible(lake, lake.rows))
    return Counter(repr(_without_source(row)) for row in found)


def _without_source(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "source_key"}


@pytest.mark.parametrize("lake", ["event_logs"], indirect=True)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_days_may_land_in_any_order_and_again(
    lake: Lake, pipeline: Pipeline, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """What is late is of the day on which it happened; the same file again changes nothing."""
    truths = list(
        write_logs(tmp_path, first_day=FIRST_DAY, days=3, plays=400, users=40, songs=make_songs(40))
    )
    expected = MusicTruth(logs=tmp_path, songs=[]).table("music_event_logs").records()
    for run, number in enumerate([*order, order[0]]):
        land(lake, tmp_path, [truths[number].path])
        pipeline.run(f"run-{run}")
    assert table(lake) == Counter(map(repr, expected))
    assert quarantined(lake) == []
    days = {part.partition["day"] for part in lake.rows.parts()}
    assert days == {str(FIRST_DAY + datetime.timedelta(number)) for number in range(3)}


@pytest.mark.parametrize("lake", ["event_logs"], indirect=True)
def test_a_log_that_was_cut_is_loaded_up_to_its_last_whole_line(
    lake: Lake, pipeline: Pipeline, tmp_path: Path
) -> None:
    """What is left of the next is in the quarantine; the whole file replaces all of it."""
    [truth] = write_logs(
        tmp_path, first_day=FIRST_DAY, days=1, plays=400, users=40, songs=make_songs(40)
    )
    content = truth.path.read_bytes()
    truth.path.write_bytes(content[: len(content) // 2])
    land(lake, tmp_path, [truth.path])
    pipeline.run("run-1")
    expected = MusicTruth(logs=tmp_path, songs=[]).table("music_event_logs").records()
    assert table(lake) == Counter(map(repr, expected))
    assert len(quarantined(lake)) == 1
    truth.path.write_bytes(content)
    land(lake, tmp_path, [truth.path])
    pipeline.run("run-2")
    assert sum(table(lake).values()) == truth.lines
    assert quarantined(lake) == []


@pytest.mark.parametrize("lake", ["event_logs"], indirect=True)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2018-11-29-events.json", "1 of 15 records are bad (JSON is malformed: it ends too early"),
        ("2018-11-29-events.json.gz", "its gzip compression is damaged or cut off"),
    ],
)
def test_a_log_of_which_too_much_is_missing_stays_where_it_landed(
    lake: Lake, pipeline: Pipeline, tmp_path: Path, name: str, reason: str
) -> None:
    """A short one, of which half a line is more than a hundredth, or one that is compressed."""
    [truth] = write_logs(
        tmp_path, first_day=FIRST_DAY, days=1, plays=20, users=10, songs=make_songs(40)
    )
    content = truth.path.read_bytes()
    content = gzip.compress(content) if name.endswith(".gz") else content
    key = f"{lake.data_set.source_prefix}{name}"
    s3 = lake.store.s3
    s3.put_object(Bucket="landing", Key=key, Body=content[: len(content) // 2])

    published = pipeline.run("run-1")
    [refused] = [file for file in published.files if file.state == "refused"]
    assert refused.key == key
    assert reason in refused.reason
    assert table(lake) == Counter()
    assert s3.get_object(Bucket="landing", Key=key)

    s3.put_object(Bucket="landing", Key=key, Body=content)
    pipeline.run("run-2")
    assert sum(table(lake).values()) == truth.lines


@pytest.mark.parametrize("lake", ["event_logs"], indirect=True)
def test_an_unknown_field_of_a_log_leaves_its_rows_as_they_are(
    lake: Lake, pipeline: Pipeline, tmp_path: Path
) -> None:
    """The check `schema_drift` of the data set says that it came."""
    [truth] = write_logs(
        tmp_path, first_day=FIRST_DAY, days=1, plays=40, users=10, songs=make_songs(40)
    )
    expected = MusicTruth(logs=tmp_path, songs=[]).table("music_event_logs").records()
    events = [json.loads(line) for line in truth.path.read_text().splitlines()]
    truth.path.write_text(
        "".join(json.dumps(event | {"device": {"kind": "tv"}}) + "\n" for event in events)
    )
    land(lake, tmp_path, [truth.path])
    pipeline.run("run-1")

    assert table(lake) == Counter(map(repr, expected))
    assert quarantined(lake) == []
    assert lake.data_set.checks.schema_drift is not None


@pytest.mark.parametrize("lake", ["song_metadata"], indirect=True)
def test_the_document_that_lands_last_is_the_songs(
    lake: Lake, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Whatever its file is called."""
    songs = make_songs(40)
    land(lake, tmp_path / "1", write_songs(tmp_path / "1", songs))
    pipeline.run("run-1")
    assert table(lake) == Counter(
        map(repr, MusicTruth(logs=[], songs=tmp_path / "1").table("music_song_metadata").records())
    )
    changed = [replace(songs[7], title="Another", track_id="TRAAA000000000000A")]
    land(lake, tmp_path / "2", write_songs(tmp_path / "2", changed))
    pipeline.run("run-2")
    expected = MusicTruth(logs=[], songs=tmp_path).table("music_song_metadata").records()
    assert sorted(row["title"] for row in expected).count("Another") == 1
    assert table(lake) == Counter(map(repr, expected))


def test_files_of_days_are_files_of_the_data_set() -> None:
    """By their names, compressed or not."""
    logs = load_data_set(DATA_SETS / "event_logs.yaml")
    for name in (log_file(FIRST_DAY), f"{log_file(FIRST_DAY)}.gz", "events.json", "a.jsonl"):
        assert logs.accepts(f"music/event_logs/{name}")
