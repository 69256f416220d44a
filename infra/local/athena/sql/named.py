"""What a name in FROM stands for: a query of WITH, a table, a view, or the catalog itself."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from infra.local.athena.catalog import CATALOG, Column, Table
from infra.local.athena.errors import ErrorType, Position, QueryError, located
from infra.local.athena.hive_types import parse_glue_type
from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.parser import parse_query, position_of
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.scope import Field, PartitionColumn, Scope, Typed
from infra.local.athena.types import BIGINT, DATE, VARCHAR, Type

if TYPE_CHECKING:
    from infra.local.athena.iceberg.table import IcebergTable, TableVersion
    from infra.local.athena.sql.query import Context


_VIEW_PREFIX = "/* Presto View: "
HIDDEN_COLUMNS = (("$path", VARCHAR), ("$file_size", BIGINT))
"""Of the file that a row is in; a table of Iceberg has the first alone."""


class TableFinder(Protocol):
    """The part of the catalog that a query needs."""

    def get(self, database: str, name: str, position: Position | None = None) -> Table:
        """The table; QueryError when there is none."""

    def databases(self) -> list[str]:
        """The names of all databases."""

    def tables(self, database: str) -> list[Table]:
        """All tables of a database."""

    def columns(self, table: Table) -> tuple[Column, ...]:
        """All columns of a table."""

    def iceberg(self, table: Table) -> IcebergTable:
        """What stands behind a table of Iceberg; QueryError when it cannot be read."""


def translate(context: Context, node: exp.Table) -> Query:
    """The relation that `node` names, as text that can stand in FROM."""
    name, position = node.name.lower(), position_of(node)
    if not node.db and name in context.named:
        query = context.named[name]()
        return Query(f"({query.sql})", query.columns)
    catalog, database = node.catalog.lower(), (node.db or context.database).lower()
    if catalog not in ("", CATALOG, "hive"):
        raise located("CATALOG_NOT_FOUND", f"Catalog '{catalog}' does not exist", position)
    if database == "information_schema":
        return _information_schema(context, name, position)
    name, _, metadata = name.partition("$")
    table = context.statement.catalog.get(database, name, position)
    if metadata:
        return _metadata(context, table, metadata, node)
    if table.is_iceberg:
        return _iceberg_scan(context, table, node.args.get("version"))
    if node.args.get("version") is not None:
        what = f"{CATALOG}.{database}.{name}"
        message = f"This connector does not support versioned tables: {what}"
        raise located("NOT_SUPPORTED", message, position)
    if table.is_view:
        return _view(context, table, position)
    return _scan(context, table)


def column_type(table: Table, name: str, hive_type: str) -> Type:
    """The type of a table's column; QueryError when the catalog holds none that Athena knows."""
    try:
        return parse_glue_type(hive_type)
    except ValueError as error:
        where = f"column '{name}' of {table.database}.{table.name}"
        raise QueryError(
            "HIVE_METASTORE_ERROR", f"{where}: {error}", error_type=ErrorType.DATA
        ) from error


def _scan(context: Context, table: Table) -> Query:
    scan = context.statement.scan(table)
    number = len(context.statement.scans) - 1
    fields = [
        Field(
            each.name, Typed(quote_name(each.name), column_type(table, each.name, each.hive_type))
        )
        for each in table.columns
    ]
    fields += [
        Field(
            each.name,
            Typed(quote_name(each.name), column_type(table, each.name, each.hive_type)),
            partitions=frozenset({PartitionColumn(number, each.name)}),
        )
        for each in table.partition_keys
    ]
    fields += [Field(name, Typed(quote_name(name), of), hidden=True) for name, of in HIDDEN_COLUMNS]
    return Query(scan.name, fields)


def _metadata(context: Context, table: Table, name: str, node: exp.Table) -> Query:
    """`"t$files"` and the like of a table of Iceberg, `"t$partitions"` of one of Hive."""
    version = None
    columns: list[tuple[str, Type]] | None = None
    if table.is_iceberg:
        from infra.local.athena.iceberg.metadata import (  # noqa: PLC0415 - as the catalog's
            METADATA_TABLES,
        )

        version = _version(
            context, context.statement.catalog.iceberg(table), node.args.get("version")
        )
        columns = METADATA_TABLES[name].columns(version) if name in METADATA_TABLES else None
    elif name == "partitions" and table.partition_keys:
        columns = [
            (each.name, column_type(table, each.name, each.hive_type))
            for each in table.partition_keys
        ]
    if columns is None:
        where = f"'{CATALOG}.{table.database}.{table.name}${name}'"
        raise located("TABLE_NOT_FOUND", f"Table {where} does not exist", position_of(node))
    scan = context.statement.scan(table, version, metadata=name)
    fields = [Field(column, Typed(quote_name(column), of)) for column, of in columns]
    return Query(scan.name, fields)


def _iceberg_scan(context: Context, table: Table, period: exp.Version | None) -> Query:
    version = _version(context, context.statement.catalog.iceberg(table), period)
    scan = context.statement.scan(table, version)
    number = len(context.statement.scans) - 1
    fields = [
        Field(
            name, Typed(quote_name(name), of), partitions=frozenset({PartitionColumn(number, name)})
        )
        for name, of in version.columns
    ]
    fields.append(Field("$path", Typed(quote_name("$path"), VARCHAR), hidden=True))
    return Query(scan.name, fields)


