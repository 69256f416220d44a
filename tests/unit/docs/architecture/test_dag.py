"""A DAG is drawn as its tasks depend on each other."""

from __future__ import annotations

import pytest

from infra.docs.architecture.dag import DagError, Step, Steps, drawn, steps_of
from infra.docs.architecture.flowchart import Arrow


def step(id: str, *then: str, **more: object) -> Step:
    known: dict[str, object] = {"mapped": False, "runs_when": "", "outlets": (), "what": ""}
    return Step.model_validate({**known, "id": id, "then": then, **more})


DAG = Steps(
    dag_id="sales_orders",
    started_by=("sales_orders_files",),
    steps=(
        step("plan", "convert", "report", what="Which files are new."),
        step("convert", "report", mapped=True),
        step("report", runs_when="none_failed_min_one_success", outlets=("sales_orders",)),
    ),
)


def test_a_task_has_an_arrow_to_each_that_waits_for_it() -> None:
    arrows = drawn(DAG).arrows

    assert [(each.source, each.target) for each in arrows if not each.dotted] == [
        ("plan", "convert"),
        ("plan", "report"),
        ("convert", "report"),
    ]


def test_assets_start_the_first_task_and_change_with_the_last() -> None:
    assert [each for each in drawn(DAG).arrows if each.dotted] == [
        Arrow(source="asset_sales_orders_files", target="plan", dotted=True),
        Arrow(source="report", target="asset_sales_orders", dotted=True),
    ]


def test_a_box_says_what_a_task_does_whether_it_is_mapped_and_when_it_runs() -> None:
    plan, convert, report = drawn(DAG).all_nodes[2:]

    assert plan.lines == ("plan", "Which files are new.")
    assert convert.shape == "several"
    assert report.lines == ("report", "(none failed min one success)")


def test_the_dag_of_a_data_set_is_that_of_its_builder() -> None:
    dag = steps_of("retail/orders")

    assert dag.dag_id == "retail_orders"
    assert dag.started_by == ("retail_orders_files",)
    assert [each.id for each in dag.steps][:4] == ["plan", "convert", "audit", "publish"]
    assert [each.id for each in dag.steps if each.mapped] == ["convert", "archive_or_delete"]
    [announce] = [each for each in dag.steps if each.outlets]
    assert (announce.id, announce.outlets) == ("announce", ("retail_orders",))
    assert all(each.what for each in dag.steps)


def test_a_dag_that_cannot_be_built_says_why() -> None:
    with pytest.raises(DagError, match="no_such"):
        steps_of("retail/no_such")
