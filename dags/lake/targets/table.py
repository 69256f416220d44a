"""A table that the lake makes with SQL: the same definition for every target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lake.dataset.column import Column

_SAME = {"varchar": "string", "timestamp(6)": "timestamp", "integer": "int"}


class TableDiffers(RuntimeError):
    """A table that is there cannot become what its definition says."""


@dataclass(frozen=True, kw_only=True)
class TableDefinition:
    """A table's name, columns and partitions."""

    name: str
    folder: str
    """Where its objects are in the curated bucket; ends in a slash."""
    description: str
    columns: tuple[Column, ...]
    partitioning: tuple[str, ...] = ()
    """Columns, or `year(column)`, `month(column)`, `day(column)`."""

    def missing(self, there: Mapping[str, str]) -> list[Column]:
        """The columns that a table with those of `there`, types by name, lacks.

        Raises:
            TableDiffers: names every column that is there with another type.
        """
        if differing := list(self._differing(there)):
            raise TableDiffers(
                f"the table {self.name} has {'; '.join(differing)}: give the column another name, "
                "or drop the table and load every day again"
            )
        return [column for column in self.columns if column.name not in there]

    def _differing(self, there: Mapping[str, str]) -> Iterator[str]:
        for column in self.columns:
            found = there.get(column.name, column.type)
            if _SAME.get(found, found) != column.type:
                yield f"{column.name} as {found}, and not as {column.type}"
