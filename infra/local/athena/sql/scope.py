"""What a name means at one place of a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from infra.local.athena.errors import Position, located
from infra.local.athena.types import BOOLEAN, Type


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression: its DuckDB text and its Athena type."""

    sql: str
    type: Type
    constant: str | None = None
    """The text of a literal: some functions take only those (`date_trunc('day', …)`)."""


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """A column of one scan by which less is read: a partition key, or any column of Iceberg."""

    scan: int
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation, as the clauses after FROM see it."""

    name: str | None
    value: Typed
    relation: str | None = None
    """The alias by which it may be qualified."""
    hidden: bool = False
    """Not part of `*`, as `"$path"`."""
    partitions: frozenset[PartitionColumn] = frozenset()
    """The columns that prune and that this column passes on unchanged."""


@dataclass(slots=True)
class Scope:
    """The columns in sight, and those of the queries around."""

    fields: list[Field] = field(default_factory=list)
    parent: Scope | None = None

    def add(self, name: str, value: Typed) -> None:
        """Bring a name into sight."""
        self.fields.append(Field(name, value))

    def visible(self, relation: str | None = None) -> Iterator[Field]:
        """What `*` or `relation.*` stands for."""
        for each in self.fields:
            if not each.hidden and relation in (None, each.relation):
                yield each

    def find(self, name: str, relation: str | None, position: Position) -> Field | None:
        """The column of that name, here or in a query around; None if there is none.

        Raises:
            QueryError: AMBIGUOUS_NAME.
        """
        found = [
            each for each in self.fields if each.name == name and relation in (None, each.relation)
        ]
        if len(found) > 1:
            raise located("AMBIGUOUS_NAME", f"Column '{name}' is ambiguous", position)
        if found:
            return found[0]
        return self.parent.find(name, relation, position) if self.parent else None


def nullable(fields: list[Field]) -> list[Field]:
    """Columns of the optional side of an outer join: they no longer are their partition keys."""
    return [replace(each, partitions=frozenset()) for each in fields]


def boolean(sql: str) -> Typed:
    """A condition."""
    return Typed(sql, BOOLEAN)
