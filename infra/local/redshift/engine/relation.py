"""What the catalogue of a database holds: tables, views, and their columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.local.athena.session import quote_name
from infra.local.athena.types import Type

TEMPORARY = "pg_temp"
"""The schema of the tables of one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as it was declared."""

    name: str
    type: Type
    nullable: bool = True
    default: str | None = None
    """The text of an expression of Redshift."""
    identity: tuple[int, int] | None = None
    """Seed and step of a column that numbers its rows."""
    encoding: str = "none"
    is_distkey: bool = False
    sortkey: int = 0
    """Place in the sort key from 1; 0 for none."""
    is_primary_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table or a view."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    owner: str
    oid: int = 0
    """Its number, given when it is created."""
    diststyle: str = "AUTO"
    definition: str | None = None
    """Of a view: the text of its query."""
    late_binding: bool = False
    reads: tuple[int, ...] = field(default=())
    """Of a view that is not bound late: the numbers of what it reads."""

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return self.definition is not None

    @property
    def is_temporary(self) -> bool:
        """Whether it ends with its session."""
        return self.schema == TEMPORARY

    @property
    def storage(self) -> str:
        """The name of its rows in DuckDB."""
        schema = "temp" if self.is_temporary else f"{quote_name(f'user.{self.schema}')}"
        return f"{schema}.{quote_name(self.name)}"

    @property
    def sequence(self) -> str:
        """The name in DuckDB of what numbers the rows of an identity column."""
        return f"catalog.{quote_name(f'identity.{self.oid}')}"
