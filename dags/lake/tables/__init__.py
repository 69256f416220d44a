"""The tables of the lake: Iceberg, or plain Parquet in Hive partitions, and how they change.

    warehouse = Warehouse.connect(bucket=curated_bucket, database=database)
    table = lake_table(data_set, warehouse=warehouse, which="rows")
    field_ids = table.ensure()
    changes = changes_for(table, add=parts, replaced_source_keys=keys, staging=prefix)
    table.apply(Change(number=n, run_id=run, add=changes.add, remove=changes.remove))

A change is computed against the table as it stands (`changes.changes_for`,
`changes.without_rejects`, `compaction.compaction`: new objects go below the `staging` prefix, where
no reader looks), is then committed by the caller under the next free number, and applied. Where
another took the number, apply that one and compute again. Compaction is a change like every other:
what a committed change removes must still be there when it is applied.

No Airflow in here; pyarrow and pyiceberg are imported where they are used.
"""

from lake.dataset import DataSet
from lake.tables.documents import Change, Document, Part, PartChanges, RejectedRow
from lake.tables.schema import table_schema
from lake.tables.table import (
    ChangeRefused,
    IncompatibleSchema,
    LakeTable,
    Warehouse,
    Which,
)


def lake_table(data_set: DataSet, *, warehouse: Warehouse, which: Which = "rows") -> LakeTable:
    """A data set's table, in the format that its `target` names."""
    schema = table_schema(data_set, which)
    if data_set.target.format == "iceberg":
        from lake.tables.iceberg import IcebergTable  # noqa: PLC0415  # 25 MB, wanted in tasks alone

        return IcebergTable(schema, warehouse)
    from lake.tables.hive import HiveTable  # noqa: PLC0415  # as above

    return HiveTable(schema, warehouse)


__all__ = [
    "Change",
    "ChangeRefused",
    "Document",
    "IncompatibleSchema",
    "LakeTable",
    "Part",
    "PartChanges",
    "RejectedRow",
    "Warehouse",
    "Which",
    "lake_table",
]
