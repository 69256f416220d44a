"""CREATE TABLE AS SELECT and UNLOAD: the rows of a query as files in S3.

Source: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html and unload.html
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from infra.local.athena.catalog import CATALOG, NULL_PARTITION, catalog_error
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.partitions import Values, folder, register, table_descriptor
from infra.local.athena.ddl.storage import JSON, PARQUET, TEXTFILE, FileFormat
from infra.local.athena.errors import Position, QueryError, located, unsupported
from infra.local.athena.journal import Outcome, ResultColumn
from infra.local.athena.objects import list_objects
from infra.local.athena.queries import named_columns, prepare
from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.scope import Field
from infra.local.athena.sql.text import fresh_name, text_of
from infra.local.athena.types import Type, glue_type, row_field
from infra.local.athena.work import Work

MAX_PARTITIONS = 100
"""Partitions that one statement may write, as in Athena."""

_FORMATS: dict[str, FileFormat] = {"PARQUET": PARQUET, "JSON": JSON, "TEXTFILE": TEXTFILE}
_COMPRESSIONS = {"PARQUET": "GZIP", "JSON": "GZIP", "TEXTFILE": "GZIP"}
"""What Athena compresses with when nothing is said."""
_SUFFIXES = {"GZIP": ".gz", "ZSTD": ".zst", "NONE": ""}


@dataclass(slots=True)
class _Target:
    """Where and how rows are written."""

    location: str
    format: str = "PARQUET"
    compression: str = ""
    partitioned_by: list[str] = field(default_factory=list)
    delimiter: str = "\x01"


@dataclass(frozen=True, slots=True)
class _Written:
    """The addresses of the objects, and the partitions in which they lie."""

    uris: list[str]
    partitions: list[Values]
    rows: int


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


def _target(options: dict[str, str | list[str]], location: str) -> _Target:
    for name in options:
        if name not in _KNOWN_OPTIONS:
            raise unsupported(f"the table property {name}")
    target = _Target(location)
    target.format = str(options.get("format", "PARQUET")).upper()
    if target.format not in _FORMATS:
        raise unsupported(f"writing {target.format}")
    if str(options.get("table_type", "HIVE")).upper() != "HIVE":
        raise unsupported(f"a table of type {options['table_type']}")
    for name in ("write_compression", "parquet_compression", "compression"):
        target.compression = str(options.get(name, target.compression)).upper()
    target.compression = target.compression or _COMPRESSIONS[target.format]
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
    written = _write(work, query, _target(options, location))
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
            return _outcome(work, _Written([], [], 0))
        where = f"'{CATALOG}.{database}.{name}'"
        raise located("TABLE_ALREADY_EXISTS", f"Table {where} already exists", Position())
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
    written = _write(work, query, target) if with_data else _Written([], [], 0)
    glue = work.clients.glue
    try:
        glue.create_table(DatabaseName=database, TableInput=table)  # type: ignore[arg-type]
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


def _glue_table(name: str, columns: dict[str, Field], target: _Target) -> dict[str, Any]:
    keys = target.partitioned_by
    if keys and list(columns)[-len(keys) :] != keys:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the"
            f" table properties: [{', '.join(keys)}]",
        )
    for column in columns.values():
        _refuse_unstorable(column.value.type)
    glue_columns = [
        {"Name": column, "Type": glue_type(each.value.type)} for column, each in columns.items()
    ]
    form = _FORMATS[target.format]
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


_UNSTORABLE = (
    "unknown", "json", "time", "timestamp with time zone", "interval day to second",
    "interval year to month",
)  # fmt: skip


def _refuse_unstorable(of: Type) -> None:
    for each in (of, *of.items):
        if each.name in _UNSTORABLE:
            raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {each}")
        if None in each.fields:
            raise QueryError(
                "NOT_SUPPORTED",
                "Anonymous row type is not supported in Hive."
                f" Please give each field a name: {each}",
            )
        if each is not of:
            _refuse_unstorable(each)


def _write(work: Work, query: Query, target: _Target) -> _Written:
    """Run the query into files, one or more a partition, and upload them.

    Raises:
        QueryError: there is something at the target already, or there are too many partitions.
    """
    if next(list_objects(work.clients.s3, target.location), None) is not None:
        raise QueryError(
            "HIVE_PATH_ALREADY_EXISTS",
            f"Target directory already exists: {target.location}. You may need to manually clean"
            f" the data at location '{target.location}' before retrying. Athena will not delete"
            " data in your account.",
        )
    columns = named_columns(query)
    for column in columns.values():
        _refuse_unstorable(column.value.type)
    for key in target.partitioned_by:
        if key not in columns:
            message = f"Partition column '{key}' is not in the query"
            raise located("COLUMN_NOT_FOUND", message, Position())
    directory = work.session.directory / "written"
    rows = work.session.rows(_copy(query, columns, target, directory))[0][0]
    if not rows:
        return _Written([], [], 0)
    files = {path: _partition(directory, path) for path in sorted(directory.rglob("data*"))}
    partitions = list(dict.fromkeys(files.values()))
    if len(partitions) > MAX_PARTITIONS:
        raise QueryError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions/buckets",
        )
    uris = [_upload(work, path, values, target) for path, values in files.items()]
    return _Written(uris, partitions if target.partitioned_by else [], rows)


def _partition(directory: Path, path: Path) -> Values:
    """The values in the names of the folders that DuckDB made."""
    folders = path.parent.relative_to(directory).parts
    return tuple(unquote(part.partition("=")[2]) for part in folders)


def _upload(work: Work, path: Path, values: Values, target: _Target) -> str:
    work.session.check()
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    suffix = "" if target.format == "PARQUET" else _SUFFIXES[target.compression]
    name = f"{stamp}_{work.execution_id[:5]}_{uuid.uuid4()}{suffix}"
    uri = f"{folder(target.location, target.partitioned_by, values)}{name}"
    work.results.upload(uri, path)
    return uri


def _copy(query: Query, columns: dict[str, Field], target: _Target, directory: Path) -> str:
    """DuckDB's statement that writes the rows below `directory`."""
    keys = target.partitioned_by
    items = []
    for name, column in columns.items():
        value = column.value
        if name in keys:
            text = f"coalesce(nullif({text_of(value.sql, value.type)}, ''), '{NULL_PARTITION}')"
            items.append(f"{text} AS {quote_name(name)}")
        else:
            items.append(f"{_stored(value.sql, value.type, target)} AS {quote_name(name)}")
    directory.mkdir()
    path = directory if keys else directory / "data"
    options = [*_copy_options(target)]
    if keys:
        options.append(f"PARTITION_BY ({', '.join(map(quote_name, keys))})")
    return (
        f"COPY (SELECT {', '.join(items)} FROM ({query.sql}))"
        f" TO {quote_text(str(path))} ({', '.join(options)})"
    )


