"""Which conditions of a query choose what is read.

A condition prunes when all of its columns are those of one scan, passed on unchanged. On the
partition keys of a table of Hive it is evaluated by DuckDB over the list of partitions, so that it
means there what it means in the query. On the columns of a table of Iceberg it is held against the
bounds that are kept for each file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.session import quote_name
from infra.local.athena.sql.bounds import demand_of
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.plan import Predicate
from infra.local.athena.sql.scope import Field, Scope, Typed

if TYPE_CHECKING:
    from infra.local.athena.sql.query import Context

_VOLATILE = {"random", "rand", "uuid"}


def register(context: Context, condition: exp.Expr, fields: list[Field]) -> None:
    """Hand each conjunct that chooses partitions to the scans that it speaks of.

    `fields` are columns whose rows the condition rejects unless it is true. The condition was
    translated before, so that what is wrong with it has been said.
    """
    scans = sorted({part.scan for field in fields for part in field.partitions})
    for conjunct in _conjuncts(condition):
        if conjunct.find(exp.Select, exp.SetOperation, exp.Lambda) or _is_volatile(conjunct):
            continue
        for scan in scans:
            _register_for(context, conjunct, fields, scan)


def _register_for(context: Context, conjunct: exp.Expr, fields: list[Field], scan: int) -> None:
    keys = {
        quote_name(part.name): part.name
        for field in fields
        for part in field.partitions
        if part.scan == scan
    }
    scope = Scope(
        [
            replace(
                field,
                value=Typed(quote_name(part.name), field.value.type),
                partitions=frozenset({part}),
            )
            for field in fields
            for part in field.partitions
            if part.scan == scan
        ]
    )
    used = set()
    for column in conjunct.find_all(exp.Column):
        found = scope.find(column.name.lower(), column.table.lower() or None, position_of(column))
        if found is None:
            return
        used.add(keys[found.value.sql])
    target = context.statement.scans[scan]
    if used and target.version is not None:
        demand = demand_of(conjunct, scope, context)
        target.demands += [demand] if demand else []
    elif used:
        sql = Expressions(scope, context).condition(conjunct, "WHERE clause")
        predicate = Predicate(sql, frozenset(used), _equalities(conjunct, scope))
        target.predicates.append(predicate)


def _conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    inner = node.unnest()
    if isinstance(inner, exp.And):
        yield from _conjuncts(inner.left)
        yield from _conjuncts(inner.right)
    else:
        yield inner


def _is_volatile(node: exp.Expr) -> bool:
    return any(call.name.lower() in _VOLATILE for call in node.find_all(exp.Anonymous))


def _equalities(node: exp.Expr, scope: Scope) -> dict[str, frozenset[str]]:
    """The literals that a key is equal to: an injected partition key takes its values from them."""
    column: exp.Expr | None = None
    literals: list[exp.Expr] = []
    if isinstance(node, exp.EQ):
        sides = (node.left, node.right)
        column = next((side for side in sides if isinstance(side, exp.Column)), None)
        literals = [side for side in sides if side is not column]
    elif isinstance(node, exp.In) and not node.args.get("query"):
        column, literals = node.this, node.expressions
    if not isinstance(column, exp.Column) or not all(
        isinstance(each, exp.Literal) for each in literals
    ):
        return {}
    found = scope.find(column.name.lower(), column.table.lower() or None, position_of(column))
    return {found.name: frozenset(each.name for each in literals)} if found and found.name else {}
