"""The audit table: rows by step of each run."""

from __future__ import annotations

from pathlib import Path

from lake.models.audit import audit
from lake.targets import TableDefinition
from lake.targets.athena import AthenaTarget

from tests.unit.lake.models.test_days import BY_DAY, SELECT
from tests.unit.lake.models.test_graph import HEAD, Files
from tests.unit.lake.models.test_statements import FIRST, SECOND, SOURCE, THIRD

COUNTS = "SELECT step, relation, role, day, row_count FROM model_audit ORDER BY 1, 2, 3, 4"


def _prepared(target: AthenaTarget, *definitions: TableDefinition) -> None:
    for definition in (SOURCE, *definitions):
        target.ensure(definition)
    target.execute(
        f"INSERT INTO shop_sales VALUES (DATE '{FIRST}', 'a', 1), (DATE '{FIRST}', 'b', 1), "
        f"(DATE '{SECOND}', 'a', 1), (DATE '{THIRD}', 'a', 1)"
    )


def test_each_day_of_what_was_read_and_written_is_counted_once(
    tmp_path: Path, target: AthenaTarget
) -> None:
    files = Files(tmp_path)
    files.model("shop/items", SELECT, BY_DAY)
    graph = files.graph()
    node = graph.nodes["shop_items"]
    _prepared(target, node.model.definition)
    target.execute(f"INSERT INTO shop_items VALUES ('a', DATE '{FIRST}')")

    for _ in range(2):
        audit(node, graph, target=target, days=[FIRST, SECOND], dag_id="d", run_id="it's one")

    assert [tuple(row.values()) for row in target.query(COUNTS)] == [
        ("shop_items", "shop_items", "written", FIRST, "1"),
        ("shop_items", "shop_sales", "read", FIRST, "2"),
        ("shop_items", "shop_sales", "read", SECOND, "1"),
    ]


def test_a_table_that_is_computed_whole_is_counted_whole(
    tmp_path: Path, target: AthenaTarget
) -> None:
    files = Files(tmp_path)
    files.model("shop/items", "SELECT item FROM shop_sales", HEAD)
    graph = files.graph()
    node = graph.nodes["shop_items"]
    _prepared(target, node.model.definition)

    audit(node, graph, target=target, days=[FIRST], dag_id="d", run_id="r")

    assert [tuple(row.values()) for row in target.query(COUNTS)] == [
        ("shop_items", "shop_items", "written", None, "0"),
        ("shop_items", "shop_sales", "read", None, "4"),
    ]
