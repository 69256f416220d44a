"""The partitions of a plain Parquet table, as Glue has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

from lake.tables.hive_glue import partition_input
from lake.tables.schema import TableSchema
from lake.tables.table import Warehouse

AT_ONCE = 100
"""Partitions that Glue creates or updates in a request."""
DELETED_AT_ONCE = 25
ATTEMPTS = 3
"""Passes over the partitions, should another make or delete some at the same time."""

type Values = tuple[str, ...]
"""Of the partition columns, in their order."""


class HivePartitions:
    """Makes Glue's partitions point where an inventory says."""

    def __init__(self, schema: TableSchema, warehouse: Warehouse) -> None:
        self._schema = schema
        self._glue = warehouse.glue
        self._table: Any = {"DatabaseName": warehouse.database, "TableName": schema.name}

    def settle(self, wanted: Mapping[Values, str]) -> None:
        """Have these partitions, at these locations, and no others.

        All are looked at, so that what a run that was killed or overtaken left is mended too.
        """
        for _ in range(ATTEMPTS):
            there = dict(self._locations())
            moved = {v: uri for v, uri in wanted.items() if there.get(v, uri) != uri}
            gone = [values for values in there if values not in wanted]
            new = {v: uri for v, uri in wanted.items() if v not in there}
            if not (moved or gone or new):
                return
            self._update(moved)
            self._create(new)
            self._delete(gone)
        raise RuntimeError(f"the partitions of {self._schema.name} keep changing")

    def describe(self) -> None:
        """Give every partition the columns of the schema, where it is."""
        for some in batched(self._locations(), AT_ONCE):
            self._update(dict(some))

    def _locations(self) -> Iterator[tuple[Values, str]]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            **self._table, ExcludeColumnSchema=True
        )
        for page in pages:
            for found in page["Partitions"]:
                yield tuple(found["Values"]), found["StorageDescriptor"]["Location"]

    def _update(self, locations: Mapping[Values, str]) -> None:
        for some in batched(locations.items(), AT_ONCE):
            entries: list[Any] = [
                {
                    "PartitionValueList": list(values),
                    "PartitionInput": partition_input(self._schema, values, uri),
                }
                for values, uri in some
            ]
            answer = self._glue.batch_update_partition(**self._table, Entries=entries)
            _raise_but("EntityNotFoundException", answer.get("Errors", ()))

    def _create(self, locations: Mapping[Values, str]) -> None:
        for some in batched(locations.items(), AT_ONCE):
            answer = self._glue.batch_create_partition(
                **self._table,
                PartitionInputList=[partition_input(self._schema, *each) for each in some],
            )
            _raise_but("AlreadyExistsException", answer.get("Errors", ()))

    def _delete(self, gone: Sequence[Values]) -> None:
        for some in batched(gone, DELETED_AT_ONCE):
            answer = self._glue.batch_delete_partition(
                **self._table, PartitionsToDelete=[{"Values": list(values)} for values in some]
            )
            _raise_but("EntityNotFoundException", answer.get("Errors", ()))


def _raise_but(mended: str, errors: Iterable[Any]) -> None:
    """Raise for every error but the one that the next pass mends."""
    for error in errors:
        if error["ErrorDetail"]["ErrorCode"] != mended:
            raise RuntimeError(f"Glue kept a partition as it was: {error}")
