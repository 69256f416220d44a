"""What a run says of its table: the days that changed, and nothing where none did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lake.pipeline.announce import TableChange, table_change
from lake.pipeline.audit import audit
from lake.pipeline.documents import Plan
from lake.pipeline.maintain import maintain
from lake.pipeline.publish import publish
from lake.pipeline.selection import Landed, OfArchive, Selection

from .conftest import GARBAGE, GOOD, OTHER_DAY, Declare, Pipeline

type Land = Callable[[str, str], str]

FORMATS = ("iceberg", "parquet")
MOVED = "20240105AAAA01050\n"
"""Another content under an old key, of another day."""


def change_of(
    pipeline: Pipeline, run_id: str, selection: Selection | None = None
) -> TableChange | None:
    """What a whole run announces."""
    made = pipeline.plan(run_id, selection)
    pipeline.convert(made)
    pipeline.finish(made)
    return table_change(lake=pipeline.lake, plan=made)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_days_whose_rows_came_or_went_are_named(
    pipeline: Pipeline, declare: Declare, land: Land, format_: str
) -> None:
    of_format = pipeline.of(declare(target=f"{{format: {format_}}}"))
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)
    assert change_of(of_format, "run-1") == TableChange(days=("2024-01-02", "2024-01-03"))

    land("a.txt", MOVED)

    assert change_of(of_format, "run-2") == TableChange(days=("2024-01-02", "2024-01-05"))


def test_nothing_is_said_where_the_table_is_as_it_was(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    change_of(pipeline, "run-1")

    land("a.txt", GOOD)
    assert change_of(pipeline, "run-2") is None
    land("garbage.txt", GARBAGE)
    assert change_of(pipeline, "run-3") is None
    assert change_of(pipeline, "backfill-1", OfArchive()) is None


@pytest.mark.parametrize("write", ["upsert", "overwrite_partitions"])
def test_what_is_replaced_is_named_as_the_data_set_writes(
    pipeline: Pipeline, declare: Declare, land: Land, write: str
) -> None:
    of_write = pipeline.of(declare(target=f"{{write: {write}}}"))
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)
    change_of(of_write, "run-1")

    land("c.txt", "20240102AAAA02000\n")

    assert change_of(of_write, "run-2") == TableChange(days=("2024-01-02",))


def test_a_table_without_a_partition_of_type_date_has_no_days(
    pipeline: Pipeline, declare: Declare, land: Land
) -> None:
    by_paper = pipeline.of(declare(("partitions: [day]", "partitions: [paper]")))
    land("a.txt", GOOD)

    assert change_of(by_paper, "run-1") == TableChange(days=None)


def test_the_change_is_said_where_its_publication_was_killed_and_tried_again(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    audit(lake=pipeline.lake, plan=made)
    publish(lake=pipeline.lake, plan=made)

    again = publish(lake=pipeline.lake, plan=made)

    assert again.change is None
    assert table_change(lake=pipeline.lake, plan=made) == TableChange(days=("2024-01-02",))


def test_what_a_run_published_and_did_not_come_to_say_the_next_one_says(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    killed = pipeline.plan("run-1")
    pipeline.convert(killed)
    audit(lake=pipeline.lake, plan=killed)
    publish(lake=pipeline.lake, plan=killed)

    assert change_of(pipeline, "run-2") == TableChange(days=("2024-01-02",))
    assert change_of(pipeline, "run-3") is None


def test_changes_of_others_meanwhile_are_theirs_to_say(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    mine: Plan = pipeline.plan("run-1")
    pipeline.convert(mine)
    land("b.txt", OTHER_DAY)
    pipeline.run("run-2", Landed("b"))
    pipeline.finish(mine)

    maintain(lake=pipeline.lake, run_id="maintenance-1")

    assert table_change(lake=pipeline.lake, plan=mine) == TableChange(days=("2024-01-02",))
