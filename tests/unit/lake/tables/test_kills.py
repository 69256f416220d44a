"""A change that is killed at any request, before or after it took effect, and applied again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import pytest
from lake.tables import Change, Warehouse
from lake.tables.iceberg import IcebergTable

from tests.unit.lake.tables.conftest import FORMATS, Declare
from tests.unit.lake.tables.readers import Row
from tests.unit.lake.tables.staged import MONDAY, TUESDAY, Lake, trade


class Killed(Exception):
    """The end of a process, as far as the lake's own code can tell."""


class Calls:
    """Counts the requests of a warehouse's clients, and kills at one of them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.seen = 0
        self._kill_at: tuple[str, int] | None = None
        self._lock = Lock()
        for client in (warehouse.s3, warehouse.glue):
            client.meta.events.register("before-call", self._before)
            client.meta.events.register("after-call", self._after)

    def kill(self, when: str, number: int, do: Callable[[], object]) -> bool:
        """Do it, and kill it `before` or `after` its request of this number; whether it had one."""
        self.seen, self._kill_at = 0, (when, number)
        try:
            do()
        except Exception as error:  # what the libraries between may make of it
            assert isinstance(error, Killed) or isinstance(error.__context__, Killed)
        self._kill_at = None
        return self.seen >= number

    def _before(self, context: dict[str, Any], **_: Any) -> None:
        with self._lock:
            self.seen += 1
            context["number"] = self.seen
        self._kill("before", context)

    def _after(self, context: dict[str, Any], **_: Any) -> None:
        self._kill("after", context)

    def _kill(self, when: str, context: dict[str, Any]) -> None:
        if self._kill_at == (when, context.get("number")):
            raise Killed


@pytest.fixture(params=FORMATS)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_that_is_killed_anywhere_shows_old_or_new_rows_and_ends_the_same(
    warehouse: Warehouse, declare: Declare, target: str, when: str
) -> None:
    lake = Lake(warehouse, declare(target=FORMATS[target]))
    if isinstance(lake.table, IcebergTable):  # few manifests, so that a change has few requests
        with lake.table.load().transaction() as transaction:
            transaction.set_properties({"commit.manifest.min-count-to-merge": "2"})
    calls = Calls(warehouse)
    lake.load("0", [trade(MONDAY, "AAAA", "0.00", "s0")])
    lake.load("stays", [STAYS])
    old = lake.rows()
    for number in range(1, 100):
        monday, tuesday = (
            trade(day, "AAAA", f"{number}.00", f"s{number}") for day in (MONDAY, TUESDAY)
        )
        change = Change(
            number=number + 2,
            run_id=f"r{number}",
            add=(lake.stage(f"m{number}", [monday]), lake.stage(f"t{number}", [tuesday])),
            remove=tuple(p.key for p in lake.table.parts() if p.last_source_key != "t"),
        )
        new = [monday, STAYS, tuesday]
        killed = calls.kill(when, number, partial(lake.table.apply, change))
        sees(target, lake.rows(), old, new)
        lake.table.apply(change)
        old = new
        if not killed:
            break
    assert lake.rows() == new
    assert lake.table.applied() == change.number
    assert number > 5, "every request of a change was tried"


STAYS = trade(MONDAY, "ZZZZ", "0.00", "t")


def sees(target: str, rows: list[Row], old: list[Row], new: list[Row]) -> None:
    """What the format promises to a reader."""
    if target == "iceberg":
        assert rows in (old, new)
    elif target == "parquet":
        for day in (MONDAY, TUESDAY):
            assert of(day, rows) in (of(day, old), of(day, new))
    else:
        assert all(row in old or row in new for row in rows)
        assert all(row in rows for row in new) or all(row in rows for row in old)


def of(day: object, rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["day"] == day]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_evolution_that_is_killed_anywhere_ends_the_same(
    warehouse: Warehouse, declare: Declare, target: str, when: str
) -> None:
    plain = {"day": "date", "paper": "string", "price": "decimal(9,2)?"}
    calls = Calls(warehouse)
    lake = Lake(warehouse, declare(plain, target=FORMATS[target]))
    lake.load("0", [trade(MONDAY, "AAAA"), trade(MONDAY, "BBBB")])
    lake.load("1", [trade(TUESDAY, "AAAA")])
    rows = lake.rows()
    for number in range(1, 100):
        columns = {**plain, f"c{number}": "int?"}
        data_set = declare(columns, target=FORMATS[target])
        killed = calls.kill(when, number, partial(Lake, warehouse, data_set))
        lake = Lake(warehouse, data_set)
        assert lake.rows() == [{**row, f"c{number}": None} for row in rows]
        if not killed:
            break
    assert number > 3, "every request of an evolution was tried"
