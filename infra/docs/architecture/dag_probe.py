"""Builds the DAG of a data set as Airflow does, and writes what it is made of as JSON.

    python -P -m infra.docs.architecture.dag_probe DATASET RESULT

A process of its own: Airflow is configured by its variables.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from lake.dag import build_dags

from infra.docs.architecture.dag import Step, Steps


def main(data_set: str, result: Path) -> None:
    """Write the document that `infra.docs.architecture.dag` reads."""
    dag, *_ = build_dags(data_set)
    result.write_text(steps(dag).model_dump_json(), encoding="utf-8")


def steps(dag: DAG) -> Steps:
    """The tasks in the order in which they may run, and the assets before and after them."""
    return Steps(
        dag_id=dag.dag_id,
        started_by=tuple(sorted(_names(getattr(dag.timetable, "asset_condition", None)))),
        steps=tuple(_step(task) for task in dag.topological_sort()),  # type: ignore[no-untyped-call]
    )


def _step(task: Any) -> Step:
    operator = task.operator_class if isinstance(task, MappedOperator) else type(task)
    arguments = task.partial_kwargs if isinstance(task, MappedOperator) else vars(task)
    called = getattr(task, "python_callable", None) or arguments.get("python_callable", operator)
    rule = TriggerRule(task.trigger_rule)
    return Step(
        id=task.task_id,
        what=inspect.cleandoc(called.__doc__ or "").partition("\n")[0],
        mapped=isinstance(task, MappedOperator),
        runs_when="" if rule is TriggerRule.ALL_SUCCESS else rule.value,
        then=tuple(sorted(task.downstream_task_ids)),
        outlets=tuple(sorted(each.name for each in task.outlets if isinstance(each, Asset))),
    )


def _names(condition: Any) -> Iterator[str]:
    if isinstance(condition, Asset):
        yield condition.name
    for one in getattr(condition, "objects", ()):
        yield from _names(one)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
