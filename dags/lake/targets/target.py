"""What every target can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from lake.pipeline.athena import Row
from lake.targets.table import TableDefinition


class Target(Protocol):
    """A query engine, and the tables of one environment in it."""

    @property
    def name(self) -> str:
        """`athena` or `redshift`."""
        ...

    def query(self, sql: str) -> list[Row]:
        """The rows that a SELECT in Athena's dialect gives; a small answer.

        Raises:
            lake.pipeline.athena.QueryFailed: it failed, or was cancelled.
        """
        ...

    def execute(self, sql: str) -> None:
        """Run a statement in Athena's dialect that gives no rows: INSERT, UPDATE, DELETE.

        Raises:
            lake.pipeline.athena.QueryFailed: it failed, or was cancelled.
        """
        ...

    def native(self, sql: str) -> str:
        """A statement in Athena's dialect as a person would ask the target."""
        ...

    def columns(self, table: str) -> Mapping[str, str] | None:
        """Name and type of each column of a table, in its order; None where there is no table."""
        ...

    def ensure(self, table: TableDefinition) -> None:
        """Make the table, or add the columns that it lacks; others that it has stay.

        Raises:
            lake.targets.table.TableDiffers: a column is there with another type.
        """
        ...
