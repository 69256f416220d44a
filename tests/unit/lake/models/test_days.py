"""Which days a run of the models computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.models.days import WrongDays, between, changed, every_day, in_statements
from lake.models.graph import Graph
from lake.targets.athena import AthenaTarget

from tests.unit.lake.models.test_graph import HEAD, Files

BY_DAY = HEAD + "  - {name: day, type: date, description: Day}\nby_day: day\n"
SELECT = "SELECT item, day FROM shop_sales WHERE day IN (:days)"


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    files = Files(tmp_path)
    prices = files.data_sets / "shop" / "prices.yaml"
    files.write(prices, files.data_sets.joinpath("shop/sales.yaml").read_text().split("part")[0])
    select = SELECT.replace(" WHERE", " JOIN shop_prices USING (item) WHERE")
    select = select.replace("day IN", "shop_sales.day IN").replace(
        "item, day", "item, shop_sales.day"
    )
    files.model("shop/priced", select, BY_DAY + "rebuild_when_changed: [shop_prices]\n")
    files.model("shop/items", SELECT, BY_DAY)
    return files.graph()


def test_days_by_hand_are_all_from_the_first_to_the_last() -> None:
    assert between("2024-02-28", "2024-03-01") == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert between("2024-02-28", None) == ["2024-02-28"]
    assert between(None, None) is None


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2024-03-02", "2024-03-01", "from_day 2024-03-02 is after to_day 2024-03-01"),
        (None, "2024-03-01", "from_day is missing and to_day is 2024-03-01"),
        ("1 March", None, "from_day is 1 March and to_day is missing; expected days such as"),
    ],
)
def test_days_that_cannot_be_are_refused(first: str | None, last: str, message: str) -> None:
    with pytest.raises(WrongDays, match=message):
        between(first, last)


def test_the_days_that_tables_announced_are_computed_once(graph: Graph) -> None:
    published = [("shop_sales", ["2024-01-02", "2024-01-01"]), ("shop_sales", ["2024-01-02"])]
    assert changed(graph, "shop", published) == ["2024-01-01", "2024-01-02"]


def test_every_day_is_computed_where_a_model_asks_for_it(graph: Graph) -> None:
    assert changed(graph, "shop", [("shop_prices", None), ("shop_sales", ["2024-01-01"])]) is None
    assert changed(graph, "shop", [("shop_other", None)]) == []


def test_every_day_is_that_of_sources_and_models(graph: Graph, target: AthenaTarget) -> None:
    assert every_day(graph, "shop", models=target, data_sets=target) == []
    node = graph.nodes["shop_items"]
    target.ensure(node.model.definition)
    target.execute(
        "INSERT INTO shop_items VALUES ('a', DATE '2024-01-03'), ('b', DATE '2024-01-01')"
    )
    assert every_day(graph, "shop", models=target, data_sets=target) == ["2024-01-01", "2024-01-03"]


def test_no_statement_writes_more_partitions_than_athena_takes() -> None:
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    parts = list(in_statements(reversed(days)))
    assert [day for part in parts for day in part] == days
    assert max(map(len, parts)) == 90
