"""Before a run of the models: every table that it reads or writes is there."""

from __future__ import annotations

from lake.models.graph import Graph
from lake.models.staging import staged_table
from lake.settings import LakeSettings
from lake.tables import Warehouse, lake_table
from lake.targets import Target


def prepare_tables(graph: Graph, domain: str, *, target: Target, settings: LakeSettings) -> None:
    """Make the tables of a domain's models, and empty ones of what they read and nobody made yet.

    What they read of the lake is there in Athena, and on another target too.

    Raises:
        lake.targets.TableDiffers: a table cannot become what its model declares.
        lake.tables.table.IncompatibleSchema: so for a data set's table.
    """
    warehouse = Warehouse.connect(bucket=settings.curated_bucket, database=settings.database)
    for table in graph.sources(domain):
        if data_set := graph.data_sets.get(table):
            lake_table(data_set, warehouse=warehouse, which="rows").ensure()
            if target.name != "athena":
                target.ensure(staged_table(data_set))
        else:
            target.ensure(graph.nodes[table].model.definition)
    for node in graph.of(domain):
        target.ensure(node.model.definition)
