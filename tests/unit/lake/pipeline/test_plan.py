"""What a run is about, and how little of it goes through XComs."""

from __future__ import annotations

import bz2
import json
from collections.abc import Callable
from datetime import date

import pytest
from lake.pipeline.audit import audit
from lake.pipeline.check import check
from lake.pipeline.documents import Batch, Plan
from lake.pipeline.plan import plan
from lake.pipeline.publish import publish
from lake.pipeline.selection import Landed, OfArchive, OfDays

from .conftest import GOOD, OTHER_DAY, Declare, Pipeline, rows
from .memory_s3 import MemoryS3

type Land = Callable[[str, str], str]

FILES = 10_000


def planned(pipeline: Pipeline, made: Plan) -> list[str]:
    """The names of the files that the plan's batches have, in order."""
    places = pipeline.lake.places.run(made.run_id)
    batches = [
        pipeline.lake.store.require(places.batch(made.attempt, number), Batch)
        for number in range(len(made.labels))
    ]
    return [each.file.name for batch in batches for each in batch.ranges]


def test_a_folder_marker_and_what_does_not_match_the_pattern_are_left_alone(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    land("", "")
    land("a.csv", GOOD)
    land("a.txt", GOOD)

    texts = pipeline.of(declare(("run:", 'source: {pattern: "*.txt"}\nrun:')))

    assert planned(texts, texts.plan("run-1")) == ["a.txt"]


def test_a_run_that_is_planned_again_writes_its_documents_elsewhere(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)

    assert pipeline.plan("run-1").attempt != pipeline.plan("run-1").attempt


def test_what_a_killed_run_committed_is_applied_by_the_next_plan(
    pipeline: Pipeline, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    audit(lake=pipeline.lake, plan=made)
    with monkeypatch.context() as patched:
        patched.setattr("lake.pipeline.publish.roll_forward", lambda lake: lake.log.applied())
        publish(lake=pipeline.lake, plan=made)
    assert rows(pipeline.lake) == []

    pipeline.plan("run-2")

    assert len(rows(pipeline.lake)) == 2


def test_a_compressed_file_is_not_cut_however_large(
    pipeline: Pipeline, s3: MemoryS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake.pipeline.packing.RANGE_BYTES", 20)
    body = bz2.compress((GOOD + OTHER_DAY).encode())
    assert len(body) > 60
    s3.put_object(Bucket="landing", Key="market/trades/a.bz2", Body=body)

    published = pipeline.run("run-1")

    assert [(file.file.name, file.rows) for file in published.files] == [("a.bz2", 3)]


def test_the_files_of_a_day_are_found_by_their_keys_in_the_archive_and_where_they_land(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    dated = pipeline.of(
        declare(
            (
                "run:",
                'source: {file_date: {pattern: "_(\\\\d{8})", format: YYYYMMDD}}\nrun:',
            )
        )
    )
    land("a_20240102.txt", GOOD)
    land("b_20240103.txt", OTHER_DAY)
    dated.run("run-1")
    land("c_20240102.txt", "20240102CCCC01050\n")
    land("undated.txt", "20240109CCCC01050\n")

    made = dated.plan("backfill-1", OfDays(date(2024, 1, 2), date(2024, 1, 2)))

    assert planned(dated, made) == ["a_20240102.txt", "c_20240102.txt"]


def test_a_run_by_hand_is_about_the_files_of_a_prefix_and_a_pattern(
    pipeline: Pipeline, land: Land
) -> None:
    for name in ("2024/a.txt", "2024/b.csv", "2023/a.txt"):
        land(name, GOOD)

    made = pipeline.plan("run-1", Landed("2024/", "*.txt"))

    assert (planned(pipeline, made), made.files) == (["a.txt"], 1)
    assert pipeline.plan("run-2", Landed("2025/")).files == 0


def test_the_files_of_several_days_are_of_one_backfill(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    named = 'source: {file_date: {pattern: "_(\\\\d{8})", format: YYYYMMDD}}\nrun:'
    dated = pipeline.of(declare(("run:", named)))
    for day in (1, 2, 3, 4):
        land(f"a_2024010{day}.txt", GOOD)

    made = dated.plan("backfill-1", OfDays(date(2024, 1, 2), date(2024, 1, 3)))

    assert planned(dated, made) == ["a_20240102.txt", "a_20240103.txt"]


def test_a_backfill_with_the_same_data_set_file_changes_nothing(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    before = rows(pipeline.lake), s3.keys("landing")

    published = pipeline.run("backfill-1", OfArchive())

    assert [file.state for file in published.files] == ["unchanged"]
    assert before == (rows(pipeline.lake), s3.keys("landing"))


def test_a_backfill_with_a_mended_data_set_file_replaces_the_rows(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)
    pipeline.run("run-1")
    mended = pipeline.of(declare(("position: 13, width: 5", "position: 13, width: 4")))
    published = mended.run("backfill-1", OfArchive(pattern="a*"))

    assert [file.file.name for file in published.files] == ["a.txt"]
    assert [row[2] for row in rows(mended.lake)] == ["1.05", "0.09", "11.00"]
    assert s3.keys("landing") == ["_archive/market/trades/a.txt", "_archive/market/trades/b.txt"]


def test_ten_thousand_files_take_a_few_hundred_bytes_of_xcoms(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    many = pipeline.of(declare(("max_mapped_tasks: 3", "max_mapped_tasks: 32")))
    for number in range(FILES):
        land(f"{number:05}.txt", "")
    made = plan(lake=many.lake, selection=Landed(), run_id="run-1", task_slots=10, most_tasks=1024)
    xcoms = [
        json.dumps([{"number": n, "label": text} for n, text in enumerate(made.labels)]),
        json.dumps(check_of(many, made)),
    ]

    print(f"XComs for {FILES} files: {[len(xcom) for xcom in xcoms]} bytes")
    assert len(planned(many, made)) == FILES
    assert len(made.labels) == 10
    assert sum(len(xcom) for xcom in xcoms) < 1_000


def check_of(pipeline: Pipeline, made: Plan) -> list[int]:
    """What the check gives where an earlier run loaded all of the files."""
    places = pipeline.lake.places.run(made.run_id)
    batches = [
        pipeline.lake.store.require(places.batch(made.attempt, number), Batch)
        for number in range(len(made.labels))
    ]
    files = tuple(each.file for batch in batches for each in batch.ranges)
    loaded = made.model_copy(update={"labels": (), "loaded": files})
    audit(lake=pipeline.lake, plan=loaded)
    publish(lake=pipeline.lake, plan=loaded)
    return check(lake=pipeline.lake, plan=loaded)
