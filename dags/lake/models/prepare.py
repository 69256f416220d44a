"""Before a run of the models: every table that it reads or writes is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lake.models.graph import Graph
from lake.models.staging import staged_table
from lake.settings import LakeSettings
from lake.tables import Warehouse, lake_table
from lake.tables.iceberg import glue_catalog
from lake.targets import Target
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException


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


def source_versions(graph: Graph, domain: str, *, settings: LakeSettings) -> dict[str, int | None]:
    """The current snapshot of each table that a domain's models read and others make.

    A table that is not in Iceberg has none, and is read as it is. So is one that was given columns
    since its last snapshot: a snapshot is read with the columns of its time.
    """
    warehouse = Warehouse.connect(bucket=settings.curated_bucket, database=settings.database)
    names = [(settings.database, table) for table in graph.sources(domain)]
    return dict(versions_of(names, glue_catalog(warehouse)))


def versions_of(
    names: Iterable[tuple[str, str]], catalog: Catalog
) -> Iterator[tuple[str, int | None]]:
    """The current snapshot of each of some tables, by database and name."""
    for name in names:
        try:
            table = catalog.load_table(name)
        except (NoSuchIcebergTableError, NoSuchPropertyException):
            continue
        snapshot = table.current_snapshot()
        if snapshot is None:
            yield name[-1], None
        elif snapshot.schema_id == table.metadata.current_schema_id:
            yield name[-1], snapshot.snapshot_id
