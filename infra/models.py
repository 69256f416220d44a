"""The models, read before anything is deployed: one that is wrong ends the synthesis."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lake.dataset import DataSetError
from lake.dataset.errors import Problem
from lake.models.graph import Graph
from lake.models.statements import days_in_sql, replace
from lake.targets.redshift_sql import for_redshift
from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift

ANY_DAY = days_in_sql(["2000-01-01"])


def read_models(dags: Path, *, targets: Collection[str]) -> Graph:
    """The models below a folder of DAGs, for the targets of an environment.

    Raises:
        DataSetError: a model file is wrong, reads what nobody makes, reads itself by way of others,
            or says what a target lacks.
    """
    graph = Graph.load(models=dags / "models", data_sets=dags / "datasets")
    if "redshift" in targets:
        for node in graph.nodes.values():
            try:
                for statement in replace(
                    node.model, node.query, days=ANY_DAY if node.model.by_day else None
                ):
                    for_redshift(statement)
            except UnsupportedByRedshift as error:
                raise DataSetError(node.path, [Problem("the SELECT", str(error))]) from None
    return graph
