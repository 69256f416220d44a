"""CREATE TABLE AS SELECT and UNLOAD: the rows of a query as files in S3.

Source: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html and unload.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.local.athena.catalog import CATALOG, catalog_error
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.partitions import folder, register, table_descriptor
from infra.local.athena.errors import Position, QueryError, located, unsupported
from infra.local.athena.hive_types import glue_type
from infra.local.athena.journal import Outcome, ResultColumn
from infra.local.athena.queries import named_columns, prepare
from infra.local.athena.sql.scope import Field
from infra.local.athena.work import Work
from infra.local.athena.writer import (
    COMPRESSIONS,
    FORMATS,
    Target,
    Written,
    refuse_unstorable,
    write,
)

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef


def _options(cursor: Cursor) -> dict[str, str | list[str]]:
    """`WITH (key = 'value', key = ARRAY['a', 'b'], …)`."""
    found: dict[str, str | list[str]] = {}
    cursor.expect("(")
    while True:
        key = cursor.name()
        cursor.expect("=")
        if cursor.accept("ARRAY"):
            cursor.expect("[")
            names = []
            while not cursor.accept("]"):
                names.append(cursor.string().lower())
                cursor.accept(",")
            found[key] = names
        else:
            found[key] = cursor.value()
        if not cursor.accept(","):
            cursor.expect(")")
            return found


_KNOWN_OPTIONS = {
    "format", "write_compression", "parquet_compression", "compression", "partitioned_by",
    "external_location", "field_delimiter", "is_external", "table_type",
}  # fmt: skip


def _target(options: dict[str, str | list[str]], location: str) -> Target:
    for name in options:
        if name not in _KNOWN_OPTIONS:
            raise unsupported(f"the table property {name}")
    target = Target(location)
    target.format = str(options.get("format", "PARQUET")).upper()
    if target.format not in FORMATS:
        raise unsupported(f"writing {target.format}")
    if str(options.get("table_type", "HIVE")).upper() != "HIVE":
        raise unsupported(f"a table of type {options['table_type']}")
    for name in ("write_compression", "parquet_compression", "compression"):
        target.compression = str(options.get(name, target.compression)).upper()
    target.compression = target.compression or COMPRESSIONS[target.format]
    keys = options.get("partitioned_by", [])
    target.partitioned_by = keys if isinstance(keys, list) else [keys]
    target.delimiter = str(options.get("field_delimiter", target.delimiter))
    return target


def unload(work: Work) -> Outcome:
    """UNLOAD (query) TO 's3://…' WITH (…)."""
    cursor = Cursor(work.statement.text)
    cursor.expect("UNLOAD")
    text = cursor.parenthesized()
    cursor.expect("TO")
    location = cursor.string()
    options = _options(cursor) if cursor.accept("WITH") else {}
    cursor.end()
    query = prepare(work, text)
    written = write(work, query, _target(options, location))
    return _outcome(work, written)


def create_table_as_select(work: Work) -> Outcome:
    """CREATE TABLE [IF NOT EXISTS] name [WITH (…)] AS query [WITH [NO] DATA]."""
    cursor = Cursor(work.statement.text)
    cursor.expect("CREATE", "TABLE")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    database, name = cursor.qualified_name(work.database)
    options = _options(cursor) if cursor.accept("WITH") else {}
    cursor.expect("AS")
    text, with_data = _with_data(cursor.rest())
    if not work.catalog.has_database(database):
        raise located("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist", Position())
    if work.catalog.find(database, name) is not None:
        if if_not_exists:
            return _outcome(work, Written([], [], 0))
        where = f"'{CATALOG}.{database}.{name}'"
        raise located("TABLE_ALREADY_EXISTS", f"Table {where} already exists", Position())
    if str(options.get("table_type", "HIVE")).upper() == "ICEBERG":
        from infra.local.athena.dml.create_as import (  # noqa: PLC0415 - pyiceberg is slow
            create_iceberg_table_as,
        )

        return create_iceberg_table_as(work, database, name, options, text, with_data=with_data)
    if "external_location" in options and work.enforced:
        raise QueryError(
            "",
            "The Create Table As Select query failed because it was submitted with an"
            " 'external_location' property to an Athena Workgroup that enforces a centralized"
            " output location for all queries. Please remove the 'external_location' property and"
            " resubmit the query.",
        )
    results = work.output.rpartition("/")[0]
    location = str(options.get("external_location", f"{results}/tables/{work.execution_id}/"))
    target = _target(options, f"{location.rstrip('/')}/")
    query = prepare(work, text)
    columns = named_columns(query)
    table = _glue_table(name, columns, target)
    written = write(work, query, target) if with_data else Written([], [], 0)
    glue = work.clients.glue
    try:
        glue.create_table(DatabaseName=database, TableInput=table)
    except ClientError as error:
        raise catalog_error(error) from error
    if target.partitioned_by:
        made = work.catalog.get(database, name)
        locations = {
            values: folder(target.location, target.partitioned_by, values)
            for values in written.partitions
        }
        register(glue, made, locations, descriptor=table_descriptor(made))
    return _outcome(work, written)


def _with_data(text: str) -> tuple[str, bool]:
    """The query, and whether its rows are wanted."""
    lowered = " ".join(text.lower().split()[-3:])
    for ending, wanted in (("with no data", False), ("with data", True)):
        if lowered.endswith(ending):
            return text.rsplit(None, len(ending.split()))[0], wanted
    return text, True


def _glue_table(name: str, columns: dict[str, Field], target: Target) -> TableInputTypeDef:
    keys = target.partitioned_by
    if keys and list(columns)[-len(keys) :] != keys:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the"
            f" table properties: [{', '.join(keys)}]",
        )
    for column in columns.values():
        refuse_unstorable(column.value.type)
    glue_columns: list[ColumnTypeDef] = [
        {"Name": column, "Type": glue_type(each.value.type)} for column, each in columns.items()
    ]
    form = FORMATS[target.format]
    parameters = {"serialization.format": "1"}
    if target.format == "TEXTFILE":
        parameters = {"serialization.format": target.delimiter, "field.delim": target.delimiter}
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "has_encrypted_data": "false",
            "classification": target.format.lower(),
        },
        "PartitionKeys": glue_columns[len(columns) - len(keys) :] if keys else [],
        "StorageDescriptor": {
            "Columns": glue_columns[: len(columns) - len(keys)],
            "Location": target.location,
            "InputFormat": form.input_format,
            "OutputFormat": form.output_format,
            "SerdeInfo": {"SerializationLibrary": form.serde, "Parameters": parameters},
        },
    }


def _outcome(work: Work, written: Written) -> Outcome:
    """The manifest of what was written, and the number of rows."""
    manifest = f"{work.output}-manifest.csv"
    work.results.put(manifest, "".join(f"{uri}\n" for uri in written.uris).encode())
    work.results.put(f"{work.output}.metadata", b"")
    work.statistics.manifest = manifest
    columns = (ResultColumn("rows", "bigint", 19),)
    return Outcome(columns=columns, update_count=written.rows)
