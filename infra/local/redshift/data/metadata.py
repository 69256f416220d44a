"""Schemas, tables and columns of a database, read from its own system views.

Source: https://docs.aws.amazon.com/redshift/latest/dg/svv_views.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from infra.local.redshift.engine import Session, Value
from infra.local.redshift.errors import invalid

type Request = Mapping[str, Any]
type Answer = dict[str, Any]

_PAGE = 1000

_SCHEMAS = (
    "SELECT schema_name FROM information_schema.schemata"
    " WHERE schema_name LIKE :schema ORDER BY schema_name"
)
_TABLES = (
    "SELECT table_schema, table_name, table_type FROM svv_tables"
    " WHERE table_schema LIKE :schema AND table_name LIKE :table"
    " ORDER BY table_schema, table_name"
)
_COLUMNS = (
    "SELECT column_name, data_type, is_nullable, character_maximum_length, numeric_precision,"
    " numeric_scale, column_default, table_schema FROM svv_columns"
    " WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position"
)
_TABLE_TYPES = {"BASE TABLE": "TABLE"}


def list_schemas(session: Session, request: Request) -> Answer:
    """ListSchemas."""
    found = _rows(session, _SCHEMAS, schema=request.get("SchemaPattern", "%"))
    return _page([row[0] for row in found], request, "Schemas")


def list_tables(session: Session, request: Request) -> Answer:
    """ListTables."""
    found = _rows(
        session,
        _TABLES,
        schema=request.get("SchemaPattern", "%"),
        table=request.get("TablePattern", "%"),
    )
    tables = [
        {"schema": schema, "name": name, "type": _TABLE_TYPES.get(str(kind), kind)}
        for schema, name, kind in found
    ]
    return _page(tables, request, "Tables")


def describe_table(session: Session, request: Request) -> Answer:
    """DescribeTable; of a table that does not exist the list of columns is empty."""
    schema, name = request.get("Schema", "public"), request.get("Table")
    if not name:
        raise invalid("Table is required.")
    columns = [
        {
            "name": column,
            "label": column,
            "typeName": kind,
            "nullable": 1 if nullable == "YES" else 0,
            "length": int(length or 0),
            "precision": int(precision or 0),
            "scale": int(scale or 0),
            "schemaName": of_schema,
            "tableName": name,
            **({} if default is None else {"columnDefault": default}),
        }
        for column, kind, nullable, length, precision, scale, default, of_schema in _rows(
            session, _COLUMNS, schema=schema, table=name
        )
    ]
    return {"TableName": name, **_page(columns, request, "ColumnList")}


OPERATIONS: Mapping[str, Callable[[Session, Request], Answer]] = {
    "DescribeTable": describe_table,
    "ListSchemas": list_schemas,
    "ListTables": list_tables,
}


def _rows(session: Session, sql: str, **parameters: str) -> Iterator[tuple[Value, ...]]:
    return session.run(sql, parameters).records()


def _page(items: Sequence[Any], request: Request, name: str) -> Answer:
    token = request.get("NextToken") or "0"
    if not token.isdigit():
        raise invalid("The NextToken is not valid.")
    start = int(token)
    end = start + int(request.get("MaxResults") or _PAGE)
    answer: Answer = {name: list(items[start:end])}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer
