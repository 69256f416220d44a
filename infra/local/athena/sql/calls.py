"""Calls of functions: found by name, checked by type, with DISTINCT, ORDER BY, FILTER and OVER."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import Position, located, syntax_error, unsupported
from infra.local.athena.sql.functions.registry import Call, Modifiers
from infra.local.athena.sql.ordering import ordering, partition_and_frame
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed

if TYPE_CHECKING:
    from infra.local.athena.sql.expressions import Expressions


def call(
    expressions: Expressions,
    name: str,
    nodes: Sequence[exp.Expr],
    position: Position,
    modifiers: Modifiers | None = None,
) -> Typed:
    """The call of a function by its Athena name.

    Raises:
        QueryError: FUNCTION_NOT_FOUND for a name or types that Athena does not know either,
            NOT_SUPPORTED for a function of Athena that this engine has no rule for.
    """
    modifiers = modifiers or Modifiers()
    nodes, modifiers = _inner_modifiers(expressions, nodes, modifiers)
    made = Call(expressions, name, tuple(nodes), position, modifiers)
    language = expressions.language
    rule = language.functions.find(name)
    if rule is None:
        if name in language.unsupported:
            raise unsupported(f"the function {name}", position)
        raise located("FUNCTION_NOT_FOUND", f"Function '{name}' not registered", position)
    if rule.kind == "scalar" and modifiers != Modifiers():
        message = f"{name} is no aggregate or window function"
        raise located("FUNCTION_NOT_AGGREGATE", message, position)
    if rule.kind == "window" and not modifiers.over:
        raise located("MISSING_OVER", f"Window function {name} requires an OVER clause", position)
    return rule.translate(made)


def _inner_modifiers(
    expressions: Expressions, nodes: Sequence[exp.Expr], modifiers: Modifiers
) -> tuple[Sequence[exp.Expr], Modifiers]:
    """Take `DISTINCT` and `ORDER BY` out of the parentheses of a call."""
    if nodes and isinstance(nodes[-1], exp.Order):
        order = nodes[-1]
        nodes = [*nodes[:-1], order.this]
        modifiers = modifiers.with_(order=ordering(expressions, order))
    if len(nodes) == 1 and isinstance(nodes[0], exp.Distinct):
        if modifiers.over:
            raise unsupported("DISTINCT in a window function", position_of(nodes[0]))
        inner = nodes[0].expressions
        nodes, modifiers = inner, modifiers.with_(distinct=True)
        return _inner_modifiers(expressions, nodes, modifiers)
    return nodes, modifiers


def filtered(
    expressions: Expressions, node: exp.Filter, modifiers: Modifiers | None = None
) -> Typed:
    """`f(x) FILTER (WHERE …)`."""
    condition = expressions.condition(node.expression.this, "FILTER expression")
    return _modified(expressions, node.this, (modifiers or Modifiers()).with_(where=condition))


def window(expressions: Expressions, node: exp.Window) -> Typed:
    """`f(x) OVER (…)`."""
    over = partition_and_frame(expressions, node)
    return _modified(expressions, node.this, Modifiers(over=over))


def _modified(expressions: Expressions, node: exp.Expr, modifiers: Modifiers) -> Typed:
    if isinstance(node, exp.IgnoreNulls):
        return _modified(expressions, node.this, modifiers.with_(ignore_nulls=True))
    if isinstance(node, exp.RespectNulls):
        return _modified(expressions, node.this, modifiers)
    if isinstance(node, exp.Filter):
        return filtered(expressions, node, modifiers)
    if isinstance(node, exp.GroupConcat):
        return listagg(expressions, node, modifiers)
    if not isinstance(node, exp.Anonymous):
        raise unsupported("this use of FILTER or OVER", position_of(node))
    name = node.name.lower()
    return call(expressions, name, node.expressions, position_of(node), modifiers)


def listagg(
    expressions: Expressions, node: exp.GroupConcat, modifiers: Modifiers | None = None
) -> Typed:
    """`listagg(x, ', ') WITHIN GROUP (ORDER BY y)`."""
    separator = node.args.get("separator")
    value = node.this
    nodes = [value.this if isinstance(value, exp.Order) else value]
    if separator is not None:
        nodes.append(separator)
    modifiers = modifiers or Modifiers()
    if isinstance(nodes[0], exp.Distinct):
        raise unsupported("listagg(DISTINCT …)", position_of(node))
    if isinstance(value, exp.Order):
        modifiers = modifiers.with_(order=ordering(expressions, value))
    return call(expressions, "listagg", nodes, position_of(node), modifiers)


def within_group(_: Expressions, node: exp.WithinGroup) -> Typed:
    """WITHIN GROUP belongs to listagg alone."""
    raise syntax_error("WITHIN GROUP is for listagg only", position_of(node))
