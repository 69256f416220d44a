"""Tables as Athena makes them: Iceberg, with Parquet.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
"""

from __future__ import annotations

from collections.abc import Iterable

from lake.dataset.column import Column
from lake.targets.table import TableDefinition

KEPT_SNAPSHOTS = 10
"""The last ones, however old: one that a run reads may be of long ago, and no longer be current."""


def create_table(table: TableDefinition, *, bucket: str) -> str:
    """Make the table, if it is not there."""
    columns = ",\n  ".join(
        f"`{column.name}` {column.glue_type} COMMENT {quoted(column.description)}"
        for column in table.columns
    )
    partitioned = ", ".join(map(_partition, table.partitioning))
    return (
        f"CREATE TABLE IF NOT EXISTS `{table.name}` (\n  {columns}\n)\n"
        f"COMMENT {quoted(table.description)}\n"
        + (f"PARTITIONED BY ({partitioned})\n" if partitioned else "")
        + f"LOCATION {quoted(f's3://{bucket}/{table.folder}')}\n"
        "TBLPROPERTIES ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='zstd', "
        f"'vacuum_min_snapshots_to_keep'='{KEPT_SNAPSHOTS}')"
    )


def add_columns(table: TableDefinition, columns: Iterable[Column]) -> str:
    """Add columns to the table."""
    added = ", ".join(f"`{column.name}` {column.glue_type}" for column in columns)
    return f"ALTER TABLE `{table.name}` ADD COLUMNS ({added})"


def quoted(text: str) -> str:
    """A text literal on one line."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _partition(text: str) -> str:
    """`month(day)` with its column quoted."""
    function, bracket, rest = text.rpartition("(")
    return f"{function}(`{rest[:-1]}`)" if bracket else f"`{text}`"
