"""A table of Iceberg as a statement defines it: columns, partitions, properties.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import parse_transform

from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.errors import ErrorType, Position, QueryError, located, unsupported
from infra.local.athena.iceberg.types import iceberg_type
from infra.local.athena.types import Type

FIRST_PARTITION_FIELD_ID = 1000
"""As Iceberg counts them."""

_OWN_PROPERTIES = (
    "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold",
    "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_min_data_file_size_bytes",
    "vacuum_max_metadata_files_to_keep",
    "vacuum_max_snapshot_age_seconds",
    "vacuum_min_snapshots_to_keep",
    "write_target_data_file_size_bytes",
)
"""Those that Athena has of its own, which the table keeps as they are."""
_COMPRESSIONS = ("ZSTD", "SNAPPY", "GZIP", "LZ4", "NONE")


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column of a new table."""

    name: str
    type: Type
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Partitioning:
    """One part of PARTITIONED BY: `column`, or `transform(column)` with a width or a number."""

    column: str
    transform: str = "identity"
    parameter: int | None = None

    @property
    def name(self) -> str:
        """As Iceberg calls the field of the partition."""
        suffix = {"identity": "", "truncate": "_trunc"}.get(self.transform, f"_{self.transform}")
        return f"{self.column}{suffix}"


_TRANSFORMS = ("year", "month", "day", "hour", "bucket", "truncate")


def read_partitioning(cursor: Cursor) -> Partitioning:
    """`column`, `day(column)`, `bucket(16, column)` of DDL or `bucket(column, 16)` of a query.

    Raises:
        QueryError: it is none of them.
    """
    name = cursor.name()
    if not cursor.accept("("):
        return Partitioning(name)
    words = [cursor.name()]
    while cursor.accept(","):
        words.append(cursor.name())
    cursor.expect(")")
    numbers = [int(word) for word in words if word.isdecimal()]
    columns = [word for word in words if not word.isdecimal()]
    wanted = 1 if name in ("bucket", "truncate") else 0
    if name not in _TRANSFORMS or len(columns) != 1 or len(numbers) != wanted:
        message = f"Unsupported partition transform: {name}({', '.join(words)})"
        raise located("NOT_SUPPORTED", message, Position())
    return Partitioning(columns[0], name, numbers[0] if numbers else None)


def table_properties(given: Mapping[str, str]) -> dict[str, str]:
    """The properties of Athena as the table keeps them.

    Raises:
        QueryError: Athena knows no such property, or this engine cannot write as it says.
    """
    kept: dict[str, str] = {}
    for name, value in given.items():
        match name.lower():
            case "table_type" | "is_external" | "location" | "partitioning":
                continue
            case "format":
                if value.upper() != "PARQUET":
                    raise unsupported(f"writing {value.upper()} into a table of Iceberg")
                kept["write.format.default"] = "parquet"
            case "write_compression":
                if value.upper() not in _COMPRESSIONS:
                    raise unsupported(f"the compression {value.upper()} of Parquet")
                codec = {"none": "uncompressed"}.get(value.lower(), value.lower())
                kept["write.parquet.compression-codec"] = codec
            case own if own in _OWN_PROPERTIES:
                kept[own] = value
            case _:
                message = f"Unsupported table property key: {name}"
                raise QueryError("", message, error_type=ErrorType.USER)
    return kept


def new_metadata(
    columns: Sequence[NewColumn],
    partitions: Sequence[Partitioning],
    *,
    location: str,
    properties: Mapping[str, str],
) -> TableMetadata:
    """The metadata of a table without rows, of version 2 of the format.

    Raises:
        QueryError: a column has a type that Iceberg has not, or cannot be partitioned so.
    """
    ids = count(1)
    schema = Schema(
        *(
            iceberg.NestedField(
                next(ids),
                column.name,
                iceberg_type(column.type, ids),
                False,
                column.comment or None,
            )
            for column in columns
        )
    )
    return new_table_metadata(
        schema,
        PartitionSpec(*(_field(schema, each, i) for i, each in enumerate(partitions))),
        UNSORTED_SORT_ORDER,
        location.rstrip("/"),
        {"write.parquet.compression-codec": "zstd", **properties, "format-version": "2"},
    )


def _field(schema: Schema, wanted: Partitioning, number: int) -> PartitionField:
    field = next((each for each in schema.fields if each.name == wanted.column), None)
    if field is None:
        message = f"Partition column '{wanted.column}' is not in the table"
        raise located("COLUMN_NOT_FOUND", message, Position())
    parameter = "" if wanted.parameter is None else f"[{wanted.parameter}]"
    transform = parse_transform(f"{wanted.transform}{parameter}")
    if not transform.can_transform(field.field_type) or field.field_type.is_struct:
        message = (
            f"Column '{wanted.column}' of type {field.field_type} has no {transform} partition"
        )
        raise located("NOT_SUPPORTED", message, Position())
    return PartitionField(field.field_id, FIRST_PARTITION_FIELD_ID + number, transform, wanted.name)