def _version(context: Context, table: IcebergTable, period: exp.Version | None) -> TableVersion:
    """`FOR TIMESTAMP AS OF moment` and `FOR VERSION AS OF id`."""
    if period is None:
        return table.current()
    position = position_of(period)
    value = Expressions(Scope(), context).translate(period.expression)
    evaluate = context.statement.evaluate
    if period.name.upper() == "VERSION":
        if not value.type.is_integer and not value.type.is_text:
            message = f"Unsupported type for table version: {value.type}"
            raise located("NOT_SUPPORTED", message, position)
        return table.as_of_version(evaluate(value.sql))
    if value.type != DATE and not value.type.is_timestamp:
        message = f"Unsupported type for temporal table version: {value.type}"
        raise located("NOT_SUPPORTED", message, position)
    return table.as_of_time(evaluate(f"epoch_us({value.sql})"))


@dataclass(frozen=True, slots=True)
class View:
    """What a view of Athena is made of."""

    sql: str
    database: str
    """The database in which names without one are looked up."""
    columns: list[str]


def encode_view(definition: dict[str, object]) -> str:
    """The text under which Glue keeps a view of Athena."""
    return f"{_VIEW_PREFIX}{base64.b64encode(json.dumps(definition).encode()).decode()} */"


def decode_view(table: Table, position: Position | None) -> View:
    """The view in a table of the catalog.

    Raises:
        QueryError: INVALID_VIEW, it was not made by Athena.
    """
    encoded = table.view_text.removeprefix(_VIEW_PREFIX).removesuffix(" */")
    try:
        found = json.loads(base64.b64decode(encoded, validate=True))
        names = [str(column["name"]) for column in found["columns"]]
        return View(str(found["originalSql"]), found.get("schema") or table.database, names)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        where = f"'{CATALOG}.{table.database}.{table.name}'"
        raise located("INVALID_VIEW", f"View {where} is no view of Athena", position) from error


def _view(context: Context, table: Table, position: Position) -> Query:
    """A view is its query, analysed in the database in which it was made."""
    view = decode_view(table, position)
    inner = replace(context, database=view.database, named={}, outer=None, depth=context.depth + 1)
    query = inner.query(parse_query(view.sql))
    if len(view.columns) != len(query.columns):
        where = f"'{CATALOG}.{table.database}.{table.name}'"
        raise located("VIEW_IS_STALE", f"View {where} is stale; it must be re-created", position)
    pairs = zip(query.columns, view.columns, strict=True)
    return Query(f"({query.sql})", [replace(column, name=name) for column, name in pairs])


_SCHEMA_TABLES = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": (
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
        "is_nullable",
        "data_type",
        "comment",
        "extra_info",
    ),
}


def _information_schema(context: Context, name: str, position: Position) -> Query:
    """The catalog as tables, read as a whole."""
    if name not in _SCHEMA_TABLES:
        message = f"Table '{CATALOG}.information_schema.{name}' does not exist"
        raise located("TABLE_NOT_FOUND", message, position)
    catalog = context.statement.catalog
    rows: list[tuple[str | None, ...]] = []
    for database in catalog.databases():
        if name == "schemata":
            rows.append((CATALOG, database))
            continue
        for table in catalog.tables(database):
            rows += _table_rows(table) if name == "tables" else _column_rows(catalog, table)
    names = _SCHEMA_TABLES[name]
    texts = [
        "(" + ", ".join("NULL" if v is None else quote_text(v) for v in row) + ")" for row in rows
    ] or ["(" + ", ".join("NULL" for _ in names) + ")"]
    number = ", ".join(
        f"CAST(c{i} AS {'BIGINT' if n == 'ordinal_position' else 'VARCHAR'}) AS c{i}"
        for i, n in enumerate(names)
    )
    columns = ", ".join(f"c{i}" for i in range(len(names)))
    sql = f"(SELECT {number} FROM (VALUES {', '.join(texts)}) AS v({columns})"
    sql += ")" if rows else " WHERE false)"
    bigint = Type("bigint")
    fields = [
        Field(n, Typed(f"c{i}", bigint if n == "ordinal_position" else VARCHAR))
        for i, n in enumerate(names)
    ]
    return Query(sql, fields)


def _table_rows(table: Table) -> list[tuple[str | None, ...]]:
    return [(CATALOG, table.database, table.name, "VIEW" if table.is_view else "BASE TABLE")]


def _column_rows(catalog: TableFinder, table: Table) -> list[tuple[str | None, ...]]:
    keys = {each.name for each in table.partition_keys}
    types = dict(catalog.iceberg(table).current().columns) if table.is_iceberg else {}
    return [
        (
            CATALOG,
            table.database,
            table.name,
            each.name,
            str(i),
            None,
            "YES",
            str(types.get(each.name) or column_type(table, each.name, each.hive_type)),
            each.comment or None,
            "partition key" if each.name in keys else None,
        )
        for i, each in enumerate(catalog.columns(table), 1)
    ]
