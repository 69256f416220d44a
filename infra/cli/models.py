"""`lake models`: the model files, checked, in the order in which they are computed."""

from __future__ import annotations

from pathlib import Path

from lake.dataset import DataSetError
from lake.models.graph import Graph, Node
from rich.table import Table

from infra.cli.steps import Failed, console
from infra.models import read_models
from infra.settings import EnvironmentSettings


def print_models(dags: Path, *, settings: EnvironmentSettings) -> None:
    """Print each model after those that it needs.

    Raises:
        Failed: one is wrong, or says what a target of the environment lacks.
    """
    try:
        graph = read_models(dags, targets=settings.models_on)
    except DataSetError as error:
        raise Failed(str(error)) from None
    table = Table("table", "computed", "needs", "checks", header_style="bold")
    for name in graph.order:
        table.add_row(*_row(graph, graph.nodes[name]))
    console.print(table)


def _row(graph: Graph, node: Node) -> tuple[str, ...]:
    by_day = node.model.by_day
    known = [*graph.order, *sorted(graph.data_sets)]
    return (
        node.table,
        f"by {by_day}" if by_day else "whole",
        ", ".join(table for table in known if table in node.needs),
        str(len(node.model.checks.declared)),
    )
