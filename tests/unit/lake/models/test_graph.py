"""Model files and the graph of what they read: what is found, and what is refused by file name."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.dataset import DataSetError
from lake.models.graph import Graph

DATA_SET = """\
description: Sales
owner: shop
schedule: null
layout: {format: json, records: lines}
columns:
  - {name: day, type: date, description: Day}
  - {name: item, type: string, description: Item}
partitions: [day]
"""

HEAD = """\
description: Items
owner: shop
keys: [item]
columns:
  - {name: item, type: string, description: Item}
"""


class Files:
    """Data sets and models of a checkout."""

    def __init__(self, root: Path) -> None:
        self.models, self.data_sets = root / "models", root / "datasets"
        self.write(self.data_sets / "shop" / "sales.yaml", DATA_SET)

    @staticmethod
    def write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def model(self, name: str, select: str, head: str = HEAD) -> None:
        self.write(self.models / f"{name}.sql", f"/*\n{head}*/\n{select}\n")

    def graph(self, domain: str | None = None) -> Graph:
        return Graph.load(models=self.models, data_sets=self.data_sets, domain=domain)

    def refusal(self) -> str:
        with pytest.raises(DataSetError) as refused:
            self.graph()
        return str(refused.value)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_models_are_computed_after_what_they_read(files: Files) -> None:
    files.model("shop/a_last", "SELECT item FROM shop_middle")
    files.model("shop/middle", "SELECT item FROM shop_z_first JOIN shop_sales USING (item)")
    files.model("shop/z_first", "SELECT item FROM shop_sales")
    graph = files.graph()
    assert graph.order == ("shop_z_first", "shop_middle", "shop_a_last")
    assert graph.sources("shop") == ("shop_sales",)


def test_a_domain_reads_the_models_of_another(files: Files) -> None:
    files.model("shop/items", "SELECT item FROM shop_sales")
    files.model("finance/items", "SELECT item FROM shop_items")
    graph = files.graph("finance")
    assert [node.table for node in graph.of("finance")] == ["finance_items"]
    assert graph.sources("finance") == ("shop_items",)


def test_a_broken_model_of_another_domain_takes_no_domain_down(files: Files) -> None:
    files.model("shop/items", "SELECT item FROM shop_sales")
    files.model("finance/items", "SELECT")
    assert files.graph("shop").order == ("shop_items",)
    assert "finance/items.sql" in files.refusal()


def test_a_circle_is_refused_and_shown(files: Files) -> None:
    files.model("shop/a", "SELECT item FROM shop_b")
    files.model("shop/b", "SELECT item FROM shop_c")
    files.model("shop/c", "SELECT item FROM shop_a")
    refusal = files.refusal()
    assert "models read each other in a circle: " in refusal
    assert all(f"shop_{name}" in refusal for name in "abc")


def test_a_model_that_reads_itself_is_a_circle(files: Files) -> None:
    files.model("shop/a", "SELECT item FROM shop_a")
    assert "in a circle: shop_a <- shop_a" in files.refusal()


def test_an_unknown_table_is_refused_with_the_nearest_name(files: Files) -> None:
    files.model("shop/items", "SELECT item FROM shop_sale")
    refusal = files.refusal()
    assert "shop/items.sql: the SELECT: reads shop_sale, which no data set and no model" in refusal
    assert "did you mean shop_sales?" in refusal


def test_a_table_is_made_by_one_file(files: Files) -> None:
    files.model("shop/sales", "SELECT item FROM shop_sales")
    assert "the table shop_sales is made by a data set file too" in files.refusal()


def test_the_day_of_a_table_is_that_of_its_model_or_its_date_partition(files: Files) -> None:
    head = HEAD + "  - {name: sold_on, type: date, description: Day}\nby_day: sold_on\n"
    select = "SELECT item, day AS sold_on FROM shop_sales WHERE day IN (:days)"
    files.model("shop/items", select, head)
    files.model("shop/all", "SELECT item FROM shop_items")
    graph = files.graph()
    days = [graph.day_column(table) for table in ("shop_sales", "shop_items", "shop_all")]
    assert days == ["day", "sold_on", None]


@pytest.mark.parametrize(
    ("head", "select", "message"),
    [
        (HEAD, "SELECT name FROM shop_sales", "'item' is a column, and not given by the SELECT"),
        (HEAD, "SELECT item, day FROM shop_sales", "'day' is given by the SELECT, and no column"),
        (HEAD, "SELECT item, item FROM shop_sales", "the SELECT: gives a name twice"),
        (HEAD, "SELECT item FROM shop_sales WHERE day IN (:days)", "by_day: missing"),
        (HEAD + "by_day: item\n", "SELECT item FROM shop_sales", "by_day: item: is no date"),
        (HEAD + "by_day: dau\n", "SELECT item FROM shop_sales", "'dau' is not a column"),
        (HEAD + "colour: red\n", "SELECT item FROM shop_sales", "colour: unknown key"),
        (HEAD + "table: other\n", "SELECT item FROM shop_sales", "table: unknown key"),
        (HEAD.replace("[item]", "[sku]"), "SELECT item FROM shop_sales", "keys[0]: 'sku'"),
        (HEAD.replace("[item]", "[]"), "SELECT item FROM shop_sales", "keys: "),
        (HEAD.replace("string", "text"), "SELECT item FROM shop_sales", "columns[0] (item).type"),
        (HEAD + "partitions: [week(item)]\n", "SELECT item FROM shop_sales", "partitions[0]"),
        (HEAD + "partitions: [day]\n", "SELECT item FROM shop_sales", "partitions[0]: 'day'"),
        (
            HEAD + "rebuild_when_changed: [shop_other]\n",
            "SELECT item FROM shop_sales",
            "rebuild_when_changed: is for tables with `by_day`",
        ),
        ("description: [\n", "SELECT item FROM shop_sales", "line "),
    ],
)
def test_a_head_that_does_not_fit_is_refused_by_key(
    files: Files, head: str, select: str, message: str
) -> None:
    files.model("shop/items", select, head)
    refusal = files.refusal()
    assert "shop/items.sql: " in refusal
    assert message in refusal


def test_a_day_without_its_parameter_is_refused(files: Files) -> None:
    head = HEAD + "  - {name: day, type: date, description: Day}\nby_day: day\n"
    files.model("shop/items", "SELECT item, day FROM shop_sales", head)
    refusal = files.refusal()
    assert "has `by_day`, and does not say which rows belong to the days :days" in refusal
    assert "`WHERE day IN (:days)`" in refusal


def test_a_file_without_a_head_is_refused(files: Files) -> None:
    files.write(files.models / "shop" / "items.sql", "SELECT item FROM shop_sales")
    assert "should begin with its head" in files.refusal()


def test_a_misplaced_file_is_refused(files: Files) -> None:
    files.model("shop/My-Items", "SELECT item FROM shop_sales")
    assert "should be at `<domain>/<table>.sql`" in files.refusal()
