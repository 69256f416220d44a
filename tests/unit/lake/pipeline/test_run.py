"""The stages one after the other, as the DAG runs them, and every way to run them again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lake.pipeline.audit import AuditFailed, audit
from lake.pipeline.check import CheckFailed, check
from lake.pipeline.publish import PartsMissing, publish

from .conftest import (
    GARBAGE,
    GOOD,
    ONE_BAD,
    OTHER_DAY,
    Declare,
    Pipeline,
    ledger,
    quarantined,
    rows,
)
from .memory_s3 import MemoryS3

type Land = Callable[[str, str], str]

A = [("2024-01-02", "AAAA", "10.50", "a.txt"), ("2024-01-02", "BBBB", "0.99", "a.txt")]
B = [("2024-01-03", "AAAA", "11.00", "b.txt")]


def test_files_become_rows_of_the_table_and_move_to_the_archive(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-1")

    assert rows(pipeline.lake) == A + B
    assert [(f.key, f.state, f.rows) for f in published.files] == [
        ("market/trades/a.txt", "loaded", 2),
        ("market/trades/b.txt", "loaded", 1),
    ]
    assert s3.keys("landing") == ["_archive/market/trades/a.txt", "_archive/market/trades/b.txt"]


def test_originals_are_deleted_where_the_data_set_says_so(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)

    pipeline.of(declare(("run:", "originals: {keep: delete}\nrun:"))).run("run-1")

    assert s3.keys("landing") == []


def test_a_bad_record_is_in_the_quarantine_with_its_place_and_reason(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", ONE_BAD)

    pipeline.run("run-1")

    (record,) = quarantined(pipeline.lake)
    assert record["source_key"] == "market/trades/a.txt"
    assert (record["line_number"], record["byte_offset"]) == (3, 36)
    assert (record["reason"], record["column_name"]) == ("not_a_number", "price")
    assert (record["raw"], record["run_id"]) == ("20240104CCCCxxxxx", "run-1")
    assert len(rows(pipeline.lake)) == 2


@pytest.mark.parametrize("format_", ["iceberg", "parquet"])
def test_a_run_without_bad_records_leaves_the_quarantine_as_it_is(
    pipeline: Pipeline, declare: Declare, land: Land, format_: str
) -> None:
    of_format = pipeline.of(declare(target=f"{{format: {format_}}}"))
    land("a.txt", ONE_BAD)
    of_format.run("run-1")
    land("b.txt", OTHER_DAY)

    of_format.run("run-2")

    assert len(quarantined(of_format.lake)) == 1
    assert len(rows(of_format.lake)) == 3


def test_a_refused_file_stays_and_leaves_the_others_untouched(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    bad = land("bad.txt", GARBAGE)
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-1")

    assert rows(pipeline.lake) == A + B
    assert quarantined(pipeline.lake) == []
    (refused,) = [file for file in published.files if file.state == "refused"]
    assert refused.key == bad
    assert "no record of the layout" in refused.reason
    assert bad in s3.keys("landing")


def test_after_it_is_mended_the_next_run_loads_just_the_refused_file(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    land("b.txt", GARBAGE)
    pipeline.run("run-1")
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-2")

    assert [(f.file.name, f.state) for f in published.files] == [("b.txt", "loaded")]
    assert rows(pipeline.lake) == A + B


def test_the_same_content_again_changes_nothing_and_is_taken_away(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    before = rows(pipeline.lake), quarantined(pipeline.lake), pipeline.lake.log.applied()
    key = land("a.txt", ONE_BAD)

    published = pipeline.run("run-2")

    assert [f.state for f in published.files] == ["unchanged"]
    assert before == (rows(pipeline.lake), quarantined(pipeline.lake), 1)
    assert key not in s3.keys("landing")


def test_new_content_under_an_old_key_replaces_rows_and_quarantine(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", ONE_BAD)
    land("b.txt", OTHER_DAY)
    pipeline.run("run-1")
    land("a.txt", GOOD)

    pipeline.run("run-2")

    assert rows(pipeline.lake) == A + B
    assert quarantined(pipeline.lake) == []


def test_a_refused_replacement_keeps_what_the_earlier_content_gave(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    land("a.txt", GARBAGE)

    pipeline.run("run-2")

    assert rows(pipeline.lake) == A


def test_what_was_loaded_and_not_taken_away_is_taken_away_by_the_next_run(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    audit(lake=pipeline.lake, plan=made)
    publish(lake=pipeline.lake, plan=made)

    again = pipeline.plan("run-2")
    assert [file.name for file in again.loaded] == ["a.txt"]
    assert again.labels == ("nothing new",), "Airflow would skip what comes after a map of nothing"
    pipeline.convert(again)
    pipeline.finish(again)

    assert rows(pipeline.lake) == A
    assert s3.keys("landing") == ["_archive/market/trades/a.txt"]


def test_an_upload_after_the_plan_survives_and_is_loaded_next(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    key = land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    land("a.txt", OTHER_DAY)
    pipeline.finish(made)

    assert key in s3.keys("landing")
    pipeline.run("run-2")

    assert rows(pipeline.lake) == [("2024-01-03", "AAAA", "11.00", "a.txt")]


def test_a_file_whose_keys_the_table_has_from_another_is_refused_by_its_name(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    land("copy.txt", GOOD)
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-2")

    reasons = {file.file.name: file.reason for file in published.files}
    assert reasons == {
        "b.txt": "",
        "copy.txt": "its keys (day, paper) are in the table from market/trades/a.txt",
    }
    assert rows(pipeline.lake) == A + B


def test_of_two_files_with_the_same_keys_in_one_run_the_first_is_loaded(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    land("c.txt", GOOD)
    land("twice.txt", OTHER_DAY * 2)
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-1")

    assert {f.file.name: f.reason for f in published.files if f.state == "refused"} == {
        "c.txt": "its keys (day, paper) are those of rows from market/trades/a.txt",
        "twice.txt": "it has several rows of the same keys (day, paper)",
    }
    assert rows(pipeline.lake) == A + B


def test_two_files_may_swap_their_rows_in_one_run(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)
    pipeline.run("run-1")
    land("a.txt", OTHER_DAY)
    land("b.txt", GOOD)

    pipeline.run("run-2")

    assert [(row[0], row[3]) for row in rows(pipeline.lake)] == [
        ("2024-01-02", "b.txt"),
        ("2024-01-02", "b.txt"),
        ("2024-01-03", "a.txt"),
    ]


def test_an_upsert_keeps_the_row_of_the_file_that_landed_last(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    upsert = pipeline.of(declare(target="{write: upsert}"))
    land("a.txt", GOOD)
    upsert.run("run-1")
    land("z.txt", "20240102AAAA02000\n")
    land("y.txt", "20240102AAAA03000\n")

    upsert.run("run-2")

    assert rows(upsert.lake) == [("2024-01-02", "AAAA", "30.00", "y.txt"), A[1]]
    assert upsert.run("run-3").files == ()


def test_overwritten_partitions_hold_the_runs_rows_alone(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    overwriting = pipeline.of(declare(target="{write: overwrite_partitions}"))
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)
    overwriting.run("run-1")
    land("new.txt", "20240102CCCC02000\n")

    overwriting.run("run-2")

    assert rows(overwriting.lake) == [("2024-01-02", "CCCC", "20.00", "new.txt"), *B]


def test_a_mended_data_set_file_makes_the_same_content_give_other_rows(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    land("a.txt", GOOD)

    pipeline.of(declare(("decimal(5,2)", "decimal(6,2)"), ("13, width: 5", "13, width: 4"))).run(
        "run-2"
    )

    assert [row[2] for row in rows(pipeline.lake)] == ["1.05", "0.09"]


def test_a_run_that_is_cleared_and_run_again_changes_nothing(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", ONE_BAD)
    land("b.txt", OTHER_DAY)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    pipeline.finish(made)
    before = rows(pipeline.lake), quarantined(pipeline.lake), ledger(pipeline.lake)

    pipeline.convert(made)
    pipeline.finish(made)
    pipeline.run("run-1")

    assert before == (rows(pipeline.lake), quarantined(pipeline.lake), ledger(pipeline.lake))


def test_a_file_of_a_conversion_that_never_ended_is_left_for_the_next_run(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.finish(made)

    assert rows(pipeline.lake) == []
    pipeline.run("run-2")

    assert rows(pipeline.lake) == A


def test_an_object_that_lost_rows_fails_the_audit(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    (part,) = s3.keys("curated", f"{pipeline.lake.rows.prefix}data/")
    s3.delete_object(Bucket="curated", Key=part)

    with pytest.raises(AuditFailed, match=r"a\.txt: 2 rows were converted, Athena reads 0"):
        audit(lake=pipeline.lake, plan=made)


def test_a_run_whose_objects_were_cleaned_away_commits_nothing(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    audit(lake=pipeline.lake, plan=made)
    (part,) = s3.keys("curated", f"{pipeline.lake.rows.prefix}data/")
    s3.delete_object(Bucket="curated", Key=part)

    with pytest.raises(PartsMissing, match="clear the run"):
        publish(lake=pipeline.lake, plan=made)

    assert pipeline.lake.log.read(1) is None


def test_a_table_that_lost_rows_fails_the_check_and_nothing_is_taken_away(
    pipeline: Pipeline, land: Land, s3: MemoryS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    audit(lake=pipeline.lake, plan=made)
    publish(lake=pipeline.lake, plan=made)
    monkeypatch.setattr(type(pipeline.lake.athena), "query", lambda _self, _sql: [])

    with pytest.raises(CheckFailed, match=r"a\.txt: 2 rows were published, Athena reads 0"):
        check(lake=pipeline.lake, plan=made)

    assert key in s3.keys("landing")


def test_a_large_file_is_converted_in_ranges_to_the_same_rows_and_line_numbers(
    pipeline: Pipeline, land: Land, s3: MemoryS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake.pipeline.packing.RANGE_BYTES", 100)
    lines = [f"202401{day:02}A{n:03}{n:05}\n" for day in (2, 3) for n in range(20)]
    lines[5] = lines[5].replace("00005", "xxxxx")
    lines[33] = "short\n"
    land("large.txt", "".join(lines))
    land("small.txt", "20240104AAAA01050\n")

    made = pipeline.plan("run-1")
    pipeline.convert(made)
    published = pipeline.finish(made)

    large = published.files[0]
    assert (large.records, large.rows, large.quarantined) == (40, 38, 2)
    assert len(rows(pipeline.lake)) == 39
    assert [record["line_number"] for record in quarantined(pipeline.lake)] == [6, 34]

    s3.copy_object(
        Bucket="landing",
        Key="market/trades/large.txt",
        CopySource={"Bucket": "landing", "Key": "_archive/market/trades/large.txt"},
    )
    assert [file.state for file in pipeline.run("run-2").files] == ["unchanged"]


def test_a_large_file_with_a_range_too_many_bad_records_is_refused_whole(
    pipeline: Pipeline, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake.pipeline.packing.RANGE_BYTES", 100)
    land("large.txt", "".join(f"202401{day:02}AAAA01050\n" for day in range(1, 11)) + GARBAGE * 6)
    land("small.txt", GOOD)

    published = pipeline.run("run-1")

    assert [(f.file.name, f.state) for f in published.files] == [
        ("large.txt", "refused"),
        ("small.txt", "loaded"),
    ]
    assert {row[3] for row in rows(pipeline.lake)} == {"small.txt"}
    assert quarantined(pipeline.lake) == []


def test_the_ledger_says_what_each_run_did(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", ONE_BAD)
    land("bad.txt", GARBAGE)
    pipeline.run("run-1")
    pipeline.run("run-2")

    first, second = ledger(pipeline.lake)
    assert (first["run_id"], first["data_set"], first["kind"]) == ("run-1", "market/trades", "load")
    assert (first["change"], first["files"], first["files_refused"]) == (1, 1, 1)
    assert (first["records"], first["rows"], first["quarantined"]) == (3, 2, 1)
    assert first["bytes"] == len(ONE_BAD)
    assert first["seconds"] == (first["ended_at"] - first["started_at"]).total_seconds() > 0
    assert (second["run_id"], second["change"], second["files"]) == ("run-2", None, 0)
    files = ledger(pipeline.lake, "files")
    assert [(f["run_id"], f["key"].rpartition("/")[2], f["state"]) for f in files] == [
        ("run-1", "a.txt", "loaded"),
        ("run-1", "bad.txt", "refused"),
        ("run-2", "bad.txt", "refused"),
    ]
    assert all(f["reason"] for f in files if f["state"] == "refused")