def _copy_options(target: _Target) -> Sequence[str]:
    compression = {"NONE": "UNCOMPRESSED"}.get(target.compression, target.compression)
    if target.format == "PARQUET":
        if compression not in ("SNAPPY", "GZIP", "ZSTD", "LZ4", "UNCOMPRESSED"):
            raise unsupported(f"the compression {target.compression} of Parquet")
        return ["FORMAT parquet", f"COMPRESSION {compression}"]
    if target.compression not in _SUFFIXES:
        raise unsupported(f"the compression {target.compression} of {target.format}")
    compression = {"NONE": "none"}.get(target.compression, target.compression.lower())
    if target.format == "JSON":
        return ["FORMAT json", f"COMPRESSION {compression}"]
    return [
        "FORMAT csv", "HEADER false", f"DELIMITER {quote_text(target.delimiter)}", "QUOTE ''",
        "ESCAPE ''", "NULLSTR '\\N'", f"COMPRESSION {compression}",
    ]  # fmt: skip


def _stored(sql: str, of: Type, target: _Target) -> str:
    """A value as the format holds it: fields of rows by name, moments in JSON as text."""
    if target.format == "TEXTFILE":
        if of.items or of.name == "varbinary":
            raise unsupported(f"a column of type {of} in TEXTFILE")
        return text_of(sql, of)
    if target.format == "JSON" and (of.is_timestamp or of.name in ("date", "varbinary")):
        return f"to_base64({sql})" if of.name == "varbinary" else text_of(sql, of)
    if of.name == "array":
        name = fresh_name()
        return f"list_transform({sql}, lambda {name}: {_stored(name, of.element, target)})"
    if of.name == "row":
        parts = [
            f"{quote_name(name or row_field(i))} :="
            f" {_stored(f'({sql}).{row_field(i)}', item, target)}"
            for i, (name, item) in enumerate(zip(of.fields, of.items, strict=True))
        ]
        return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"
    return sql


def _outcome(work: Work, written: _Written) -> Outcome:
    """The manifest of what was written, and the number of rows."""
    manifest = f"{work.output}-manifest.csv"
    work.results.put(manifest, "".join(f"{uri}\n" for uri in written.uris).encode())
    work.results.put(f"{work.output}.metadata", b"")
    work.statistics.manifest = manifest
    columns = (ResultColumn("rows", "bigint", 19),)
    return Outcome(columns=columns, update_count=written.rows)
