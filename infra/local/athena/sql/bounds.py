"""What a condition demands of a column's values, so that files can be passed over by their bounds.

Only what compares a column with a constant of its own type says something; a file in which the
demand can hold nowhere is not read, and the condition itself still decides on every row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Field, Scope
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from infra.local.athena.sql.query import Context

type Value = str | int | float | bool | Any
"""Dates as days and timestamps as microseconds from 1970, decimals as `Decimal`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator value`."""

    column: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """`column IN (values)`."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class NullTest:
    """`column IS [NOT] NULL`."""

    column: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Prefix:
    """`column LIKE 'prefix%'`."""

    column: str
    prefix: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of them."""

    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them."""

    demands: tuple[Demand, ...]


type Demand = Comparison | Membership | NullTest | Prefix | AllOf | AnyOf

_OPERATORS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("=", "="),
    exp.NEQ: ("<>", "<>"),
    exp.LT: ("<", ">"),
    exp.LTE: ("<=", ">="),
    exp.GT: (">", "<"),
    exp.GTE: (">=", "<="),
}
"""As written, and with the sides exchanged."""


def demand_of(condition: exp.Expr, scope: Scope, context: Context) -> Demand | None:
    """What the condition demands of the columns of `scope`; None when nothing is known."""
    return _Reader(scope, context).read(condition)


class _Reader:
    def __init__(self, scope: Scope, context: Context) -> None:
        self._scope = scope
        self._context = context

    def read(self, node: exp.Expr) -> Demand | None:
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.And():
                both = (self.read(node.left), self.read(node.right))
                known = tuple(each for each in both if each is not None)
                return AllOf(known) if known else None
            case exp.Or():
                left, right = self.read(node.left), self.read(node.right)
                return AnyOf((left, right)) if left and right else None
            case exp.Between():
                low, high = node.args["low"], node.args["high"]
                return self.read(
                    exp.And(
                        this=exp.GTE(this=node.this, expression=low),
                        expression=exp.LTE(this=node.this, expression=high),
                    )
                )
            case exp.In() if node.expressions and not node.args.get("query"):
                return self._membership(node)
            case exp.Is() if isinstance(node.expression, exp.Null):
                column = self._column(node.this)
                return NullTest(_name(column), negated=False) if column else None
            case exp.Not() if isinstance(node.this.unnest(), exp.Is):
                column = self._column(node.this.unnest().this)
                return NullTest(_name(column), negated=True) if column else None
            case exp.Like():
                return self._prefix(node)
        if type(node) in _OPERATORS:
            return self._comparison(node)
        return None

    def _comparison(self, node: exp.Expr) -> Demand | None:
        as_written, exchanged = _OPERATORS[type(node)]
        for side, other, operator in (
            (node.this, node.expression, as_written),
            (node.expression, node.this, exchanged),
        ):
            column = self._column(side)
            if column is not None:
                value = self._value(other, column.value.type)
                if value is not None:
                    return Comparison(_name(column), operator, value)
        return None

    def _membership(self, node: exp.In) -> Demand | None:
        column = self._column(node.this)
        if column is None:
            return None
        values = [self._value(each, column.value.type) for each in node.expressions]
        return Membership(_name(column), tuple(values)) if None not in values else None

    def _prefix(self, node: exp.Like) -> Demand | None:
        column, pattern = self._column(node.this), node.expression
        if column is None or not isinstance(pattern, exp.Literal) or not pattern.is_string:
            return None
        prefix = pattern.name.split("%")[0].split("_")[0]
        return Prefix(_name(column), prefix) if prefix else None

    def _column(self, node: exp.Expr) -> Field | None:
        inner = node.unnest()
        if not isinstance(inner, exp.Column):
            return None
        table = inner.table.lower() or None
        return self._scope.find(inner.name.lower(), table, position_of(inner))

    def _value(self, node: exp.Expr, wanted: Type) -> Value | None:
        """The value of a constant, as the column's type; None when it has another."""
        if node.find(exp.Column) is not None:
            return None
        constant = Expressions(Scope(), self._context).translate(node)
        if common_type(wanted, constant.type) != wanted:
            return None
        read = _VALUES.get(wanted.name)
        if read is None:
            return None
        try:
            return self._context.statement.evaluate(read(coerce(constant, wanted).sql))
        except duckdb.Error:
            return None  # the condition fails where it is reached, if it is


def _name(column: Field) -> str:
    (part,) = column.partitions
    return part.name


def _as_it_is(sql: str) -> str:
    return sql


_VALUES: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("boolean", "integer", "bigint", "decimal", "varchar"), _as_it_is),
    "date": lambda sql: f"{sql} - DATE '1970-01-01'",
    "timestamp": lambda sql: f"epoch_us({sql})",
    "timestamp with time zone": lambda sql: f"epoch_us({sql})",
}
"""How DuckDB gives the value of a constant."""
