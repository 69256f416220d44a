"""CREATE TABLE AS of Iceberg: the table appears with its rows, or not at all.

Source: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html#ctas-table-properties
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.dml import changes
from infra.local.athena.errors import Position, QueryError, located
from infra.local.athena.iceberg.definition import (
    NewColumn,
    new_metadata,
    read_partitioning,
    table_properties,
)
from infra.local.athena.iceberg.writes.commits import create, with_snapshot
from infra.local.athena.iceberg.writes.data_files import DataFiles, LocalFile, stage, upload
from infra.local.athena.iceberg.writes.snapshots import Change
from infra.local.athena.journal import Outcome
from infra.local.athena.objects import list_objects
from infra.local.athena.queries import named_columns, prepare
from infra.local.athena.types import MICROS, Type
from infra.local.athena.work import Work

Options = Mapping[str, str | list[str]]


def create_iceberg_table_as(
    work: Work, database: str, name: str, options: Options, text: str, *, with_data: bool
) -> Outcome:
    """Make a table of Iceberg of a query, with its rows or without.

    Raises:
        QueryError: the options are wrong, or the location is not empty.
    """
    location = _location(options)
    texts = {key: value for key, value in options.items() if isinstance(value, str)}
    properties = table_properties(texts)
    partitioning = options.get("partitioning", [])
    parts = [partitioning] if isinstance(partitioning, str) else partitioning
    partitions = [read_partitioning(Cursor(part)) for part in parts]
    if next(list_objects(work.clients.s3, location), None) is not None:
        message = f"Cannot create a table on a non-empty location: {location}"
        raise QueryError("ICEBERG_FILESYSTEM_ERROR", message)
    query = prepare(work, text)
    columns = named_columns(query)
    metadata = new_metadata(
        [
            NewColumn(column, _storable(i, field.value.type))
            for i, (column, field) in enumerate(columns.items(), 1)
        ],
        partitions,
        location=location,
        properties=properties,
    )
    writer = DataFiles(work, metadata)
    files: list[LocalFile] = []
    rows = 0
    if with_data:
        values = (field.value.sql for field in columns.values())
        items = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(values))
        staged = stage(work.session, f"SELECT {items} FROM ({query.sql}) AS q")
        rows = work.session.rows(f"SELECT count(*) FROM {staged}")[0][0]
        files = writer.write(staged) if rows else []
    changes.write_manifest(work, files)
    added = [writer.describe(file) for file in files]
    upload(work, files)
    if added:
        properties = changes.snapshot_properties(work)
        metadata = with_snapshot(work, metadata, Change(added=added, properties=properties))
    create(work, database, name, metadata)
    return changes.outcome(work, rows)


def _location(options: Options) -> str:
    if str(options.get("is_external", "true")).lower() != "false":
        message = "Table properties of a table of Iceberg need is_external = false"
        raise QueryError("INVALID_TABLE_PROPERTY", message)
    for name in ("external_location", "partitioned_by", "bucketed_by"):
        if name in options:
            message = f"Table property '{name}' not supported for Iceberg table"
            raise QueryError("INVALID_TABLE_PROPERTY", message)
    location = options.get("location")
    if not isinstance(location, str):
        message = "Table property 'location' is required for an Iceberg table"
        raise QueryError("INVALID_TABLE_PROPERTY", message)
    return location


def _storable(position: int, kind: Type) -> Type:
    """The type of a column, if a table can have it."""
    if kind.name == "unknown":
        message = f"Column type is unknown at position {position}"
        raise located("COLUMN_TYPE_UNKNOWN", message, Position())
    for each in _within(kind):
        if each.is_timestamp and each.second_digits != MICROS:
            precision = f"Timestamp precision ({each.second_digits}) not supported for Iceberg."
            zone = " with time zone" if "zone" in each.name else ""
            message = f'{precision} Use "timestamp(6){zone}" instead.'
            raise QueryError("NOT_SUPPORTED", message)
    return kind


def _within(kind: Type) -> list[Type]:
    return [kind, *(inner for item in kind.items for inner in _within(item))]
