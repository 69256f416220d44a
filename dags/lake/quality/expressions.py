"""A check as SQL: when a row fails it, and what is gathered of the rows.

Athena's dialect, of what Redshift has too: CASE where Athena has FILTER, no arrays, no lambdas.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lake.dataset.check import Check, RowCheck, RowsCheck
from lake.dataset.check_figures import Freshness, Total
from lake.dataset.check_kinds import (
    AcceptedValues,
    Condition,
    Nulls,
    Pattern,
    Range,
    Reference,
    Unique,
)
from lake.dataset.check_values import Value
from lake.dataset.checks import Anomaly
from lake.quality.documents import CheckedTable

TABLE = "checked"
"""What the checked table is called in the statements."""


@dataclass(frozen=True, kw_only=True)
class RowTest:
    """When a row fails a check."""

    failing: str
    """Of a row; NULL is not failing."""
    where: str | None
    """Which rows are looked at."""
    join: str = ""
    """The relation that it needs besides; one row of it at most meets a row of the table."""

    @property
    def flag(self) -> str:
        """1 for a row that fails, 0 for others."""
        conditions = [f"({self.where})"] if self.where else []
        return _flag(" AND ".join([*conditions, f"({self.failing})"]))


def row_test(check: RowCheck, table: CheckedTable, number: int) -> RowTest:
    """The test of a check of rows; `number` tells its relation from those of others."""
    join = ""
    match check:
        case Nulls():
            failing = f"{column(check.column)} IS NULL"
        case Unique():
            listed = ", ".join(column(name) for name in check.columns or table.keys)
            counted = f"CASE WHEN {check.where} THEN 1 END" if check.where else "*"
            failing = f"count({counted}) OVER (PARTITION BY {listed}) > 1"
        case Range():
            kind = table.declared.kind(check.column) or ""
            ends = [
                f"{column(check.column)} {sign} {literal(end, kind)}"
                for sign, end in ((">=", check.at_least), ("<=", check.at_most))
                if end is not None
            ]
            failing = f"NOT ({' AND '.join(ends)})"
        case AcceptedValues():
            kind = table.declared.kind(check.column) or ""
            listed = ", ".join(literal(value, kind) for value in check.values)
            failing = f"{column(check.column)} NOT IN ({listed})"
        case Pattern():
            # With a ! at the end, because Java's $ stands before the last line end too.
            whole = quoted(f"^({check.matches})!$")
            failing = f"NOT regexp_like({column(check.column)} || '!', {whole})"
        case Reference():
            join, failing = _reference(check, f"referred_{number}")
        case Condition():
            failing = f"NOT ({check.sql})"
        case _:
            raise TypeError(f"{check.title} is no check of rows")
    return RowTest(failing=failing, where=check.where, join=join)


def _reference(check: Reference, name: str) -> tuple[str, str]:
    to = check.to or check.columns
    # Names that no column of the table has: conditions of other checks name columns alone.
    listed = ", ".join(f'"{column_}" AS {name}_{i}' for i, column_ in enumerate(to))
    equal = " AND ".join(f"{column(own)} = {name}_{i}" for i, own in enumerate(check.columns))
    present = " AND ".join(f"{column(own)} IS NOT NULL" for own in check.columns)
    join = f'LEFT JOIN (SELECT DISTINCT {listed} FROM "{check.table}") AS {name} ON {equal}'
    return join, f"{present} AND {name}_0 IS NULL"


def gathered(check: Check) -> dict[str, str]:
    """What is gathered of the rows besides those that fail, by name: aggregates of `TABLE`."""
    if not isinstance(check, RowsCheck):
        return {}
    where = check.where
    rows = f"sum({_flag(where)})" if where else "count(*)"
    found = {"rows": rows} if where or isinstance(check, Anomaly) else {}
    match check:
        case Freshness():
            found = {"latest": f"max({_value(column(check.column), where)})"}
        case Total(column=None):
            found = {"total": rows}
        case Total():
            value = f"CAST({column(str(check.column))} AS double)"
            found = {"total": f"sum({_value(value, where)})"}
        case Anomaly():
            found |= _watched(check)
    return found


def _watched(check: Anomaly) -> dict[str, str]:
    """The figure of an anomaly, but for the number of rows."""
    name, where = column(check.column or ""), check.where
    match check.of:
        case "share":
            return {"part": f"sum({_flag(_both(where, str(check.condition)))})"}
        case "nulls":
            return {"part": f"sum({_flag(_both(where, f'{name} IS NULL'))})"}
        case "distinct":
            return {"value": f"count(DISTINCT {_value(name, where)})"}
        case "mean":
            return {"value": f"avg({_value(f'CAST({name} AS double)', where)})"}
        case "deviation":
            return {"value": f"stddev_pop({_value(f'CAST({name} AS double)', where)})"}
        case "rows":
            return {}


def column(name: str) -> str:
    """A column of the checked table."""
    return f'{TABLE}."{name}"'


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def literal(value: Value, kind: str) -> str:
    """A value as a literal of a column's type."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
        case date() if kind == "timestamp":
            return f"TIMESTAMP '{value} 00:00:00'"
        case date():
            return f"DATE '{value}'"
        case int() | float():
            return f"{Decimal(str(value)):f}"
    return quoted(value)


def _flag(test: str) -> str:
    return f"CASE WHEN {test} THEN 1 ELSE 0 END"


def _both(where: str | None, test: str) -> str:
    return f"({where}) AND ({test})" if where else test


def _value(value: str, where: str | None) -> str:
    return f"CASE WHEN {where} THEN {value} END" if where else value
