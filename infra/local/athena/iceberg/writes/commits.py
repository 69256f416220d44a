"""A change of a table made visible: Glue is told of new metadata, if nobody was faster.

Source: https://iceberg.apache.org/docs/latest/aws/#optimistic-locking
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import Table as LoadedTable
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    AssertCurrentSchemaId,
    AssertDefaultSpecId,
    AssertRefSnapshotId,
    AssertTableUUID,
    SetSnapshotRefUpdate,
    TableUpdate,
    update_table_metadata,
)
from pyiceberg.typedef import Properties

from infra.local.athena.catalog import CATALOG, Table, catalog_error
from infra.local.athena.errors import ErrorType, Position, QueryError, located
from infra.local.athena.iceberg.files import ObjectIO
from infra.local.athena.iceberg.writes.snapshots import Change, SnapshotWriter
from infra.local.athena.work import Work

if TYPE_CHECKING:
    from infra.local.athena.iceberg.table import IcebergTable

ATTEMPTS = 10
"""Commits that may lose against others before the statement fails."""
_LONGEST_PAUSE_SECONDS = 0.5


class _AssertSnapshots(AssertTableUUID):
    """It is the same table, and has each snapshot still: another VACUUM may have taken some."""

    snapshot_ids: frozenset[int]

    @classmethod
    def of(cls, metadata: TableMetadata) -> Self:
        ids = frozenset(snapshot.snapshot_id for snapshot in metadata.snapshots)
        return cls(uuid=metadata.table_uuid, snapshot_ids=ids)

    def validate(  # type: ignore[override] # pyiceberg's own, which hides pydantic's
        self, base_metadata: TableMetadata | None
    ) -> None:
        super().validate(base_metadata)
        there = {each.snapshot_id for each in base_metadata.snapshots} if base_metadata else set()
        if not self.snapshot_ids <= there:
            raise CommitFailedException("Snapshots expired meanwhile")


class _CallerIO(ObjectIO):
    """The form in which pyiceberg's catalog wants it: made of properties."""

    def __init__(self, properties: Properties) -> None:
        super().__init__(properties["s3"], properties["s3-options"])


def caller_catalog(work: Work) -> GlueCatalog:
    """Glue as pyiceberg's catalog, in the name of the statement's caller."""
    properties = {
        "py-io-impl": f"{_CallerIO.__module__}.{_CallerIO.__qualname__}",
        "s3": work.clients.s3,
        "s3-options": work.results.options,
    }
    return GlueCatalog(CATALOG, client=work.clients.glue, **properties)


def caller_io(work: Work) -> ObjectIO:
    """The files of tables, written in the name of the statement's caller."""
    return ObjectIO(work.clients.s3, work.results.options)


def create(work: Work, database: str, name: str, metadata: TableMetadata) -> None:
    """Register a new table.

    Raises:
        QueryError: there is a table of that name, or the caller may not make one.
    """
    location = f"{metadata.location}/metadata/00000-{uuid.uuid4()}.metadata.json"
    ToOutputFile.table_metadata(metadata, caller_io(work).new_output(location))
    try:
        caller_catalog(work).register_table((database, name), location)
    except TableAlreadyExistsError as error:
        where = f"'{CATALOG}.{database}.{name}'"
        message = f"Table {where} already exists"
        raise located("TABLE_ALREADY_EXISTS", message, Position()) from error
    except ClientError as error:
        raise catalog_error(error) from error


def with_snapshot(work: Work, metadata: TableMetadata, change: Change) -> TableMetadata:
    """The metadata of a table that is not registered yet, with its first snapshot."""
    writer = SnapshotWriter(metadata, caller_io(work), snapshot_id=metadata.new_snapshot_id())
    return update_table_metadata(metadata, _updates(writer.write(change)))


def commit_change(
    work: Work, table: Table, read: IcebergTable, change: Change, *, read_rows: bool
) -> None:
    """Make a change of rows visible, as one snapshot.

    `read` is what the statement saw. Another commit meanwhile goes with an INSERT, unless it
    changed the columns or the partitions. It does not go with a statement whose change comes of
    the table's rows (`read_rows`), be it one that adds rows alone: a MERGE would insert the row
    that another has inserted. So does Trino, whose isolation is serializable by default
    (https://iceberg.apache.org/docs/latest/configuration/#write-properties).

    Raises:
        QueryError: ICEBERG_COMMIT_ERROR, and nothing is visible.
    """
    snapshot_id = read.metadata.new_snapshot_id()

    def updates(metadata: TableMetadata) -> Sequence[TableUpdate] | None:
        if metadata.snapshot_by_id(snapshot_id) is not None:
            return None
        moved = metadata.current_snapshot_id != read.metadata.current_snapshot_id
        if _shape(metadata) != _shape(read.metadata) or (moved and read_rows):
            raise conflict(table)
        writer = SnapshotWriter(metadata, caller_io(work), snapshot_id=snapshot_id)
        return _updates(writer.write(change))

    commit(work, table, read.metadata, updates)


def _shape(metadata: TableMetadata) -> tuple[object, ...]:
    """What the files of a change were written for."""
    return (
        metadata.table_uuid,
        metadata.current_schema_id,
        metadata.default_spec_id,
        metadata.location,
    )


def _updates(snapshot: Snapshot) -> tuple[TableUpdate, ...]:
    reference = SetSnapshotRefUpdate(
        snapshot_id=snapshot.snapshot_id,
        ref_name=MAIN_BRANCH,
        type=SnapshotRefType.BRANCH,
        max_ref_age_ms=None,
        max_snapshot_age_ms=None,
        min_snapshots_to_keep=None,
    )
    return AddSnapshotUpdate(snapshot=snapshot), reference


def commit(
    work: Work,
    table: Table,
    metadata: TableMetadata,
    updates: Callable[[TableMetadata], Sequence[TableUpdate] | None],
) -> None:
    """Commit what `updates` makes of the metadata, again after each commit that was faster.

    It answers None when the table shows the change: an answer of Glue may be lost, its work not.

    Raises:
        QueryError: the change does not go with another, or the caller may not make it.
    """
    catalog = caller_catalog(work)
    identifier = (table.database, table.name)
    for attempt in range(ATTEMPTS):
        wanted = updates(metadata)
        if wanted is None:
            return
        requirements = (
            _AssertSnapshots.of(metadata),
            AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=metadata.current_snapshot_id),
            AssertCurrentSchemaId(current_schema_id=metadata.current_schema_id),
            AssertDefaultSpecId(default_spec_id=metadata.default_spec_id),
        )
        based_on = LoadedTable(identifier, metadata, "", caller_io(work), catalog)
        work.session.check()
        try:
            catalog.commit_table(based_on, requirements, tuple(wanted))
        except CommitFailedException:
            time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS) * attempt / ATTEMPTS)  # noqa: S311
        except ClientError as error:
            raise catalog_error(error) from error
        else:
            return
        try:
            metadata = catalog.load_table(identifier).metadata
        except NoSuchTableError as error:
            raise conflict(table) from error
    raise conflict(table)


def conflict(table: Table) -> QueryError:
    """A change that does not go with one that was faster."""
    return QueryError(
        "ICEBERG_COMMIT_ERROR",
        f"Failed to commit Iceberg update to table: {table.database}.{table.name}."
        " Another statement changed the table meanwhile: run this one again",
        error_type=ErrorType.DATA,
    )
