"""ALTER TABLE of Iceberg: columns and properties.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html
and querying-iceberg-alter-table-set-properties.html
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from botocore.exceptions import ClientError
from pyiceberg.exceptions import CommitFailedException, ValidationError
from pyiceberg.table import Table as LoadedTable
from pyiceberg.types import IcebergType, PrimitiveType

from infra.local.athena.catalog import Table, catalog_error
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.tables import failed, read_columns
from infra.local.athena.errors import unsupported
from infra.local.athena.hive_types import parse_glue_type
from infra.local.athena.iceberg.definition import table_properties
from infra.local.athena.iceberg.types import iceberg_type
from infra.local.athena.iceberg.writes.commits import caller_catalog, conflict
from infra.local.athena.journal import Outcome
from infra.local.athena.work import Work


def alter_iceberg_table(work: Work, table: Table, cursor: Cursor) -> Outcome:
    """What follows the table's name.

    Raises:
        QueryError: the change is wrong, or this engine does not make it.
    """
    change = _change(cursor)
    cursor.end()
    try:
        change(caller_catalog(work).load_table((table.database, table.name)))
    except (ValueError, ValidationError) as error:
        raise failed(f"SemanticException {error}") from error
    except CommitFailedException as error:
        raise conflict(table) from error
    except ClientError as error:
        raise catalog_error(error) from error
    return text_result(work, [])


def _change(cursor: Cursor) -> Callable[[LoadedTable], None]:
    if cursor.accept("ADD", "COLUMNS"):
        return _add(cursor)
    if cursor.accept("DROP", "COLUMN"):
        return _drop(cursor.name())
    if cursor.accept("CHANGE"):
        cursor.accept("COLUMN")
        return _alter(cursor)
    if cursor.accept("SET", "TBLPROPERTIES"):
        return _set(table_properties(cursor.properties()))
    if cursor.accept("UNSET", "TBLPROPERTIES"):
        return _unset(cursor)
    words = " ".join(cursor.rest().split()[:2]).upper()
    raise unsupported(f"ALTER TABLE … {words} of a table of Iceberg")


def _add(cursor: Cursor) -> Callable[[LoadedTable], None]:
    """`ADD COLUMNS (name type COMMENT 'text', …)`."""
    columns = read_columns(cursor)

    def change(table: LoadedTable) -> None:
        with table.update_schema(case_sensitive=False) as update:
            for each in columns:
                update.add_column(each["Name"], _type(each["Type"]), each.get("Comment"))

    return change


def _drop(name: str) -> Callable[[LoadedTable], None]:
    def change(table: LoadedTable) -> None:
        field = table.schema().find_field(name, case_sensitive=False)
        if any(each.source_id == field.field_id for each in table.spec().fields):
            raise ValueError(f"Cannot drop column {name}: the table is partitioned by it")
        with table.update_schema(case_sensitive=False) as update:
            update.delete_column(name)

    return change


def _alter(cursor: Cursor) -> Callable[[LoadedTable], None]:
    """`CHANGE COLUMN old new type [COMMENT 'text'] [FIRST | AFTER column]`."""
    old, new = cursor.name(), cursor.name()
    kind = _type(cursor.hive_type())
    comment = cursor.string() if cursor.accept("COMMENT") else None
    first = cursor.accept("FIRST")
    after = cursor.name() if cursor.accept("AFTER") else None

    def change(table: LoadedTable) -> None:
        field = table.schema().find_field(old, case_sensitive=False)
        with table.update_schema(case_sensitive=False) as update:
            if isinstance(kind, PrimitiveType) and field.field_type != kind:
                update.update_column(old, kind)
            elif not isinstance(kind, PrimitiveType) and str(kind) != str(field.field_type):
                raise ValueError(f"Cannot change the type of column {old} to {kind}")
            if comment is not None:
                update.update_column(old, doc=comment)
            if first:
                update.move_first(old)
            if after is not None:
                update.move_after(old, after)
            if new != old:
                update.rename_column(old, new)

    return change


def _set(properties: dict[str, str]) -> Callable[[LoadedTable], None]:
    def change(table: LoadedTable) -> None:
        with table.transaction() as transaction:
            transaction.set_properties(properties)

    return change


def _unset(cursor: Cursor) -> Callable[[LoadedTable], None]:
    """`UNSET TBLPROPERTIES ('key', …)`."""
    cursor.expect("(")
    names = [cursor.string()]
    while cursor.accept(","):
        names.append(cursor.string())
    cursor.expect(")")
    kept = table_properties(dict.fromkeys(names, "parquet"))

    def change(table: LoadedTable) -> None:
        with table.transaction() as transaction:
            transaction.remove_properties(*kept)

    return change


def _type(hive_type: str) -> IcebergType:
    return iceberg_type(parse_glue_type(hive_type), count(1))
