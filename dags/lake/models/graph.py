"""All models of the lake and what they need: the order in which they are computed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from lake.dataset import DataSet, find_data_sets, load_data_set
from lake.dataset.errors import DataSetError, Problem
from lake.models.file import find_models, load_model
from lake.models.model import Model
from lake.models.query import Query


@dataclass(frozen=True)
class Node:
    """A model in the graph."""

    model: Model
    query: Query
    path: Path

    @property
    def table(self) -> str:
        """The table's name in the environment's database."""
        return self.model.table_name

    @property
    def needs(self) -> frozenset[str]:
        """The tables that its query reads, and those that its checks compare it with."""
        checks = self.model.checks
        compared = {check.table for check in checks.references}
        return self.query.reads | compared | {check.table for check in checks.totals}


@dataclass(frozen=True)
class Graph:
    """The models by table, and the data sets that they may read besides."""

    nodes: Mapping[str, Node]
    data_sets: Mapping[str, DataSet]

    @classmethod
    def load(cls, *, models: Path, data_sets: Path, domain: str | None = None) -> Graph:
        """Read every model file; or those of a domain, and those of others that they read.

        Raises:
            DataSetError: a file is wrong, a table is made by two files, a model reads a table that
                nothing makes, or models read each other in a circle.
        """
        model_paths = {_table(path): path for path in find_models(models)}
        set_paths = {_table(path): path for path in find_data_sets(data_sets)}
        wanted = {t for t, path in model_paths.items() if domain in (None, path.parent.name)}
        nodes = {
            table: Node(*load_model(path), path)
            for table, path in model_paths.items()
            if table in wanted
        }
        read = {table for node in nodes.values() for table in node.needs}
        for table in sorted((read & set(model_paths)) - wanted):
            nodes[table] = Node(*load_model(model_paths[table]), model_paths[table])
        graph = cls(nodes, {t: load_data_set(set_paths[t]) for t in sorted(read & set(set_paths))})
        graph._check(models=set(model_paths), data_sets=set(set_paths))
        return graph

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The models' tables, each after those that it needs."""
        return tuple(table for table in self._sorter().static_order() if table in self.nodes)

    def of(self, domain: str) -> tuple[Node, ...]:
        """The models of a domain, each after those that it needs."""
        nodes = (self.nodes[table] for table in self.order)
        return tuple(node for node in nodes if node.model.domain == domain)

    def sources(self, domain: str) -> tuple[str, ...]:
        """What the models of a domain need that is made elsewhere, sorted."""
        read = {table for node in self.of(domain) for table in node.needs}
        return tuple(sorted(read - {node.table for node in self.of(domain)}))

    def day_column(self, table: str) -> str | None:
        """The column that a table is loaded by: a model's `by_day`, a data set's date partition."""
        if node := self.nodes.get(table):
            return node.model.by_day
        dates = [c.name for c in self.data_sets[table].partition_columns if c.kind == "date"]
        return dates[0] if dates else None

    def _sorter(self) -> TopologicalSorter[str]:
        return TopologicalSorter({table: node.needs for table, node in self.nodes.items()})

    def _check(self, *, models: Collection[str], data_sets: Collection[str]) -> None:
        for table, node in self.nodes.items():
            if table in data_sets:
                message = f"the table {table} is made by a data set file too"
                raise DataSetError(node.path, [Problem("", message)])
            if problems := list(_unknown(node, {*models, *data_sets})):
                raise DataSetError(node.path, problems)
        try:
            self._sorter().prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            path = self.nodes[circle[0]].path
            message = f"models read each other in a circle: {' <- '.join(circle)}"
            raise DataSetError(path, [Problem("the SELECT", message)]) from None


def _unknown(node: Node, known: Collection[str]) -> Iterator[Problem]:
    for table in sorted(node.needs - set(known)):
        near = difflib.get_close_matches(table, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"reads {table}, which no data set and no model makes{hint}"
        yield Problem("the SELECT", message)


def _table(path: Path) -> str:
    return f"{path.parent.name}_{path.stem}"
