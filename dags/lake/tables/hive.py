"""A table of the lake in plain Parquet files and Hive partitions, for readers without Iceberg.

A change assembles each partition that it touches in a place of its own, by copies on the server,
then points the partition there: a reader sees a partition before the change or after it. With
partition projection a place is for ever, and a reader may see some of a change's objects.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lake.tables.bucket import Bucket
from lake.tables.documents import Change, Part
from lake.tables.hive_glue import (
    APPLIED,
    columns_in,
    projection_parameters,
    table_input,
    without_projection,
)
from lake.tables.hive_partitions import HivePartitions
from lake.tables.inventory import Inventory, Layout
from lake.tables.schema import TableSchema, evolution
from lake.tables.table import GRACE, ChangeRefused, IncompatibleSchema, Warehouse

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

log = logging.getLogger(__name__)

ATTEMPTS = 10
"""Updates of the table that may lose against others before the last error is raised."""


class HiveTable:
    """Implements `LakeTable`."""

    def __init__(self, schema: TableSchema, warehouse: Warehouse) -> None:
        self.schema = schema
        self.warehouse = warehouse
        self._layout = Layout(prefix=schema.prefix, fixed=bool(schema.projection))
        self._partitions = HivePartitions(schema, warehouse)
        self._objects = Bucket(warehouse)

    @property
    def name(self) -> str:
        """The table's name in Glue."""
        return self.schema.name

    @property
    def prefix(self) -> str:
        """The root of the table's objects in the curated bucket."""
        return self.schema.prefix

    def field_ids(self) -> dict[str, int]:
        """None: plain Parquet is read by name."""
        return {}

    def ensure(self) -> dict[str, int]:
        """Create the table, or give it and its partitions the data set's columns."""
        for _ in range(ATTEMPTS):
            table = self._find()
            if table is None:
                self._create()
            elif self._evolved(table):
                return {}
        raise RuntimeError(f"{self.name} keeps changing under its evolution")

    def parts(self) -> list[Part]:
        """The live parts."""
        return list(self._inventory(self.applied()).parts)

    def applied(self) -> int:
        """The number of the last change that the table shows."""
        return _applied(self._table())

    def apply(self, change: Change) -> None:
        """Make a change visible, a partition at a time."""
        for _ in range(ATTEMPTS):
            table = self._table()
            last = _applied(table)
            if last >= change.number:
                return
            if last != change.number - 1:
                raise ChangeRefused(
                    f"{self.name} shows change {last}: {last + 1} comes next, not {change.number}"
                )
            after, copies = self._layout.after(self._inventory(last), change)
            key = self._layout.inventory_key(after.number)
            self._objects.put(key, after.model_dump_json().encode())
            self._objects.copy(copies)
            self._swap(after)
            if self._layout.fixed:
                self._objects.delete(change.remove)
            location = self._location(after)
            if self._update(table, number=change.number, location=location):
                return
            self._give_way(copies)
        raise RuntimeError(f"{self.name} keeps changing under change {change.number}")

    def expire(self, *, before: datetime, needed: Collection[str] = ()) -> int:
        """Delete what nothing needs any more; there is no time travel, so `before` says nothing."""
        del before
        day_ago = datetime.now(UTC) - GRACE
        keys = self._needed_since(day_ago)
        return self._objects.delete_unneeded(
            self.prefix, before=day_ago, keys=keys, prefixes=needed
        )

    def _needed_since(self, moment: datetime) -> set[str]:
        """The objects that the table had at any time since: a query may still read them."""
        number = self.applied()
        keys: set[str] = set()
        for found in sorted(
            self._objects.listed(self._layout.inventories), key=lambda f: f.key, reverse=True
        ):
            keys.add(found.key)
            inventory = Inventory.model_validate_json(self._objects.get(found.key))
            keys |= {part.key for part in inventory.parts}
            if found.modified < moment and inventory.number <= number:
                break
        return keys

    def _swap(self, after: Inventory) -> None:
        """Point each partition at what an inventory says."""
        if self.schema.partitions and not self._layout.fixed:
            folders = {
                part.partition_values: part.key.rpartition("/")[0] + "/" for part in after.parts
            }
            self._partitions.settle({values: self._uri(key) for values, key in folders.items()})

    def _give_way(self, copies: Mapping[str, str]) -> None:
        """Another changed the table meanwhile, and may be ahead: what it did must stand."""
        now = self._inventory(self.applied())
        self._swap(now)
        if self._layout.fixed:
            self._objects.delete(set(copies.values()) - {part.key for part in now.parts})

    def _location(self, inventory: Inventory) -> str:
        """Of the table: without partitions it is where the parts are, which a change may move."""
        if self.schema.partitions:
            return self._uri(self.prefix)
        folders = [part.key.rpartition("/")[0] + "/" for part in inventory.parts]
        return self._uri(folders[0] if folders else self._layout.folder({}, inventory.number))

    def _uri(self, key: str) -> str:
        return f"s3://{self.warehouse.bucket}/{key}"

    def _inventory(self, number: int) -> Inventory:
        if not number:
            return Inventory()
        return Inventory.model_validate_json(self._objects.get(self._layout.inventory_key(number)))

    def _table(self) -> TableTypeDef:
        table = self._find()
        if table is None:
            raise LookupError(f"there is no table {self.warehouse.database}.{self.name} in Glue")
        return table

    def _find(self) -> TableTypeDef | None:
        glue = self.warehouse.glue
        try:
            return glue.get_table(DatabaseName=self.warehouse.database, Name=self.name)["Table"]
        except glue.exceptions.EntityNotFoundException:
            return None

    def _create(self) -> None:
        keys = [c for c in self.schema.columns if c.name in self.schema.partitions]
        made = table_input(
            self.schema,
            location=self._location(Inventory()),
            number=0,
            partition_keys=keys,
            parameters={},
        )
        glue = self.warehouse.glue
        with suppress(glue.exceptions.AlreadyExistsException):
            glue.create_table(DatabaseName=self.warehouse.database, TableInput=made)

    def _evolved(self, table: TableTypeDef) -> bool:
        """Bring the table's description up to date; False where another changed it meanwhile.

        Partitions first: killed in between, the table still has its old columns, and all is done
        again.
        """
        keys = columns_in(table.get("PartitionKeys", ()))
        self._require_hive(table)
        # Glue keeps partition columns apart and does not let them change.
        there = [*columns_in(table["StorageDescriptor"]["Columns"]), *keys]
        comments = {key.name: key.comment for key in keys}
        ours = sorted(
            (replace(c, comment=comments.get(c.name, c.comment)) for c in self.schema.columns),
            key=lambda column: column.name in self.schema.partitions,
        )
        wanted = replace(self.schema, columns=tuple(ours))
        changed = evolution(wanted, there, [key.name for key in keys])
        if changed:
            self._partitions.describe()
        described = table.get("Description") == self.schema.description
        projected = projection_parameters(self.schema).items() <= table["Parameters"].items()
        if not changed and described and projected:
            return True
        location = table["StorageDescriptor"]["Location"]
        return self._update(table, number=_applied(table), location=location)

    def _require_hive(self, table: TableTypeDef) -> None:
        parameters = table.get("Parameters", {})
        if APPLIED not in parameters or parameters.get("table_type"):
            raise IncompatibleSchema(
                f"table {self.name} is in Glue but not as {self.schema.origin} wants it, in plain "
                "Parquet files of the lake: say another `format`, or give the data set a new table"
            )
        if ("projection.enabled" in parameters) != self._layout.fixed:
            has = "has no" if self._layout.fixed else "has"
            raise IncompatibleSchema(
                f"table {self.name} {has} partition projection, {self.schema.origin} says "
                "otherwise, and its objects would have to move: give the data set a new table"
            )

    def _update(self, table: TableTypeDef, *, number: int, location: str) -> bool:
        """Update the table, unless another changed it since it was read."""
        glue = self.warehouse.glue
        try:
            glue.update_table(
                DatabaseName=self.warehouse.database,
                TableInput=table_input(
                    self.schema,
                    location=location,
                    number=number,
                    partition_keys=columns_in(table.get("PartitionKeys", ())),
                    parameters=without_projection(table.get("Parameters", {})),
                ),
                VersionId=table["VersionId"],
                SkipArchive=True,
            )
        except glue.exceptions.ConcurrentModificationException as conflict:
            log.info("%s changed meanwhile: %s", self.name, conflict)
            return False
        return True


def _applied(table: TableTypeDef) -> int:
    return int(table.get("Parameters", {}).get(APPLIED, 0))
