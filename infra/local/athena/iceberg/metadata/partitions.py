"""`$partitions`: rows, files and bounds of each partition.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html, whose
columns are those of Trino's Iceberg connector.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IcebergType, NestedField, PrimitiveType

from infra.local.athena.iceberg.metadata.files import live_files
from infra.local.athena.iceberg.metadata.table import (
    Columns,
    MetadataTable,
    Row,
    row_of,
    text_of,
)
from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.types import BIGINT, Type, row


def _partition_fields(version: TableVersion) -> list[NestedField]:
    """The fields of every way in which the table was partitioned, each once."""
    metadata = version.table.metadata
    known = {field.field_id for field in metadata.schema().fields}
    found: dict[int, NestedField] = {}
    for spec in metadata.partition_specs:
        if all(field.source_id in known for field in spec.fields):
            for field in spec.partition_type(metadata.schema()).fields:
                found.setdefault(field.field_id, field)
    return list(found.values())


def _measured(version: TableVersion) -> list[NestedField]:
    """The columns whose bounds are shown: simple ones by which the table is not partitioned."""
    metadata = version.table.metadata
    keys = {
        field.source_id
        for field in metadata.spec().fields
        if isinstance(field.transform, IdentityTransform)
    }
    return [
        field
        for field in metadata.schema().fields
        if field.field_id not in keys and isinstance(field.field_type, PrimitiveType)
    ]


def _row_type(fields: Sequence[NestedField], of: Callable[[IcebergType], Type]) -> Type:
    names = tuple(field.name.lower() for field in fields)
    return row(names, tuple(of(field.field_type) for field in fields))


def _measures(of: IcebergType) -> Type:
    names = ("min", "max", "null_count", "nan_count")
    return row(names, (athena_type(of), athena_type(of), BIGINT, BIGINT))


def _partition_columns(version: TableVersion) -> Columns:
    fields, measured = _partition_fields(version), _measured(version)
    columns: Columns = [("partition", _row_type(fields, athena_type))] if fields else []
    columns += [(name, BIGINT) for name in ("record_count", "file_count", "total_size")]
    return [*columns, ("data", _row_type(measured, _measures))] if measured else columns


def _partitions(version: TableVersion) -> Iterator[Row]:
    specs = version.table.metadata.specs()
    fields, measured = _partition_fields(version), _measured(version)
    groups: dict[tuple[str | None, ...], list[DataFile]] = defaultdict(list)
    for file in live_files(version):
        if file.content is DataFileContent.DATA:
            own = {each.field_id: i for i, each in enumerate(specs[file.spec_id].fields)}
            values = tuple(
                text_of(file.partition[own[field.field_id]], field.field_type)
                if field.field_id in own
                else None
                for field in fields
            )
            groups[values].append(file)
    for values, files in groups.items():
        yield (
            *([row_of(*values)] if fields else []),
            sum(file.record_count for file in files),
            len(files),
            sum(file.file_size_in_bytes for file in files),
            *([row_of(*(_measure(files, field) for field in measured))] if measured else []),
        )


def _measure(files: Sequence[DataFile], field: NestedField) -> dict[str, Any]:
    """Bounds and counts over all files; a bound is known when every file has it."""

    def bound(side: str, choose: Callable[[list[Any]], Any]) -> str | None:
        of_files: list[dict[int, bytes]] = [getattr(file, side) or {} for file in files]
        found = [each[field.field_id] for each in of_files if field.field_id in each]
        if len(found) < len(files) or not isinstance(field.field_type, PrimitiveType):
            return None
        chosen = choose([from_bytes(field.field_type, content) for content in found])
        return text_of(chosen, field.field_type)

    def count(name: str) -> int | None:
        of_files: list[dict[int, int]] = [getattr(file, name) or {} for file in files]
        found = [each[field.field_id] for each in of_files if field.field_id in each]
        return sum(found) if len(found) == len(files) else None

    return row_of(
        bound("lower_bounds", min),
        bound("upper_bounds", max),
        count("null_value_counts"),
        count("nan_value_counts"),
    )


PARTITIONS = MetadataTable(_partition_columns, _partitions)
