"""What a translation comes to: a text for DuckDB, its columns, and the tables that it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.local.athena.catalog import Table
from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.scope import Field
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile

    from infra.local.athena.iceberg.table import TableVersion
    from infra.local.athena.sql.bounds import Demand


PLACE = ("$file", "$row")
"""Where a row is: the number of its data file in the scan, its number in the file."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on the partition keys of one scan, in DuckDB's text."""

    sql: str
    keys: frozenset[str]
    """The keys that it speaks of."""
    equals: dict[str, frozenset[str]] = field(default_factory=dict)
    """`key = 'x'` and `key IN ('x', 'y')`: the literals by key."""


@dataclass(slots=True)
class Scan:
    """One read of a table: DuckDB finds its rows under `name`."""

    name: str
    table: Table
    predicates: list[Predicate] = field(default_factory=list)
    version: TableVersion | None = None
    """Of an Iceberg table: what it is read as of."""
    metadata: str = ""
    """What is read of the table's metadata instead of its rows, for example `files`."""
    demands: list[Demand] = field(default_factory=list)
    """Of an Iceberg table: what the query demands of its columns."""
    places: bool = False
    """Of an Iceberg table that is changed: whether each row says where it is, in `PLACE`."""
    files: list[DataFile] = field(default_factory=list)
    """Of an Iceberg table: its data files by their number in `PLACE`, once they are known."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query; its columns are called `c0`, `c1`… inside of DuckDB, a table's by their names."""

    sql: str
    columns: list[Field]

    @property
    def type(self) -> Type:
        """The type of the only column of a subquery."""
        return self.columns[0].value.type

    def as_type(self, wanted: Type) -> str:
        """The only column, converted."""
        column = self.columns[0].value
        value = coerce(column, wanted)
        return self.sql if value.sql == column.sql else f"SELECT {value.sql} FROM ({self.sql})"
