"""CREATE EXTERNAL TABLE, and what else makes and removes tables and databases.

Source: https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.local.athena.catalog import catalog_error
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.storage import FORMATS, TEXTFILE, FileFormat
from infra.local.athena.errors import ErrorType, QueryError, unsupported
from infra.local.athena.hive_types import parse_glue_type
from infra.local.athena.journal import Outcome
from infra.local.athena.objects import delete_objects, split_uri
from infra.local.athena.work import Work

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef


def failed(message: str) -> QueryError:
    """Hive's way of saying no."""
    return QueryError("", f"FAILED: {message}", error_type=ErrorType.DDL)


def already_exists(what: str) -> QueryError:
    """A name is taken."""
    return failed(
        "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
        f" AlreadyExistsException(message:{what} already exists.)"
    )


def database_missing(name: str) -> QueryError:
    """A table is to be made in a database that is not there."""
    return failed(f"SemanticException [Error 10072]: Database does not exist: {name}")


@dataclass(slots=True)
class _Definition:
    """A table as CREATE EXTERNAL TABLE declares it."""

    database: str
    name: str
    if_not_exists: bool
    columns: list[ColumnTypeDef] = field(default_factory=list)
    partition_keys: list[ColumnTypeDef] = field(default_factory=list)
    comment: str = ""
    format: FileFormat = TEXTFILE
    serde: str = ""
    serde_parameters: dict[str, str] = field(default_factory=dict)
    location: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    def as_glue(self) -> TableInputTypeDef:
        """The `TableInput` of Glue."""
        return {
            "Name": self.name,
            "TableType": "EXTERNAL_TABLE",
            "Description": self.comment,
            "Parameters": {
                "EXTERNAL": "TRUE",
                "transient_lastDdlTime": str(int(time.time())),
                **self.properties,
            },
            "PartitionKeys": self.partition_keys,
            "StorageDescriptor": {
                "Columns": self.columns,
                "Location": self.location,
                "InputFormat": self.format.input_format,
                "OutputFormat": self.format.output_format,
                "SerdeInfo": {
                    "SerializationLibrary": self.serde or self.format.serde,
                    "Parameters": {"serialization.format": "1", **self.serde_parameters},
                },
            },
        }


def create_table(work: Work) -> Outcome:
    """CREATE EXTERNAL TABLE over files that are there, or will be; CREATE TABLE of Iceberg."""
    cursor = Cursor(work.statement.text)
    cursor.expect("CREATE")
    if not cursor.accept("EXTERNAL"):
        from infra.local.athena.ddl.iceberg_tables import (  # noqa: PLC0415 - pyiceberg is slow
            create_iceberg_table,
        )

        return create_iceberg_table(work)
    cursor.expect("TABLE")
    exists = cursor.accept("IF", "NOT", "EXISTS")
    table = _Definition(*cursor.qualified_name(work.database), exists)
    table.columns = read_columns(cursor) if not cursor.accept("(", ")") else []
    _clauses(cursor, table)
    cursor.end()
    if not table.location:
        raise failed("Error in semantic analysis: LOCATION is missing for an external table")
    split_location(table.location)
    if table.properties.get("table_type", "").upper() == "ICEBERG":
        raise failed("External keyword not supported for table type ICEBERG")
    if not work.catalog.has_database(table.database):
        raise database_missing(table.database)
    glue = work.clients.glue
    try:
        glue.create_table(DatabaseName=table.database, TableInput=table.as_glue())
    except glue.exceptions.AlreadyExistsException as error:
        if not table.if_not_exists:
            raise already_exists(f"Table {table.name}") from error
    except ClientError as error:
        raise catalog_error(error) from error
    return text_result(work, [])


def split_location(location: str) -> None:
    """QueryError unless the text is a folder of S3."""
    try:
        split_uri(location)
    except ValueError as error:
        raise failed(f"SemanticException {error}") from error


