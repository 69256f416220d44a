"""The load of a model: what it does to a table, run by the embedded Athena."""

from __future__ import annotations

import pytest
from lake.dataset import Column
from lake.models.model import Model
from lake.models.query import read_query
from lake.models.statements import days_in_sql, load
from lake.pipeline.athena import QueryFailed
from lake.targets import TableDefinition
from lake.targets.athena import AthenaTarget

FIRST, SECOND, THIRD = "2018-11-01", "2018-11-02", "2018-11-03"

SOURCE = TableDefinition(
    name="shop_sales",
    folder="shop/sales/",
    description="What a model reads",
    columns=(
        Column(name="day", type="date", description="Day"),
        Column(name="item", type="string", nullable=True, description="Item"),
        Column(name="amount", type="bigint", description="Amount"),
    ),
)


def by_day(select: str = "") -> Model:
    select = select or (
        "SELECT day, item, sum(amount) AS total FROM shop_sales WHERE day IN (:days) GROUP BY 1, 2"
    )
    return model(query=select, by_day="day", keys=("item", "day"))


def model(**fields: object) -> Model:
    columns = (
        Column(name="item", type="string", description="Item"),
        Column(name="day", type="date", description="Day"),
        Column(name="total", type="bigint", nullable=True, description="Total"),
    )
    return Model.model_validate(
        {
            "domain": "shop",
            "table": "totals",
            "description": "Totals",
            "owner": "shop",
            "columns": columns,
            **fields,
        }
    )


class Warehouse:
    """A source, a model's table, and the loads of the model."""

    def __init__(self, target: AthenaTarget, model: Model) -> None:
        self.target, self.model = target, model
        target.ensure(SOURCE)
        target.ensure(model.definition)

    def sell(self, *rows: tuple[str, str | None, int]) -> None:
        values = ", ".join(
            f"(DATE '{day}', {f"'{item}'" if item else 'NULL'}, {amount})"
            for day, item, amount in rows
        )
        self.target.execute(f"INSERT INTO shop_sales VALUES {values}")

    def load(self, *days: str) -> None:
        query = read_query(self.model.query)
        self.target.execute(load(self.model, query, days=days_in_sql(days) if days else None))

    def rows(self) -> list[tuple[str | None, ...]]:
        rows = self.target.query("SELECT item, day, total FROM shop_totals ORDER BY 2, 1")
        return [tuple(row.values()) for row in rows]

    def snapshots(self) -> int:
        return int(
            self.target.query('SELECT count(*) AS n FROM "shop_totals$snapshots"')[0]["n"] or 0
        )


@pytest.fixture
def shop(target: AthenaTarget) -> Warehouse:
    return Warehouse(target, by_day())


def test_the_rows_of_a_day_come_to_the_table(shop: Warehouse) -> None:
    shop.sell((FIRST, "a", 1), (FIRST, "a", 2), (SECOND, "a", 4))
    shop.load(FIRST)
    assert shop.rows() == [("a", FIRST, "3")]


def test_days_may_come_in_any_order_and_together(shop: Warehouse) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "a", 2), (THIRD, "b", 3))
    shop.load(THIRD)
    shop.load(FIRST, SECOND)
    assert shop.rows() == [("a", FIRST, "1"), ("a", SECOND, "2"), ("b", THIRD, "3")]


def test_a_day_again_makes_no_snapshot(shop: Warehouse) -> None:
    shop.sell((FIRST, "a", 1))
    shop.load(FIRST)
    before = shop.snapshots()
    shop.load(FIRST)
    assert (shop.snapshots(), shop.rows()) == (before, [("a", FIRST, "1")])


def test_a_load_is_one_snapshot_that_adds_changes_and_deletes(shop: Warehouse) -> None:
    shop.sell((FIRST, "gone", 1), (FIRST, "changed", 1), (FIRST, "same", 1), (SECOND, "gone", 1))
    shop.load(FIRST, SECOND)
    before = shop.snapshots()
    shop.target.execute(f"DELETE FROM shop_sales WHERE item = 'gone' AND day = DATE '{FIRST}'")
    shop.sell((FIRST, "changed", 1), (FIRST, "new", 5))
    shop.load(FIRST)
    assert shop.snapshots() == before + 1
    assert shop.rows() == [
        ("changed", FIRST, "2"),
        ("new", FIRST, "5"),
        ("same", FIRST, "1"),
        ("gone", SECOND, "1"),
    ]


def test_a_day_that_is_empty_now_is_emptied(shop: Warehouse) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "a", 1))
    shop.load(FIRST, SECOND)
    shop.target.execute(f"DELETE FROM shop_sales WHERE day = DATE '{FIRST}'")
    shop.load(FIRST)
    assert shop.rows() == [("a", SECOND, "1")]


def test_a_table_that_is_computed_whole_loses_what_is_gone(target: AthenaTarget) -> None:
    select = "SELECT item, max(day) AS day, sum(amount) AS total FROM shop_sales GROUP BY item"
    shop = Warehouse(target, model(query=select, keys=("item",)))
    shop.sell((FIRST, "a", 1), (SECOND, "a", 2), (SECOND, "b", 3))
    shop.load()
    shop.target.execute("DELETE FROM shop_sales WHERE item = 'b'")
    shop.load()
    assert shop.rows() == [("a", SECOND, "3")]


def test_a_value_that_becomes_null_is_a_change(target: AthenaTarget) -> None:
    select = "SELECT item, day, nullif(sum(amount), 0) AS total FROM shop_sales "
    select += "WHERE day IN (:days) GROUP BY 1, 2"
    shop = Warehouse(target, by_day(select))
    shop.sell((FIRST, "a", 1))
    shop.load(FIRST)
    shop.sell((FIRST, "a", -1))
    shop.load(FIRST)
    assert shop.rows() == [("a", FIRST, None)]
    shop.sell((FIRST, "a", 7))
    shop.load(FIRST)
    assert shop.rows() == [("a", FIRST, "7")]


def test_two_rows_of_a_key_fail_the_load_by_name_and_change_nothing(target: AthenaTarget) -> None:
    select = "SELECT item, day, amount AS total FROM shop_sales WHERE day IN (:days)"
    shop = Warehouse(target, by_day(select))
    shop.sell((FIRST, "a", 1), (FIRST, "b", 1))
    shop.load(FIRST)
    shop.sell((FIRST, "b", 2), (FIRST, "c", 3))
    with pytest.raises(QueryFailed, match=f"shop_totals: two rows of one key: b, {FIRST}"):
        shop.load(FIRST)
    assert shop.rows() == [("a", FIRST, "1"), ("b", FIRST, "1")]


def test_a_row_without_a_key_fails_the_load(shop: Warehouse) -> None:
    shop.sell((FIRST, None, 1))
    with pytest.raises(QueryFailed, match=f"shop_totals: a row without its key: NULL, {FIRST}"):
        shop.load(FIRST)
    assert shop.rows() == []


def test_rows_that_fall_outside_of_the_days_fail_the_load(target: AthenaTarget) -> None:
    select = "SELECT item, day + INTERVAL '1' DAY AS day, amount AS total FROM shop_sales "
    select += "WHERE day IN (:days)"
    shop = Warehouse(target, by_day(select))
    shop.sell((FIRST, "a", 1))
    with pytest.raises(QueryFailed, match=f"shop_totals: a row of another day: a, {SECOND}"):
        shop.load(FIRST)
