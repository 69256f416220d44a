"""Small files become few, at any time, and the rows stay the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from lake.pipeline.maintain import maintain

from .conftest import GOOD, ONE_BAD, Declare, Pipeline, ledger, quarantined, rows, visible
from .seam import Killed, Seam
from .test_kills import FORMATS, World, one_thread

__all__ = ["one_thread"]

type Land = Callable[[str, str], str]


def load_days(pipeline: Pipeline, land: Land, days: int) -> None:
    for day in range(days):
        land(
            f"{day}.txt",
            f"20240104A{day:03}01050\n20240104B{day:03}xxxxx\n20240104C{day:03}00001\n",
        )
        pipeline.run(f"run-{day}")


def test_small_parts_of_a_partition_become_one(pipeline: Pipeline, land: Land) -> None:
    load_days(pipeline, land, 3)
    before = rows(pipeline.lake), len(quarantined(pipeline.lake))
    assert len(visible(pipeline.lake, pipeline.lake.rows)) == 3

    done = maintain(lake=pipeline.lake, run_id="upkeep-1")

    assert done["merged"] == 6
    assert len(visible(pipeline.lake, pipeline.lake.rows)) == 1
    assert (rows(pipeline.lake), len(quarantined(pipeline.lake))) == before
    assert ledger(pipeline.lake)[-1]["kind"] == "maintenance"


def test_where_nothing_is_small_nothing_changes(pipeline: Pipeline, land: Land) -> None:
    load_days(pipeline, land, 2)
    maintain(lake=pipeline.lake, run_id="upkeep-1")
    change = pipeline.lake.log.applied()

    assert maintain(lake=pipeline.lake, run_id="upkeep-2")["merged"] == 0
    assert pipeline.lake.log.applied() == change


def test_a_table_that_was_never_loaded_is_maintained_too(pipeline: Pipeline) -> None:
    assert maintain(lake=pipeline.lake, run_id="upkeep-1") == {"merged": 0, "deleted": 0}


@pytest.mark.parametrize("format_", FORMATS)
def test_a_load_in_the_middle_of_the_upkeep_and_the_other_way_round_lose_nothing(
    declare: Declare, format_: str
) -> None:
    world = World(declare(target=f"{{format: {format_}}}"))
    for day in range(3):
        world.land(f"{day}.txt", ONE_BAD.replace("20240104", f"2024010{day + 4}"))
        world.land(f"x{day}.txt", f"2024010{day + 4}X{day:03}01050\n")
        world.process().run(f"run-{day}")
    world.land("a.txt", GOOD)
    world.land("x0.txt", "20240104Y00001050\n")
    undisturbed, seam = world.copy(), Seam()
    maintain(lake=undisturbed.process(seam).lake, run_id="upkeep")
    undisturbed.process().run("run-9")
    left = undisturbed.left()

    for at in range(0, seam.count, 2):
        overtaken = world.copy()
        other = overtaken.process()
        maintain(
            lake=overtaken.process(Seam(at=at, do=lambda other=other: other.run("run-9"))).lake,  # type: ignore[misc]
            run_id="upkeep",
        )
        assert overtaken.left() == left, f"overtaken before write {at}"

        killed = world.copy()
        with suppress(Killed):
            maintain(lake=killed.process(Seam(at=at)).lake, run_id="upkeep")
        killed.process().run("run-9")
        assert killed.left() == left, f"killed before write {at}"
