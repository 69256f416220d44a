"""The assets of the models' tables: one for each target that has the table."""

from __future__ import annotations

from airflow.sdk import Asset
from lake.assets import table_asset
from lake.models.graph import Graph
from lake.settings import TargetName


def model_asset(table: str, target: TargetName) -> Asset:
    """A model's table on a target; Athena's is the lake's own."""
    return table_asset(table if target == "athena" else f"{table}@{target}")


def read_asset(table: str, graph: Graph, target: TargetName) -> Asset:
    """What a model reads, where it reads it: data sets are tables of the lake alone."""
    return model_asset(table, "athena" if table in graph.data_sets else target)
