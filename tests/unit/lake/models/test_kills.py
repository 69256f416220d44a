"""Whatever a task of the models was about when it was killed, its next try makes it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

from lake.models.audit import audit
from lake.models.graph import Graph, Node
from lake.models.quality import check_model
from lake.models.statements import days_in_sql, load
from lake.pipeline.athena import Row
from lake.targets import TableDefinition, Target

from tests.music_truth import MusicTruth
from tests.unit.lake.models.music import days_of
from tests.unit.lake.models.star import Star

Task = Callable[[Target], object]


class Killed(BaseException):
    """The process ended here; nothing of it catches this."""


class Mortal:
    """A target whose process is killed when one of its statements is done.

    Before that statement it is as after the one before.
    """

    def __init__(self, target: Target, *, after: int) -> None:
        self._target, self._after = target, after
        self._statements = count()

    @property
    def name(self) -> str:
        return self._target.name

    def _run(self, call: Callable[[], Any]) -> Any:
        answer = call()
        if next(self._statements) == self._after:
            raise Killed
        return answer

    def query(self, sql: str) -> list[Row]:
        found: list[Row] = self._run(lambda: self._target.query(sql))
        return found

    def execute(self, sql: str) -> None:
        self._run(lambda: self._target.execute(sql))

    def native(self, sql: str) -> str:
        return self._target.native(sql)

    def columns(self, table: str) -> Mapping[str, str] | None:
        return self._target.columns(table)

    def ensure(self, table: TableDefinition) -> None:
        self._run(lambda: self._target.ensure(table))


def killed_everywhere(task: Task, target: Target) -> int:
    """Try a task until a try ends, each killed a little later; gives how many were killed."""
    for tries in count():
        try:
            task(Mortal(target, after=tries))
        except Killed:
            continue
        return tries
    raise AssertionError("never ended")


def tasks(graph: Graph, days: list[str]) -> Iterator[Task]:
    """Those of a run, in their order."""
    nodes = graph.of("music")
    yield from (partial(make, node) for node in nodes)
    for node in nodes:
        yield partial(_load, node, days)
        yield partial(check, node, graph, days)


def make(node: Node, target: Target) -> None:
    target.ensure(node.model.definition)


def _load(node: Node, days: list[str], target: Target) -> None:
    by_day = days_in_sql(days) if node.model.by_day else None
    target.execute(load(node.model, node.query, days=by_day))


def check(node: Node, graph: Graph, days: list[str], target: Target) -> None:
    audit(node, graph, target=target, days=days, dag_id="music_models", run_id="r")
    check_model(node.model, target=target, days=days, run_id="r")


def test_every_task_may_be_killed_at_every_statement(star: Star, truth: MusicTruth) -> None:
    star.stage(truth)
    days = days_of(truth)[:1]

    killed = [killed_everywhere(task, star.target) for task in tasks(star.graph, days)]

    assert all(killed)
    assert max(killed) >= 4, "checks are several statements"
    star.compute(days_of(truth)[1:])
    assert star.is_as(truth)
    assert each_is_counted_once(star.target)


def each_is_counted_once(target: Target) -> bool:
    """Whether no row of the audit and of the checks' results is there twice, and some are."""
    for table, key in (
        ("model_audit", "dag_id, run_id, step, relation, role, day"),
        ("quality_results", "table_name, check_name, day, run_id"),
    ):
        counted = f"SELECT {key}, count(*) AS n FROM {table} GROUP BY {key} HAVING count(*) > 1"
        assert target.query(counted) == [], f"{table} has what it has once"
        assert target.query(f"SELECT 1 AS one FROM {table} LIMIT 1")
    return True
