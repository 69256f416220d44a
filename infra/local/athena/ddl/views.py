"""CREATE VIEW: kept by Glue as Athena keeps it, so that Athena itself could read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.local.athena.catalog import CATALOG, Table, catalog_error
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.errors import Position, located
from infra.local.athena.hive_types import glue_type
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import analyse, named_columns
from infra.local.athena.sql.named import decode_view, encode_view
from infra.local.athena.work import Work

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef


def definition(table: Table) -> str:
    """The query of a view."""
    return decode_view(table, None).sql


def create_view(work: Work) -> Outcome:
    """CREATE [OR REPLACE] VIEW name AS query."""
    cursor = Cursor(work.statement.text)
    cursor.expect("CREATE")
    or_replace = cursor.accept("OR", "REPLACE")
    cursor.expect("VIEW")
    database, name = cursor.qualified_name(work.database)
    cursor.expect("AS")
    text = cursor.rest()
    query, _ = analyse(replace(work, parameters=[]), text)
    columns = named_columns(query)
    existing = work.catalog.find(database, name)
    where = f"'{CATALOG}.{database}.{name}'"
    if existing is not None and not (or_replace and existing.is_view):
        kind = "View" if existing.is_view else "Table"
        raise located("TABLE_ALREADY_EXISTS", f"{kind} already exists: {where}", Position())
    view: TableInputTypeDef = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [
                {"Name": column, "Type": glue_type(field.value.type)}
                for column, field in columns.items()
            ],
            "Location": "",
            "SerdeInfo": {},
        },
        "ViewOriginalText": encode_view(
            {
                "originalSql": text,
                "catalog": CATALOG,
                "schema": work.database,
                "columns": [
                    {"name": column, "type": str(field.value.type)}
                    for column, field in columns.items()
                ],
            }
        ),
        "ViewExpandedText": "/* Presto View */",
    }
    glue = work.clients.glue
    try:
        if existing is None:
            glue.create_table(DatabaseName=database, TableInput=view)
        else:
            glue.update_table(DatabaseName=database, TableInput=view)
    except ClientError as error:
        raise catalog_error(error) from error
    return text_result(work, [])
