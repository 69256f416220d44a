"""SELECT: the rows of a query, each value as the Data API shows it."""

from __future__ import annotations

from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.scope import Field
from infra.local.athena.types import Type
from infra.local.redshift.engine.outcome import Outcome, OutcomeColumn
from infra.local.redshift.engine.types import length_bytes, name_of
from infra.local.redshift.engine.work import Work


def select(work: Work) -> Outcome:
    """The rows of a query."""
    return rows_of(work, work.context().query(work.tree()))


def rows_of(work: Work, query: Query, tag: str = "SELECT") -> Outcome:
    """Run an analysed query."""
    items = ", ".join(f"{_shown(c.value.sql, c.value.type)} AS c{i}" for i, c in _numbered(query))
    rows = work.connection.table(f"SELECT {items} FROM ({query.sql})")
    columns = tuple(_described(column) for column in query.columns)
    return Outcome(tag=tag, columns=columns, rows=rows, row_count=rows.num_rows)


def _numbered(query: Query) -> list[tuple[int, Field]]:
    return list(enumerate(query.columns))


def _shown(sql: str, of: Type) -> str:
    """A number or a boolean as it is, everything else as text."""
    if of.is_integer:
        return f"CAST({sql} AS BIGINT)"
    if of.is_floating:
        return f"CAST({sql} AS DOUBLE)"
    if of.name == "timestamp with time zone":
        return f"(CAST(timezone('UTC', {sql}) AS VARCHAR) || '+00')"
    return sql if of.name in ("boolean", "varchar", "char") else f"CAST({sql} AS VARCHAR)"


def _described(column: Field) -> OutcomeColumn:
    kind = column.value.type
    named = name_of(kind)
    is_decimal = kind.name == "decimal"
    return OutcomeColumn(
        name=column.name or "?column?",
        label=column.name or "?column?",
        type_name=named.short,
        length=length_bytes(kind),
        precision=kind.precision if is_decimal else named.precision or length_bytes(kind),
        scale=kind.scale if is_decimal else 0,
        is_signed=kind.is_numeric,
        is_case_sensitive=kind.is_text,
    )
