"""Quarantined records converted again: as they are, mended, and by whoever comes first."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from lake.dataset import DataSet
from lake.pipeline.quarantined import record_id
from lake.pipeline.selection import Replay

from .conftest import ONE_BAD, Declare, Pipeline, ledger, quarantined, rows
from .memory_s3 import MemoryS3
from .seam import Killed, Seam
from .test_kills import FORMATS, World, one_thread

__all__ = ["one_thread"]

type Land = Callable[[str, str], str]

ORDER = "_replays/market/trades/1.json"
WIDER = ("13, width: 5", "13, width: 5, missing: [xxxxx], nullable: true")
"""A data set file by which the bad record of ONE_BAD is good."""
REPLAYED = ("2024-01-04", "CCCC", "None", "a.txt")


def order(s3: MemoryS3, **document: object) -> None:
    s3.put_object(Bucket="landing", Key=ORDER, Body=json.dumps(document).encode())


def test_a_mended_data_set_file_takes_the_quarantined_records_in(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    mended = pipeline.of(declare(WIDER))
    order(s3)

    published = mended.run("replay-1", Replay(ORDER))

    assert [(file.key, file.rows) for file in published.files] == [("market/trades/a.txt", 1)]
    assert len(rows(mended.lake)) == 3
    assert REPLAYED in rows(mended.lake)
    assert quarantined(mended.lake) == []
    assert ORDER not in s3.keys("landing")
    assert [(run["kind"], run["rows"]) for run in ledger(mended.lake)] == [
        ("load", 2),
        ("replay", 1),
    ]


def test_a_record_that_is_still_bad_stays_as_it_was(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    before = quarantined(pipeline.lake)
    order(s3)

    published = pipeline.run("replay-1", Replay(ORDER))

    assert (published.change, published.files) == (None, ())
    assert quarantined(pipeline.lake) == before


def test_mended_records_become_rows_and_the_others_stay(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    land("b.txt", ONE_BAD.replace("20240104", "20240105"))
    pipeline.run("run-1")
    first, second = quarantined(pipeline.lake)
    order(
        s3,
        mended={record_id(first): "20240104CCCC00700", record_id(second): "still bad", "no": "x"},
    )

    pipeline.run("replay-1", Replay(ORDER))

    assert ("2024-01-04", "CCCC", "7.00", "a.txt") in rows(pipeline.lake)
    assert quarantined(pipeline.lake) == [second]


def test_a_replay_may_be_of_one_file(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    key = land("b.txt", ONE_BAD.replace("20240104", "20240105"))
    pipeline.run("run-1")
    mended = pipeline.of(declare(WIDER))
    order(s3, source_key=key)

    mended.run("replay-1", Replay(ORDER))

    assert [record["source_key"] for record in quarantined(mended.lake)] == ["market/trades/a.txt"]


def test_a_mended_record_whose_keys_the_table_has_stays_in_the_quarantine(
    pipeline: Pipeline, land: Land, s3: MemoryS3
) -> None:
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    (record,) = quarantined(pipeline.lake)
    order(s3, mended={record_id(record): "20240104AAAA00700"})

    pipeline.run("replay-1", Replay(ORDER))

    assert len(rows(pipeline.lake)) == 2
    assert quarantined(pipeline.lake) == [record]


def test_of_overwritten_partitions_a_replay_takes_nothing_away(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3
) -> None:
    mended = pipeline.of(declare(WIDER, target="{write: overwrite_partitions}"))
    pipeline.of(declare(target="{write: overwrite_partitions}"))
    land("a.txt", ONE_BAD)
    pipeline.run("run-1")
    order(s3)

    mended.run("replay-1", Replay(ORDER))

    assert len(rows(mended.lake)) == 3


@pytest.mark.parametrize("layout", ["by_name", "by_position"])
def test_delimited_records_are_read_below_the_header_of_their_file(
    pipeline: Pipeline, declare: Declare, land: Land, s3: MemoryS3, layout: str
) -> None:
    delimited = pipeline.of(declare_delimited(declare, layout))
    header = "price,day,paper\n" if layout == "by_name" else "day,paper,price\n"
    lines = ["1.50,2024-01-04,AAAA", "x,2024-01-04,CCCC"]
    if layout == "by_position":
        lines = ["2024-01-04,AAAA,1.50", "2024-01-04,CCCC,x"]
    land("a.csv", header + "\n".join(lines) + "\n")
    delimited.run("run-1")
    (record,) = quarantined(delimited.lake)
    order(s3, mended={record_id(record): lines[1].replace("x", "7.25")})

    delimited.run("replay-1", Replay(ORDER))

    assert [row[:3] for row in rows(delimited.lake)] == [
        ("2024-01-04", "AAAA", "1.50"),
        ("2024-01-04", "CCCC", "7.25"),
    ]
    assert quarantined(delimited.lake) == []


def declare_delimited(declare: Declare, header: str) -> DataSet:
    return declare(
        ("{format: fixed_width, record_length: 17}", f"{{format: delimited, header: {header}}}"),
        (", format: YYYYMMDD, position: 1, width: 8", ""),
        (", position: 9, width: 4", ""),
        (", position: 13, width: 5", ""),
        ("max_bad_ratio: 0.4", "max_bad_ratio: 0.5"),
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_killed_at_any_write_or_overtaken_by_itself_a_replay_takes_each_record_in_once(
    declare: Declare, format_: str
) -> None:
    world = World(declare(target=f"{{format: {format_}}}"))
    world.land("a.txt", ONE_BAD)
    world.process().run("run-1")
    world.data_set = declare(WIDER, target=f"{{format: {format_}}}")
    order(world.s3)
    undisturbed, seam = world.copy(), Seam()
    undisturbed.process(seam).run("replay-1", Replay(ORDER))
    left = undisturbed.left()
    assert REPLAYED in left["rows"]

    for at in range(seam.count):
        killed = world.copy()
        with suppress(Killed):
            killed.process(Seam(at=at)).run("replay-1", Replay(ORDER))
        killed.process().run("replay-1", Replay(ORDER))
        assert killed.left() == left, f"killed before write {at}"

        overtaken = world.copy()
        other = overtaken.process()
        run_first = lambda other=other: other.run("replay-2", Replay(ORDER))  # noqa: E731
        overtaken.process(Seam(at=at, do=run_first)).run("replay-1", Replay(ORDER))
        assert overtaken.left() == left, f"overtaken before write {at}"
