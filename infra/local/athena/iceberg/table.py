"""A table of Iceberg: its metadata as one caller may read it, and its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyiceberg.exceptions import ValidationError
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from infra.local.athena.catalog import Column, Table
from infra.local.athena.errors import QueryError, unsupported
from infra.local.athena.iceberg.files import ObjectIO, invalid_metadata
from infra.local.athena.iceberg.types import athena_type, hive_type
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

METADATA_LOCATION = "metadata_location"
_READ_VERSIONS = (1, 2)


@dataclass(frozen=True, slots=True)
class TableVersion:
    """A table as of one snapshot: what a scan reads."""

    table: IcebergTable
    snapshot: Snapshot | None
    """None for a table in which nothing was written yet."""
    schema: Schema

    @property
    def columns(self) -> list[tuple[str, Type]]:
        """Names, in lower case, and types.

        Raises:
            QueryError: a column has a type that this engine cannot read.
        """
        return [(each.name.lower(), athena_type(each.field_type)) for each in self.schema.fields]


@dataclass(frozen=True, slots=True)
class IcebergTable:
    """The current metadata of a table, and how its files are read."""

    name: str
    metadata: TableMetadata
    io: ObjectIO

    @classmethod
    def load(cls, table: Table, s3: S3Client) -> IcebergTable:
        """Read the metadata that the catalog points to.

        Raises:
            QueryError: it cannot be read, or is of a format version that Athena does not read.
        """
        name = f"{table.database}.{table.name}"
        location = table.parameters.get(METADATA_LOCATION)
        if location is None:
            raise invalid_metadata(f"Table {name} has no {METADATA_LOCATION}")
        io = ObjectIO(s3)
        try:
            metadata = FromInputFile.table_metadata(io.new_input(location))
        except (ValidationError, ValueError) as error:
            raise invalid_metadata(f"Cannot read {location}: {error}") from error
        if metadata.format_version not in _READ_VERSIONS:
            raise unsupported(f"format version {metadata.format_version} of {name}")
        return cls(name, metadata, io)

    def current(self) -> TableVersion:
        """The table as it is now: the current schema over the current snapshot."""
        return TableVersion(self, self.metadata.current_snapshot(), self.metadata.schema())

    def as_of_version(self, version: int | str) -> TableVersion:
        """The table as of a snapshot's id, or of the name of a branch or a tag.

        Raises:
            QueryError: INVALID_ARGUMENTS, there is none.
        """
        if isinstance(version, int):
            snapshot = self.metadata.snapshot_by_id(version)
            if snapshot is None:
                message = f"Iceberg snapshot ID does not exists: {version}"
                raise QueryError("INVALID_ARGUMENTS", message)
            return self._at(snapshot)
        snapshot = self.metadata.snapshot_by_name(version)
        if snapshot is None:
            message = f"Cannot find snapshot with reference name: {version}"
            raise QueryError("INVALID_ARGUMENTS", message)
        # A branch or a tag is read with the current schema, as the table itself.
        return TableVersion(self, snapshot, self.metadata.schema())

    def as_of_time(self, epoch_micros: int) -> TableVersion:
        """The table as it was at a moment, by the log of its snapshots.

        Raises:
            QueryError: INVALID_ARGUMENTS, it had no snapshot yet.
        """
        epoch_millis = epoch_micros // 1000
        log = [entry for entry in self.metadata.snapshot_log if entry.timestamp_ms <= epoch_millis]
        snapshot = self.metadata.snapshot_by_id(log[-1].snapshot_id) if log else None
        if snapshot is None:
            moment = datetime.fromtimestamp(epoch_millis / 1000, UTC)
            message = f'No version history table "{self.name}" at or before {moment.isoformat()}'
            raise QueryError("INVALID_ARGUMENTS", message)
        return self._at(snapshot)

    def _at(self, snapshot: Snapshot) -> TableVersion:
        """Time travel shows the columns that the table had then."""
        schema = None
        if snapshot.schema_id is not None:
            schema = self.metadata.schema_by_id(snapshot.schema_id)
        return TableVersion(self, snapshot, schema or self.metadata.schema())

    def hive_columns(self) -> tuple[Column, ...]:
        """The current columns as DDL shows them."""
        return tuple(
            Column(field.name.lower(), hive_type(field.field_type), field.doc or "")
            for field in self.metadata.schema().fields
        )
