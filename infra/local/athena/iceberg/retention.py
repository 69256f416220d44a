"""How much of its past a table keeps, as its properties for VACUUM say.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Self

from pyiceberg.table import TableProperties
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import ancestors_of
from pyiceberg.table.update import RemoveSnapshotsUpdate, SetPropertiesUpdate, TableUpdate

from infra.local.athena.errors import QueryError


@dataclass(frozen=True, slots=True)
class Retention:
    """What VACUUM leaves."""

    max_snapshot_age_seconds: int = 432_000
    """Younger snapshots stay, and so does any object that was written since."""
    min_snapshots_to_keep: int = 1
    """The last ones of a branch, however old they are."""
    max_metadata_files_to_keep: int = 100
    """Metadata files before the current one."""

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> Self:
        """As the properties of a table say, with Athena's defaults.

        Raises:
            QueryError: a property is no number.
        """
        said = {
            each.name: _number(name, properties[name])
            for each in fields(cls)
            if (name := f"vacuum_{each.name}") in properties
        }
        return cls(**said)

    def updates(self, metadata: TableMetadata, *, before: datetime) -> Sequence[TableUpdate]:
        """What makes the metadata forget what is older than `before`; nothing if it is so."""
        result: list[TableUpdate] = []
        if expired := self._expired(metadata, before):
            result.append(RemoveSnapshotsUpdate(snapshot_ids=expired))
        # Every commit shortens the log to this property, the one that sets it too.
        length = TableProperties.METADATA_PREVIOUS_VERSIONS_MAX
        default = str(TableProperties.METADATA_PREVIOUS_VERSIONS_MAX_DEFAULT)
        wanted = str(max(1, self.max_metadata_files_to_keep))
        if metadata.properties.get(length, default) != wanted:
            result.append(SetPropertiesUpdate(updates={length: wanted}))
        return result

    def _expired(self, metadata: TableMetadata, before: datetime) -> list[int]:
        kept: set[int] = set()
        for ref in metadata.refs.values():
            kept.add(ref.snapshot_id)
            if ref.snapshot_ref_type is SnapshotRefType.BRANCH:
                branch = ancestors_of(metadata.snapshot_by_id(ref.snapshot_id), metadata)
                last = islice(branch, self.min_snapshots_to_keep)
                kept.update(snapshot.snapshot_id for snapshot in last)
        before_millis = before.timestamp() * 1000
        return [
            snapshot.snapshot_id
            for snapshot in metadata.snapshots
            if snapshot.timestamp_ms < before_millis and snapshot.snapshot_id not in kept
        ]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        message = f"{name} should be a number, 0 or more: {text!r}"
        raise QueryError("INVALID_TABLE_PROPERTY", message)
    return int(text)
