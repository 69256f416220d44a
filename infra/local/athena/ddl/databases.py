"""CREATE DATABASE and DROP DATABASE."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from infra.local.athena.catalog import catalog_error
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.tables import already_exists, failed, split_location
from infra.local.athena.journal import Outcome
from infra.local.athena.work import Work


def create_database(work: Work) -> Outcome:
    """CREATE DATABASE [IF NOT EXISTS] name [COMMENT …] [LOCATION …] [WITH DBPROPERTIES …]."""
    cursor = Cursor(work.statement.text)
    cursor.expect("CREATE")
    if not cursor.accept("DATABASE"):
        cursor.expect("SCHEMA")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    database: dict[str, Any] = {"Name": cursor.name()}
    if cursor.accept("COMMENT"):
        database["Description"] = cursor.string()
    if cursor.accept("LOCATION"):
        database["LocationUri"] = cursor.string()
        split_location(database["LocationUri"])
    if cursor.accept("WITH", "DBPROPERTIES"):
        database["Parameters"] = cursor.properties()
    cursor.end()
    glue = work.clients.glue
    try:
        glue.create_database(DatabaseInput=database)  # type: ignore[arg-type] # built by clause
    except glue.exceptions.AlreadyExistsException as error:
        if not if_not_exists:
            raise already_exists(f"Database {database['Name']}") from error
    except ClientError as error:
        raise catalog_error(error) from error
    return text_result(work, [])


def drop_database(work: Work) -> Outcome:
    """DROP DATABASE [IF EXISTS] name [RESTRICT | CASCADE]."""
    cursor = Cursor(work.statement.text)
    cursor.expect("DROP")
    if not cursor.accept("DATABASE"):
        cursor.expect("SCHEMA")
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    cascade = cursor.accept("CASCADE")
    cursor.accept("RESTRICT")
    cursor.end()
    if not work.catalog.has_database(name):
        if if_exists:
            return text_result(work, [])
        raise failed(f"SemanticException [Error 10072]: Database does not exist: {name}")
    if not cascade and work.catalog.tables(name):
        raise failed(
            "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
            f" InvalidOperationException(message:Database {name} is not empty."
            " One or more tables exist.)"
        )
    try:
        if cascade:
            for table in work.catalog.tables(name):
                work.clients.glue.delete_table(DatabaseName=name, Name=table.name)
        work.clients.glue.delete_database(Name=name)
    except ClientError as error:
        raise catalog_error(error) from error
    return text_result(work, [])
