"""Killed at any of its writes, or overtaken at any of its calls, a run leaves the same lake.

A kill at a read leaves what a kill at the write before it leaves, so every write in turn is every
state that a process can leave behind.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from lake.dataset import DataSet
from lake.pipeline import store
from lake.pipeline.documents import Kind, LandedFile
from lake.pipeline.lake import Lake
from lake.pipeline.selection import Landed, Selection

from .conftest import (
    GARBAGE,
    GOOD,
    ONE_BAD,
    OTHER_DAY,
    Declare,
    Pipeline,
    ledger,
    make_lake,
    quarantined,
    rows,
)
from .memory_glue import MemoryGlue
from .memory_s3 import MemoryS3
from .seam import READS, WRITES, Killed, Seam

FORMATS = ("iceberg", "parquet")


class World:
    """All that survives a process: an object of each service."""

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set
        self.s3, self.glue = MemoryS3(), MemoryGlue()

    def copy(self) -> World:
        made = World(self.data_set)
        made.s3.objects = {key: list(versions) for key, versions in self.s3.objects.items()}
        made.s3.numbers = iter(range(10_000, 1 << 30))
        made.glue.tables = copy.deepcopy(self.glue.tables)
        made.glue.partitions = copy.deepcopy(self.glue.partitions)
        return made

    def process(self, seam: Seam | None = None) -> Pipeline:
        """A process that sees it, through a seam or as it is."""
        seam = seam or Seam()
        return Pipeline(make_lake(self.data_set, seam.wrap(self.s3), seam.wrap(self.glue)))

    def land(self, name: str, text: str) -> None:
        self.s3.put_object(Bucket="landing", Key=f"market/trades/{name}", Body=text.encode())

    def left(self) -> dict[str, Any]:
        """What a person finds in the lake, without the names of runs."""
        lake = self.process().lake
        keys = [f"market/trades/{name}.txt" for name in "abcdefg"]
        entries = lake.index.entries(keys).values()
        changes = [row for row in ledger(lake) if row["change"] is not None]
        files = [row for row in ledger(lake, "files") if row["state"] == "loaded"]
        totals = ("files", "bytes", "records", "rows", "quarantined")
        return {
            "rows": rows(lake),
            "quarantine": [(r["source_key"], r["line_number"]) for r in quarantined(lake)],
            "index": sorted((e.sha256, e.rows, e.quarantined) for e in entries),
            "ledger": {name: sum(row[name] for row in changes) for name in totals},
            "ledger of files": sorted((row["key"], row["sha256"]) for row in files),
            "landing": self.s3.keys("landing"),
            "columns": [len(table["StorageDescriptor"]["Columns"]) for table in self._tables()],
        }

    def _tables(self) -> Iterator[dict[str, Any]]:
        for _, table in sorted(self.glue.tables.items()):
            yield table


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """So that the n-th write is the same each time."""
    patch = pytest.MonkeyPatch()
    patch.setattr(store, "THREADS", 1)
    yield
    patch.undo()


@pytest.fixture(params=FORMATS)
def world(request: pytest.FixtureRequest, declare: Declare) -> World:
    """Two files are loaded, and five landed: new, replaced, a bad record, bad, conflicting."""
    made = World(declare(("ratio: 0.4", "ratio: 0.5"), target=f"{{format: {request.param}}}"))
    made.land("a.txt", GOOD)
    made.land("b.txt", OTHER_DAY + "20240103BBBBxxxxx\n")
    made.process().run("earlier")
    made.land("a.txt", GOOD.replace("BBBB", "CCCC"))
    made.land("c.txt", ONE_BAD)
    made.land("d.txt", GARBAGE)
    made.land("e.txt", OTHER_DAY)
    made.land("f.txt", "20240105AAAA01050\n")
    return made


def expected(world: World) -> tuple[dict[str, Any], int]:
    """What a run leaves that nobody disturbs, and how many writes it takes."""
    undisturbed, seam = world.copy(), Seam()
    undisturbed.process(seam).run("run-1")
    return undisturbed.left(), seam.count


def test_the_undisturbed_run_is_what_the_files_say(world: World) -> None:
    left, _ = expected(world)

    assert left["rows"] == [
        ("2024-01-02", "AAAA", "10.50", "a.txt"),
        ("2024-01-02", "CCCC", "0.99", "a.txt"),
        ("2024-01-03", "AAAA", "11.00", "b.txt"),
        ("2024-01-04", "AAAA", "10.50", "c.txt"),
        ("2024-01-04", "BBBB", "0.99", "c.txt"),
        ("2024-01-05", "AAAA", "10.50", "f.txt"),
    ]
    assert left["quarantine"] == [("market/trades/b.txt", 2), ("market/trades/c.txt", 3)]
    assert left["ledger"] == {
        "files": 5, "bytes": 36 + 36 + 36 + 54 + 18, "records": 10, "rows": 8, "quarantined": 2,
    }  # fmt: skip
    assert [key for key in left["landing"] if not key.startswith("_archive/")] == [
        "market/trades/d.txt",
        "market/trades/e.txt",
    ]


def test_killed_at_any_write_and_followed_by_another_run_the_lake_is_the_same(
    world: World,
) -> None:
    left, writes = expected(world)

    for at in range(writes):
        killed = world.copy()
        with suppress(Killed):
            killed.process(Seam(at=at)).run("run-1")
        killed.process().run("run-2")
        assert killed.left() == left, f"killed before write {at} of {writes}"


def test_killed_at_any_write_and_tried_again_from_there_the_lake_is_the_same(
    world: World,
) -> None:
    left, writes = expected(world)

    # Every second write of a plain table: its stages are those of an Iceberg one.
    for at in range(0, writes, 1 if world.data_set.target.format == "iceberg" else 2):
        killed = world.copy()
        run_with_retries(killed, Seam(at=at))
        assert killed.left() == left, f"killed before write {at} of {writes}"


def run_with_retries(world: World, *seams: Seam) -> None:
    """A run of which each task that is killed is tried again, in another process."""
    processes = [*(world.process(seam) for seam in seams), world.process()]

    def until_done(task: Any) -> Any:
        while True:
            try:
                return task(processes[0])
            except Killed:
                processes.pop(0)

    made = until_done(lambda process: process.plan("run-1"))
    for number in range(len(processes[-1].stages(made))):
        until_done(lambda process, number=number: process.stages(made)[number]())


def test_killed_twice_the_lake_is_the_same(world: World) -> None:
    left, writes = expected(world)

    for at in range(0, writes, 5):
        for again in range(at % 3, writes, 11):
            killed = world.copy()
            run_with_retries(killed, Seam(at=at), Seam(at=again))
            assert killed.left() == left, f"killed before writes {at} and {again}"


@dataclass(frozen=True)
class Only:
    """One landed file: what a run takes that planned before the others landed, or after."""

    name: str
    kind: Kind = "load"
    replay_key: str = ""

    def files(self, lake: Lake) -> Iterator[LandedFile]:
        return (file for file in Landed().files(lake) if file.name == self.name)


@pytest.mark.parametrize("selection", [Landed(), Only("g.txt")])
def test_overtaken_at_any_call_by_a_run_of_the_same_files_or_another_the_lake_is_the_same(
    world: World, selection: Selection
) -> None:
    ahead, seam = world.copy(), Seam(calls=WRITES | READS)
    world.copy().process(seam).run("run-1")

    def overtake(overtaken: World) -> None:
        overtaken.land("g.txt", "20240108AAAA01050\n")
        overtaken.process().run("other", selection)

    overtake(ahead)
    ahead.process().run("run-1")
    left = ahead.left()
    for at in range(0, seam.count, 6):
        overtaken = world.copy()
        first = Seam(calls=WRITES | READS, at=at, do=partial(overtake, overtaken))
        overtaken.process(first).run("run-1")
        overtaken.process().run("run-2")
        assert overtaken.left() == left, f"overtaken before call {at} of {seam.count}"
