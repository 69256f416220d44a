"""The lake as a run found it: what its models read does not change while it computes them.

A catalogue that changes between the load of one model and the load of the next would leave a row of
the second that refers to a row that the first has not. So every statement of a run on Athena reads
the same snapshot of each table
(https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-time-travel-and-version-travel-queries.html).
Redshift reads the copies that the run made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from lake.models.query import DIALECT
from lake.models.statements import identifier
from lake.pipeline.athena import Row
from lake.targets import TableDefinition, Target
from sqlglot import exp

Versions = Mapping[str, int | None]
"""The snapshot of each table that has one; None of one that has no rows yet."""


def as_of(sql: str, versions: Versions) -> str:
    """A statement in Athena's dialect that reads tables as they were.

    Raises:
        sqlglot.errors.SqlglotError: it reads such a table, and is no SQL.
    """
    if not any(name in sql for name in versions):
        return sql
    text, end = "", 0
    for start, stop, table in sorted(_places(sql, versions), key=lambda place: place[0]):
        text, end = text + sql[end:start] + _version(table, versions[table.name]), stop
    return text + sql[end:]


def _places(sql: str, versions: Versions) -> Iterator[tuple[int, int, exp.Table]]:
    """Where a statement names a table that has a version."""
    for statement in sqlglot.parse(sql, read=DIALECT):
        if statement is None:
            continue
        named_here = {cte.alias for cte in statement.find_all(exp.CTE)}
        for table in statement.find_all(exp.Table):
            if table.name in versions and table.name not in named_here:
                yield table.this.meta["start"], table.this.meta["end"] + 1, table


def _version(table: exp.Table, snapshot_id: int | None) -> str:
    name = identifier(table.name)
    which = "WHERE false" if snapshot_id is None else f"FOR VERSION AS OF {snapshot_id}"
    return f"(SELECT * FROM {name} {which})" + ("" if table.alias else f" AS {name}")


@dataclass(frozen=True)
class AsOf:
    """A target that reads tables as they were; see `Target`."""

    target: Target
    versions: Versions

    @property
    def name(self) -> str:
        """See `Target`."""
        return self.target.name

    def query(self, sql: str) -> list[Row]:
        """See `Target`."""
        return self.target.query(as_of(sql, self.versions))

    def execute(self, sql: str) -> None:
        """See `Target`."""
        self.target.execute(as_of(sql, self.versions))

    def native(self, sql: str) -> str:
        """See `Target`; a person asks for the tables as they are."""
        return self.target.native(sql)

    def columns(self, table: str) -> Mapping[str, str] | None:
        """See `Target`."""
        return self.target.columns(table)

    def ensure(self, table: TableDefinition) -> None:
        """See `Target`."""
        self.target.ensure(table)
