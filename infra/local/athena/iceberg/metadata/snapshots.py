"""`$snapshots`, `$history` and `$refs`: what the table was, and how it came to be.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html, whose
columns are those of Trino's Iceberg connector.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from infra.local.athena.iceberg.metadata.table import MetadataTable, Row, fixed
from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    MILLIS,
    VARCHAR,
    map_of,
    timestamp,
)

_MOMENT = timestamp(MILLIS, zone="UTC")


def _moment(epoch_millis: int) -> str:
    seconds, millis = divmod(epoch_millis, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03}Z"


def _snapshots(version: TableVersion) -> Iterator[Row]:
    for each in version.table.metadata.snapshots:
        summary = each.summary
        yield (
            _moment(each.timestamp_ms),
            each.snapshot_id,
            each.parent_snapshot_id,
            summary.operation.value if summary else None,
            each.manifest_list,
            summary.additional_properties if summary else None,
        )


def _history(version: TableVersion) -> Iterator[Row]:
    metadata = version.table.metadata
    ancestors = set()
    current = metadata.current_snapshot()
    while current is not None:
        ancestors.add(current.snapshot_id)
        parent = current.parent_snapshot_id
        current = metadata.snapshot_by_id(parent) if parent is not None else None
    for entry in metadata.snapshot_log:
        snapshot = metadata.snapshot_by_id(entry.snapshot_id)
        yield (
            _moment(entry.timestamp_ms),
            entry.snapshot_id,
            snapshot.parent_snapshot_id if snapshot else None,
            entry.snapshot_id in ancestors,
        )


def _refs(version: TableVersion) -> Iterator[Row]:
    for name, ref in version.table.metadata.refs.items():
        yield (
            name,
            ref.snapshot_ref_type.value.upper(),
            ref.snapshot_id,
            ref.max_ref_age_ms,
            ref.min_snapshots_to_keep,
            ref.max_snapshot_age_ms,
        )


SNAPSHOTS = MetadataTable(
    fixed(
        ("committed_at", _MOMENT),
        ("snapshot_id", BIGINT),
        ("parent_id", BIGINT),
        ("operation", VARCHAR),
        ("manifest_list", VARCHAR),
        ("summary", map_of(VARCHAR, VARCHAR)),
    ),
    _snapshots,
)
HISTORY = MetadataTable(
    fixed(
        ("made_current_at", _MOMENT),
        ("snapshot_id", BIGINT),
        ("parent_id", BIGINT),
        ("is_current_ancestor", BOOLEAN),
    ),
    _history,
)
REFS = MetadataTable(
    fixed(
        ("name", VARCHAR),
        ("type", VARCHAR),
        ("snapshot_id", BIGINT),
        ("max_reference_age_in_ms", BIGINT),
        ("min_snapshots_to_keep", INTEGER),
        ("max_snapshot_age_in_ms", BIGINT),
    ),
    _refs,
)