def read_columns(cursor: Cursor) -> list[ColumnTypeDef]:
    """`(name type COMMENT 'text', …)`."""
    cursor.expect("(")
    columns = []
    while True:
        name = cursor.name()
        cursor.accept(":")
        hive_type = cursor.hive_type()
        column: ColumnTypeDef = {"Name": name, "Type": hive_type}
        try:
            parse_glue_type(hive_type)
        except ValueError as error:
            raise failed(f"ParseException column {name}: {error}") from error
        if cursor.accept("COMMENT"):
            column["Comment"] = cursor.string()
        columns.append(column)
        if not cursor.accept(","):
            cursor.expect(")")
            return columns


def _clauses(cursor: Cursor, table: _Definition) -> None:
    """What follows the columns, in any order."""
    while not cursor.ended:
        if cursor.accept("COMMENT"):
            table.comment = cursor.string()
        elif cursor.accept("PARTITIONED", "BY"):
            table.partition_keys = read_columns(cursor)
        elif cursor.accept("CLUSTERED", "BY"):
            raise unsupported("CLUSTERED BY")
        elif cursor.accept("ROW", "FORMAT", "SERDE"):
            table.serde = cursor.string()
            if cursor.accept("WITH", "SERDEPROPERTIES"):
                table.serde_parameters = cursor.properties()
        elif cursor.accept("ROW", "FORMAT", "DELIMITED"):
            table.serde_parameters = _delimited(cursor)
        elif cursor.accept("WITH", "SERDEPROPERTIES"):
            table.serde_parameters = cursor.properties()
        elif cursor.accept("STORED", "AS", "INPUTFORMAT"):
            input_format = cursor.string()
            cursor.expect("OUTPUTFORMAT")
            table.format = FileFormat(input_format, cursor.string(), table.serde)
        elif cursor.accept("STORED", "AS"):
            name = cursor.name().upper()
            if name not in FORMATS:
                raise failed(f"SemanticException Unrecognized file format in STORED AS: {name}")
            table.format = FORMATS[name]
        elif cursor.accept("LOCATION"):
            table.location = cursor.string()
        elif cursor.accept("TBLPROPERTIES"):
            table.properties = cursor.properties()
        else:
            raise cursor.wrong("a clause of CREATE EXTERNAL TABLE")


_DELIMITERS = {
    ("FIELDS", "TERMINATED", "BY"): "field.delim",
    ("ESCAPED", "BY"): "escape.delim",
    ("COLLECTION", "ITEMS", "TERMINATED", "BY"): "collection.delim",
    ("MAP", "KEYS", "TERMINATED", "BY"): "mapkey.delim",
    ("LINES", "TERMINATED", "BY"): "line.delim",
    ("NULL", "DEFINED", "AS"): "serialization.null.format",
}


def _delimited(cursor: Cursor) -> dict[str, str]:
    parameters: dict[str, str] = {}
    while True:
        found = next((words for words in _DELIMITERS if cursor.accept(*words)), None)
        if found is None:
            break
        parameters[_DELIMITERS[found]] = cursor.string()
    if "field.delim" in parameters:
        parameters["serialization.format"] = parameters["field.delim"]
    return parameters


def drop_table(work: Work) -> Outcome:
    """DROP TABLE: the files of a table of Hive stay, those of a table of Iceberg are deleted."""
    return _drop(work, "TABLE")


def drop_view(work: Work) -> Outcome:
    """DROP VIEW."""
    return _drop(work, "VIEW")


def _drop(work: Work, what: str) -> Outcome:
    cursor = Cursor(work.statement.text)
    cursor.expect("DROP", what)
    if_exists = cursor.accept("IF", "EXISTS")
    database, name = cursor.qualified_name(work.database)
    cursor.accept("PURGE")
    cursor.end()
    table = work.catalog.find(database, name)
    if table is None or table.is_view != (what == "VIEW"):
        if if_exists and table is None:
            return text_result(work, [])
        raise failed(f"SemanticException [Error 10001]: {what.title()} not found {database}.{name}")
    try:
        work.clients.glue.delete_table(DatabaseName=database, Name=name)
    except ClientError as error:
        raise catalog_error(error) from error
    if table.is_iceberg:
        delete_objects(work.clients.s3, table.storage.location)
    return text_result(work, [])
