"""Tables as Redshift makes them.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
"""

from __future__ import annotations

from collections.abc import Mapping

from lake.dataset.column import Column
from lake.targets.table import TableDefinition

LONGEST_TEXT_BYTES = 65_535
_TYPES = {
    "string": f"VARCHAR({LONGEST_TEXT_BYTES})",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_DECLARED = {
    "character varying": "string",
    "integer": "int",
    "bigint": "bigint",
    "double precision": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
}


class NotInRedshift(ValueError):
    """A table that Redshift cannot have; the text names the column."""


def create_table(table: TableDefinition) -> str:
    """Make the table, if it is not there; it is sorted by what Athena partitions it by."""
    columns = ",\n  ".join(f'"{c.name}" {redshift_type(table, c)}' for c in table.columns)
    sorted_by = [text.partition("(")[2].removesuffix(")") or text for text in table.partitioning]
    sort_key = f" SORTKEY ({', '.join(f'"{name}"' for name in sorted_by)})" if sorted_by else ""
    return f'CREATE TABLE IF NOT EXISTS "{table.name}" (\n  {columns}\n){sort_key}'


def add_column(table: TableDefinition, column: Column) -> str:
    """Add a column to the table."""
    return f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {redshift_type(table, column)}'


def redshift_type(table: TableDefinition, column: Column) -> str:
    """A column's type.

    Raises:
        NotInRedshift: it is an array or a structure.
    """
    if column.kind == "decimal":
        return f"DECIMAL({column.precision},{column.scale})"
    if column.kind not in _TYPES:
        raise NotInRedshift(
            f"{table.name}.{column.name} is of the type {column.type}, which Redshift has not: "
            "leave the table to Athena, or give the values columns of their own"
        )
    return _TYPES[column.kind]


def declared_type(column: Mapping[str, str | None]) -> str:
    """The type of a row of `svv_columns`, as a data set file writes it."""
    name = str(column["data_type"])
    if name == "numeric":
        return f"decimal({column['numeric_precision']},{column['numeric_scale']})"
    return _DECLARED.get(name, name)
