"""A table of the lake in Iceberg, with Glue as its catalog: a change is one snapshot.

Sources: https://iceberg.apache.org/spec/ and https://iceberg.apache.org/docs/latest/aws/#glue-catalog
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import count, pairwise

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchIcebergTableError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.manifest import DataFile, DataFileContent, ManifestFile
from pyiceberg.schema import index_by_name
from pyiceberg.table import Table, Transaction
from pyiceberg.table.name_mapping import create_mapping_from_schema
from pyiceberg.table.snapshots import Operation
from pyiceberg.transforms import IdentityTransform

from lake.tables.bucket import Bucket
from lake.tables.data_files import data_files, part_of
from lake.tables.documents import Change, Part
from lake.tables.file_io import CLIENT, BotoFileIO
from lake.tables.iceberg_schema import iceberg_schema, iceberg_type, table_columns
from lake.tables.objects import split_uri
from lake.tables.overwrite import Overwrite
from lake.tables.schema import Evolution, TableSchema, evolution
from lake.tables.table import GRACE, ChangeRefused, IncompatibleSchema, Warehouse

log = logging.getLogger(__name__)
logging.getLogger("pyiceberg.io").setLevel(logging.WARNING)  # or it names the FileIO at each use

APPLIED = "lake.change"
"""Of the table's properties, and of each snapshot's summary: the number of the change."""
RUN = "lake.run"
ATTEMPTS = 10
"""Commits that may lose against others before the last of their errors is raised."""

_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # An engine that writes besides the lake keeps source keys whole in its statistics.
    "write.metadata.metrics.column.source_key": "full",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
}


class IcebergTable:
    """Implements `LakeTable`."""

    def __init__(self, schema: TableSchema, warehouse: Warehouse) -> None:
        self.schema = schema
        self.warehouse = warehouse
        self._identifier = (warehouse.database, schema.name)

    @property
    def name(self) -> str:
        """The table's name in Glue."""
        return self.schema.name

    @property
    def prefix(self) -> str:
        """The root of the table's objects in the curated bucket."""
        return self.schema.prefix

    def ensure(self) -> dict[str, int]:
        """Create the table, or give it the data set's columns; the field ids come back."""
        try:
            table = self.load()
        except NoSuchTableError:
            table = self._create()
        for _ in range(ATTEMPTS):
            try:
                self._evolve(table)
                break
            except CommitFailedException as conflict:
                log.info("%s changed meanwhile: %s", self.name, conflict)
                table = self.load()
        else:
            raise CommitFailedException(f"{self.name} keeps changing under its evolution")
        return self.field_ids()

    def field_ids(self) -> dict[str, int]:
        """The field ids of the columns, and of the fields inside of them."""
        return index_by_name(self.load().schema())

    def parts(self) -> list[Part]:
        """The live parts."""
        table = self.load()
        return [part_of(table, listed) for listed in _live(table)]

    def applied(self) -> int:
        """The number of the last change that the table shows."""
        return _applied(self.load())

    def apply(self, change: Change) -> None:
        """Make a change visible, in one snapshot."""
        for _ in range(ATTEMPTS):
            table = self.load()
            last = _applied(table)
            if last >= change.number:
                return
            if last != change.number - 1:
                raise ChangeRefused(
                    f"{self.name} shows change {last}: {last + 1} comes next, not {change.number}"
                )
            try:
                self._commit(table, change)
            except CommitFailedException as conflict:
                log.info("%s changed meanwhile: %s", self.name, conflict)
            else:
                return
        raise CommitFailedException(f"{self.name} keeps changing under change {change.number}")

    def expire(self, *, before: datetime, needed: Collection[str] = ()) -> int:
        """Forget old snapshots, delete what nothing needs any more."""
        for _ in range(ATTEMPTS):
            table = self.load()
            try:
                if _expirable(table, before):
                    table.maintenance.expire_snapshots().older_than(before).commit()
                break
            except CommitFailedException as conflict:
                log.info("%s changed meanwhile: %s", self.name, conflict)
        else:
            raise CommitFailedException(f"{self.name} keeps changing under its maintenance")
        return Bucket(self.warehouse).delete_unneeded(
            self.prefix,
            before=datetime.now(UTC) - GRACE,
            keys=_reachable(self.load()),
            prefixes=needed,
        )

    @cached_property
    def _catalog(self) -> GlueCatalog:
        return glue_catalog(self.warehouse)

    def load(self) -> Table:
        """The table as it stands, for pyiceberg's own readers.

        Raises:
            IncompatibleSchema: Glue has a table of this name that is not in Iceberg.
        """
        try:
            return self._catalog.load_table(self._identifier)
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise IncompatibleSchema(
                f"table {self.name} is in Glue but not in Iceberg, as {self.schema.origin} wants "
                "it: say `format: parquet`, or give the data set a new table"
            ) from error

    def _create(self) -> Table:
        schema, spec = iceberg_schema(self.schema)
        properties = {
            **_PROPERTIES,
            "schema.name-mapping.default": create_mapping_from_schema(schema).model_dump_json(),
            **self._described,
        }
        try:
            return self._catalog.create_table(
                self._identifier,
                schema,
                location=f"s3://{self.warehouse.bucket}/{self.prefix.removesuffix('/')}",
                partition_spec=spec,
                properties=properties,
            )
        except TableAlreadyExistsError:
            return self.load()

    @property
    def _described(self) -> dict[str, str]:
        """The description: where pyiceberg takes Glue's from, and where engines look."""
        return {"Description": self.schema.description, "comment": self.schema.description}

    def _evolve(self, table: Table) -> None:
        wanted = evolution(self.schema, table_columns(table.schema()), self._partitions(table))
        described = {k: v for k, v in self._described.items() if table.properties.get(k) != v}
        with table.transaction() as transaction:
            if wanted:
                _update_columns(transaction, wanted, [c.name for c in self.schema.columns])
            if described:
                transaction.set_properties(described)

    def _partitions(self, table: Table) -> list[str]:
        """The columns that the table is partitioned by; a transform stands by its name."""
        columns = table.schema()
        return [
            columns.find_field(field.source_id).name
            if isinstance(field.transform, IdentityTransform)
            else f"{field.transform}({columns.find_field(field.source_id).name})"
            for field in table.spec().fields
        ]

    def _commit(self, table: Table, change: Change) -> None:
        added = data_files(table, self.warehouse, change.add)
        removed = self._removed(table, change)
        number = {APPLIED: str(change.number)}
        summary = {**number, RUN: change.run_id}
        with table.transaction() as transaction:
            if removed:
                replaced = Overwrite(
                    Operation.OVERWRITE, transaction, table.io, snapshot_properties=summary
                )
                with replaced as snapshot:
                    for listed in removed:
                        snapshot.delete_data_file(listed)
                    for listed in added:
                        snapshot.append_data_file(listed)
            elif added:
                with transaction.update_snapshot(summary).merge_append() as snapshot:
                    for listed in added:
                        snapshot.append_data_file(listed)
            transaction.set_properties(number)

    def _removed(self, table: Table, change: Change) -> list[DataFile]:
        if not change.remove:
            return []
        live = {split_uri(listed.file_path)[1]: listed for listed in _live(table)}
        if missing := [key for key in change.remove if key not in live]:
            raise ChangeRefused(
                f"change {change.number} of {self.name} removes what is not in it: "
                f"{', '.join(missing[:3])}; did another program rewrite the table?"
            )
        return [live[key] for key in change.remove]


