"""CREATE TABLE of Iceberg.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
"""

from __future__ import annotations

from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.tables import (
    already_exists,
    database_missing,
    failed,
    read_columns,
    split_location,
)
from infra.local.athena.hive_types import parse_glue_type
from infra.local.athena.iceberg.definition import (
    NewColumn,
    Partitioning,
    new_metadata,
    read_partitioning,
    table_properties,
)
from infra.local.athena.iceberg.writes.commits import create
from infra.local.athena.journal import Outcome
from infra.local.athena.work import Work


def create_iceberg_table(work: Work) -> Outcome:
    """CREATE TABLE [IF NOT EXISTS] name (columns) [PARTITIONED BY (…)] LOCATION … TBLPROPERTIES …

    Raises:
        QueryError: the statement is wrong, or the caller may not make the table.
    """
    cursor = Cursor(work.statement.text)
    cursor.expect("CREATE", "TABLE")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    database, name = cursor.qualified_name(work.database)
    columns = read_columns(cursor)
    partitions: list[Partitioning] = []
    location, comment, properties = "", "", dict[str, str]()
    while not cursor.ended:
        if cursor.accept("COMMENT"):
            comment = cursor.string()
        elif cursor.accept("PARTITIONED", "BY"):
            partitions = _partitions(cursor)
        elif cursor.accept("LOCATION"):
            location = cursor.string()
        elif cursor.accept("TBLPROPERTIES"):
            properties = cursor.properties()
        else:
            raise cursor.wrong("a clause of CREATE TABLE")
    if properties.get("table_type", "").upper() != "ICEBERG":
        raise failed(
            "ParseException CREATE TABLE makes a table of Iceberg, which says"
            " TBLPROPERTIES ('table_type'='ICEBERG'); one of Hive is made by CREATE EXTERNAL TABLE"
        )
    if not location:
        raise failed("Error in semantic analysis: LOCATION is missing for a table of Iceberg")
    split_location(location)
    kept = table_properties(properties)
    metadata = new_metadata(
        [
            NewColumn(each["Name"], parse_glue_type(each["Type"]), each.get("Comment", ""))
            for each in columns
        ],
        partitions,
        location=location,
        properties={**kept, **({"comment": comment} if comment else {})},
    )
    if not work.catalog.has_database(database):
        raise database_missing(database)
    if work.catalog.find(database, name) is not None:
        if if_not_exists:
            return text_result(work, [])
        raise already_exists(f"Table {name}")
    create(work, database, name, metadata)
    return text_result(work, [])


def _partitions(cursor: Cursor) -> list[Partitioning]:
    cursor.expect("(")
    found = [read_partitioning(cursor)]
    while cursor.accept(","):
        found.append(read_partitioning(cursor))
    cursor.expect(")")
    return found
