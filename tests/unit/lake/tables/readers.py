"""What a reader of a table sees."""

from __future__ import annotations

from lake.tables import LakeTable
from lake.tables.iceberg import IcebergTable

from tests.unit.lake.tables.staged import Row


def rows_of(table: LakeTable) -> list[Row]:
    """The rows of a table, sorted by their text."""
    assert isinstance(table, IcebergTable)
    return ordered(table.load().scan().to_arrow().to_pylist())


def ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])
