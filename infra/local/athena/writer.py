"""The rows of a query as files in S3: Parquet, JSON or text, in folders named after partitions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from infra.local.athena.catalog import NULL_PARTITION
from infra.local.athena.ddl.partitions import Values, folder
from infra.local.athena.ddl.storage import JSON, PARQUET, TEXTFILE, FileFormat
from infra.local.athena.errors import Position, QueryError, located, unsupported
from infra.local.athena.objects import list_objects
from infra.local.athena.queries import named_columns
from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.scope import Field
from infra.local.athena.sql.text import fresh_name, text_of
from infra.local.athena.types import MILLIS, Type, row_field
from infra.local.athena.work import Work

MAX_PARTITIONS = 100
"""Partitions that one statement may write, as in Athena."""

FORMATS: dict[str, FileFormat] = {"PARQUET": PARQUET, "JSON": JSON, "TEXTFILE": TEXTFILE}
COMPRESSIONS = {"PARQUET": "GZIP", "JSON": "GZIP", "TEXTFILE": "GZIP"}
"""What Athena compresses with when nothing is said."""
_SUFFIXES = {"GZIP": ".gz", "ZSTD": ".zst", "NONE": ""}


@dataclass(slots=True)
class Target:
    """Where and how rows are written."""

    location: str
    format: str = "PARQUET"
    compression: str = ""
    partitioned_by: list[str] = field(default_factory=list)
    delimiter: str = "\x01"


@dataclass(frozen=True, slots=True)
class Written:
    """The addresses of the objects, and the partitions in which they lie."""

    uris: list[str]
    partitions: list[Values]
    rows: int


_UNSTORABLE = (
    "unknown", "json", "time", "timestamp with time zone", "interval day to second",
    "interval year to month",
)  # fmt: skip


def refuse_unstorable(of: Type) -> None:
    """QueryError for a type that no table of Glue can have."""
    for each in (of, *of.items):
        if each.name in _UNSTORABLE:
            raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {each}")
        if each.is_timestamp and each.second_digits > MILLIS:
            message = f"Incorrect timestamp precision for {each}"
            raise QueryError(
                "NOT_SUPPORTED", f"{message}; the configured precision is MILLISECONDS"
            )
        if None in each.fields:
            raise QueryError(
                "NOT_SUPPORTED",
                "Anonymous row type is not supported in Hive."
                f" Please give each field a name: {each}",
            )
        if each is not of:
            refuse_unstorable(each)


def write(work: Work, query: Query, target: Target) -> Written:
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
        refuse_unstorable(column.value.type)
    for key in target.partitioned_by:
        if key not in columns:
            message = f"Partition column '{key}' is not in the query"
            raise located("COLUMN_NOT_FOUND", message, Position())
    directory = work.session.directory / "written"
    rows = work.session.rows(_copy(query, columns, target, directory))[0][0]
    if not rows:
        return Written([], [], 0)
    paths = sorted(path for path in directory.rglob("data*") if path.is_file())
    files = {path: _partition(directory, path) for path in paths}
    partitions = list(dict.fromkeys(files.values()))
    if len(partitions) > MAX_PARTITIONS:
        raise QueryError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions/buckets",
        )
    uris = [_upload(work, path, values, target) for path, values in files.items()]
    return Written(uris, partitions if target.partitioned_by else [], rows)


def _partition(directory: Path, path: Path) -> Values:
    """The values in the names of the folders that DuckDB made."""
    folders = path.parent.relative_to(directory).parts
    return tuple(unquote(part.partition("=")[2]) for part in folders)


def _upload(work: Work, path: Path, values: Values, target: Target) -> str:
    work.session.check()
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    suffix = "" if target.format == "PARQUET" else _SUFFIXES[target.compression]
    name = f"{stamp}_{work.execution_id[:5]}_{uuid.uuid4()}{suffix}"
    uri = f"{folder(target.location, target.partitioned_by, values)}{name}"
    work.results.upload(uri, path)
    return uri


def _copy(query: Query, columns: dict[str, Field], target: Target, directory: Path) -> str:
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


def _copy_options(target: Target) -> Sequence[str]:
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


def _stored(sql: str, of: Type, target: Target) -> str:
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
