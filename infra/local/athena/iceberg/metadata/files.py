"""`$manifests` and `$files`: what a snapshot is made of.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html, whose
columns are those of Trino's Iceberg connector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema

from infra.local.athena.iceberg.metadata.table import (
    MetadataTable,
    Row,
    bound_of,
    fixed,
    row_of,
)
from infra.local.athena.iceberg.planning import entries, manifests
from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    VARBINARY,
    VARCHAR,
    array,
    map_of,
    row,
)


def _manifests(version: TableVersion) -> Iterator[Row]:
    specs = version.table.metadata.specs()
    for each in manifests(version):
        types = specs[each.partition_spec_id].partition_type(version.table.metadata.schema()).fields
        yield (
            each.manifest_path,
            each.manifest_length,
            each.partition_spec_id,
            each.added_snapshot_id,
            each.added_files_count,
            each.added_rows_count,
            each.existing_files_count,
            each.existing_rows_count,
            each.deleted_files_count,
            each.deleted_rows_count,
            [
                row_of(
                    summary.contains_null,
                    summary.contains_nan,
                    bound_of(summary.lower_bound, field.field_type),
                    bound_of(summary.upper_bound, field.field_type),
                )
                for summary, field in zip(each.partitions or [], types, strict=True)
            ],
        )


def live_files(version: TableVersion) -> Iterator[DataFile]:
    """The files of data and of deletes of a snapshot."""
    return (entry.data_file for entry in entries(version, manifests(version)))


def _files(version: TableVersion) -> Iterator[Row]:
    schema = version.table.metadata.schema()
    for file in live_files(version):
        yield (
            int(file.content),
            file.file_path,
            file.file_format.value,
            file.record_count,
            file.file_size_in_bytes,
            _counts(file.column_sizes),
            _counts(file.value_counts),
            _counts(file.null_value_counts),
            _counts(file.nan_value_counts),
            _bounds(file.lower_bounds, schema),
            _bounds(file.upper_bounds, schema),
            None,
            file.split_offsets,
            file.equality_ids,
        )


def _counts(counts: Mapping[int, int] | None) -> dict[int, int] | None:
    return None if counts is None else dict(counts)


def _bounds(bounds: Mapping[int, bytes] | None, schema: Schema) -> dict[int, str | None] | None:
    if bounds is None:
        return None
    known = {key: schema.find_type(key) for key in bounds if schema.find_column_name(key)}
    return {key: bound_of(bounds[key], of) for key, of in known.items()}


_SUMMARY = row(
    ("contains_null", "contains_nan", "lower_bound", "upper_bound"),
    (BOOLEAN, BOOLEAN, VARCHAR, VARCHAR),
)
MANIFESTS = MetadataTable(
    fixed(
        ("path", VARCHAR),
        ("length", BIGINT),
        ("partition_spec_id", INTEGER),
        ("added_snapshot_id", BIGINT),
        ("added_data_files_count", INTEGER),
        ("added_rows_count", BIGINT),
        ("existing_data_files_count", INTEGER),
        ("existing_rows_count", BIGINT),
        ("deleted_data_files_count", INTEGER),
        ("deleted_rows_count", BIGINT),
        ("partition_summaries", array(_SUMMARY)),
    ),
    _manifests,
)
FILES = MetadataTable(
    fixed(
        ("content", INTEGER),
        ("file_path", VARCHAR),
        ("file_format", VARCHAR),
        ("record_count", BIGINT),
        ("file_size_in_bytes", BIGINT),
        *(
            (name, map_of(INTEGER, BIGINT))
            for name in (
                "column_sizes",
                "value_counts",
                "null_value_counts",
                "nan_value_counts",
            )
        ),
        ("lower_bounds", map_of(INTEGER, VARCHAR)),
        ("upper_bounds", map_of(INTEGER, VARCHAR)),
        ("key_metadata", VARBINARY),
        ("split_offsets", array(BIGINT)),
        ("equality_ids", array(INTEGER)),
    ),
    _files,
)