def glue_catalog(warehouse: Warehouse) -> GlueCatalog:
    """Glue as pyiceberg's catalog, with the warehouse's own clients."""
    properties = {
        "py-io-impl": f"{BotoFileIO.__module__}.{BotoFileIO.__qualname__}",
        CLIENT: warehouse.s3,
    }
    return GlueCatalog("glue", client=warehouse.glue, **properties)


def _applied(table: Table) -> int:
    return int(table.properties.get(APPLIED, 0))


def _live(table: Table) -> Iterator[DataFile]:
    """The data files of the current snapshot."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            if entry.data_file.content == DataFileContent.DATA:
                yield entry.data_file


def _expirable(table: Table, before: datetime) -> bool:
    """Whether a snapshot is older that no branch or tag is at; a commit is not made for nothing."""
    kept = {ref.snapshot_id for ref in table.metadata.refs.values()}
    moment = before.timestamp() * 1000
    return any(s.timestamp_ms < moment and s.snapshot_id not in kept for s in table.snapshots())


def _reachable(table: Table) -> set[str]:
    """The keys of every object that the table's metadata leads to."""
    locations = {table.metadata_location}
    locations |= {entry.metadata_file for entry in table.metadata.metadata_log}
    locations |= {file.statistics_path for file in table.metadata.statistics}
    manifests: dict[str, ManifestFile] = {}
    for snapshot in table.snapshots():
        locations.add(snapshot.manifest_list)
        manifests |= {each.manifest_path: each for each in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        locations.add(path)
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        locations |= {entry.data_file.file_path for entry in entries}
    return {split_uri(location)[1] for location in locations}


def _update_columns(transaction: Transaction, wanted: Evolution, order: list[str]) -> None:
    with transaction.update_schema() as update:
        for name in wanted.dropped:
            update.delete_column(name)
        for column in wanted.added:
            kind = iceberg_type(column.parsed, count(1).__next__)
            update.add_column(column.name, kind, column.comment or None)
        for column in wanted.widened:
            kind = iceberg_type(column.parsed, count(1).__next__)
            update.update_column(column.name, kind, doc=column.comment)
        for column in wanted.commented:
            update.update_column(column.name, doc=column.comment)
        if wanted.reordered:
            update.move_first(order[0])
            for before, name in pairwise(order):
                update.move_after(name, before)
