"""The table that a statement changes, and what may be assigned to its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyiceberg.types import NestedField
from sqlglot import exp

from infra.local.athena.catalog import CATALOG, Table
from infra.local.athena.errors import Position, located, syntax_error, unsupported
from infra.local.athena.iceberg.table import IcebergTable
from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.coercion import coerce, coerces
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.plan import PLACE, Scan
from infra.local.athena.sql.query import Context
from infra.local.athena.sql.relations import Source
from infra.local.athena.sql.scope import Field, PartitionColumn, Typed
from infra.local.athena.types import BIGINT, VARCHAR, Type, duckdb_type
from infra.local.athena.work import Work

_MERGE_ON_READ = 2
"""The first version of the format that has files of deletes."""


@dataclass(frozen=True, slots=True)
class Target:
    """A table of Iceberg that a statement changes."""

    table: Table
    iceberg: IcebergTable

    @property
    def fields(self) -> Sequence[NestedField]:
        """The columns."""
        return self.iceberg.metadata.schema().fields

    @property
    def types(self) -> list[Type]:
        """The types of the columns."""
        return [athena_type(field.field_type) for field in self.fields]

    def place_of(self, name: str) -> int | None:
        """The number of a column, from 0; None if there is none of that name."""
        names = [field.name.lower() for field in self.fields]
        return names.index(name) if name in names else None

    def assigned(self, place: int, value: Typed) -> str:
        """A value as a column holds it; `value` was found to coerce to its type."""
        field, kind = self.fields[place], self.types[place]
        sql = coerce(value, kind).sql
        if field.required:
            name = field.name.lower()
            code = "CONSTRAINT_VIOLATION: NULL value not allowed for NOT NULL column: "
            return guarded(f"({sql}) IS NOT NULL", sql, quote_text(code + name), kind)
        return sql

    def nothing(self, place: int) -> Typed:
        """NULL, for a column that a statement does not name."""
        kind = self.types[place]
        return Typed(f"CAST(NULL AS {duckdb_type(kind)})", kind)


def find_target(work: Work, node: exp.Expr | None, *, doing: str) -> Target:
    """The table that `node` names; `doing` is for example `Inserting into`.

    Raises:
        QueryError: there is none, or rows of it cannot be changed.
    """
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise syntax_error("mismatched input. Expecting: a table", position_of(node or exp.Null()))
    position = position_of(node)
    catalog, database = node.catalog.lower(), (node.db or work.database).lower()
    if catalog not in ("", CATALOG, "hive"):
        raise located("CATALOG_NOT_FOUND", f"Catalog '{catalog}' does not exist", position)
    table = work.catalog.get(database, node.name.lower(), position)
    if table.is_view:
        raise located("NOT_SUPPORTED", f"{doing} views is not supported", position)
    if not table.is_iceberg and doing == "Inserting into":
        raise unsupported("INSERT into a table of Hive", position)
    if not table.is_iceberg:
        message = "Modifying Hive table rows is only supported for transactional tables"
        raise located("NOT_SUPPORTED", message, position)
    return Target(table, work.catalog.iceberg(table))


def scan_of(context: Context, target: Target, alias: str | None = None) -> tuple[Scan, Source]:
    """A read of the target in which each row says where it is.

    Raises:
        QueryError: NOT_SUPPORTED, the table is of a version without files of deletes.
    """
    if target.iceberg.metadata.format_version < _MERGE_ON_READ:
        message = "Iceberg table updates require at least format version 2"
        raise located("NOT_SUPPORTED", message, Position())
    version = target.iceberg.current()
    scan = context.statement.scan(target.table, version)
    scan.places = True
    number = len(context.statement.scans) - 1
    own, relation = context.statement.fresh("r"), alias or target.table.name
    fields = [
        Field(
            name,
            Typed(f"{own}.{quote_name(name)}", of),
            relation,
            partitions=frozenset({PartitionColumn(number, name)}),
        )
        for name, of in version.columns
    ]
    fields += [
        Field(name, Typed(f"{own}.{quote_name(name)}", of), relation, hidden=True)
        for name, of in (("$path", VARCHAR), *((name, BIGINT) for name in PLACE))
    ]
    return scan, Source(f"{scan.name} AS {own}", fields)


def refuse_other_clauses(node: exp.Expr, *known: str) -> None:
    """SYNTAX_ERROR for a clause that the parser reads and Athena has not."""
    for name, value in node.args.items():
        if value and name not in known:
            raise syntax_error(f"mismatched input '{name.strip('_').upper()}'", position_of(node))


def coerce_all(values: Sequence[Typed], wanted: Sequence[Type]) -> bool:
    """Whether each value may be assigned to a column of the type beside it."""
    return len(values) == len(wanted) and all(
        coerces(value.type, kind) for value, kind in zip(values, wanted, strict=True)
    )


def names_of(types: Sequence[Type]) -> str:
    """Types as messages list them."""
    return ", ".join(map(str, types))
