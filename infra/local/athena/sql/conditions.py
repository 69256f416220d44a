"""Comparisons, logic and choices: what is true, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import located, syntax_error, unsupported
from infra.local.athena.sql import literals
from infra.local.athena.sql.operators import comparable, compare
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed, boolean
from infra.local.athena.types import UNKNOWN

if TYPE_CHECKING:
    from infra.local.athena.sql.expressions import Expressions

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


def _compare(expressions: Expressions, node: exp.Binary) -> Typed:
    operator = _COMPARISONS[type(node)]
    if isinstance(node.right, exp.Any | exp.All):
        return _quantified(expressions, node, operator)
    left, right = expressions.translate(node.left), expressions.translate(node.right)
    return compare(operator, left, right, position_of(node))


def _quantified(expressions: Expressions, node: exp.Binary, operator: str) -> Typed:
    position = position_of(node)
    left = expressions.translate(node.left)
    subquery = expressions.context.column(node.right.this, expressions.scope)
    one, _ = comparable(operator, left, Typed("NULL", subquery.type), position)
    if one.type.is_floating:
        raise unsupported("a quantified comparison of floating point numbers", position)
    word = "ANY" if isinstance(node.right, exp.Any) else "ALL"
    return boolean(f"({one.sql} {operator} {word} ({subquery.as_type(one.type)}))")


def _distinct_from(expressions: Expressions, node: exp.Binary) -> Typed:
    left, right = expressions.translate(node.left), expressions.translate(node.right)
    one, other = comparable("IS DISTINCT FROM", left, right, position_of(node))
    word = "IS NOT DISTINCT FROM" if isinstance(node, exp.NullSafeEQ) else "IS DISTINCT FROM"
    return boolean(f"({one.sql} {word} {other.sql})")


def _between(expressions: Expressions, node: exp.Between) -> Typed:
    value, position = expressions.translate(node.this), position_of(node)
    low = compare(">=", value, expressions.translate(node.args["low"]), position)
    high = compare("<=", value, expressions.translate(node.args["high"]), position)
    return boolean(f"({low.sql} AND {high.sql})")


def _in(expressions: Expressions, node: exp.In) -> Typed:
    value, position = expressions.translate(node.this), position_of(node)
    query = node.args.get("query")
    if query is not None:
        subquery = expressions.context.column(query, expressions.scope)
        one, _ = comparable("IN", value, Typed("NULL", subquery.type), position)
        return boolean(f"({one.sql} IN ({subquery.as_type(one.type)}))")
    if not node.expressions:
        raise unsupported("this form of IN", position)
    members = [expressions.translate(member) for member in node.expressions]
    if value.type.is_floating or any(member.type.is_floating for member in members):
        tests = [compare("=", value, member, position).sql for member in members]
        return boolean(f"({' OR '.join(tests)})")
    values = expressions.unify([value, *members], position, "IN values")
    return boolean(f"({values[0].sql} IN ({', '.join(each.sql for each in values[1:])}))")


def _logic(expressions: Expressions, node: exp.Connector) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    terms = [
        expressions.condition(term, "Logical expression term") for term in (node.left, node.right)
    ]
    return boolean(f"({terms[0]} {word} {terms[1]})")


def _not(expressions: Expressions, node: exp.Not) -> Typed:
    return boolean(f"(NOT {expressions.condition(node.this, 'Value of logical NOT expression')})")


def _is(expressions: Expressions, node: exp.Is) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise syntax_error("IS is followed by NULL or DISTINCT FROM", position_of(node))
    return boolean(f"({expressions.translate(node.this).sql} IS NULL)")


def _like(expressions: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Typed:
    value, pattern = expressions.translate(node.this), expressions.translate(node.expression)
    for each in (value, pattern):
        if not each.type.is_text and each.type != UNKNOWN:
            message = f"Left side of LIKE expression must evaluate to a varchar: {each.type}"
            raise located("TYPE_MISMATCH", message, position_of(node))
    if escape is None:
        return boolean(f"({value.sql} LIKE {pattern.sql})")
    return boolean(f"({value.sql} LIKE {pattern.sql} ESCAPE {expressions.translate(escape).sql})")


def _escape(expressions: Expressions, node: exp.Escape) -> Typed:
    if not isinstance(node.this, exp.Like):
        raise unsupported("this form of ESCAPE", position_of(node))
    return _like(expressions, node.this, node.expression)


def _case(expressions: Expressions, node: exp.Case) -> Typed:
    position = position_of(node)
    subject = expressions.translate(node.this) if node.this else None
    conditions, results = [], []
    for branch in node.args["ifs"]:
        if subject is None:
            conditions.append(expressions.condition(branch.this, "CASE WHEN clause"))
        else:
            test = compare("=", subject, expressions.translate(branch.this), position)
            conditions.append(test.sql)
        results.append(expressions.translate(branch.args["true"]))
    default = node.args.get("default")
    results.append(expressions.translate(default) if default else literals.NULL)
    *unified, otherwise = expressions.unify(results, position, "CASE results")
    branches = " ".join(
        f"WHEN {test} THEN {result.sql}" for test, result in zip(conditions, unified, strict=True)
    )
    return Typed(f"CASE {branches} ELSE {otherwise.sql} END", otherwise.type)


def _if(expressions: Expressions, node: exp.If) -> Typed:
    test = expressions.condition(node.this, "IF condition")
    default = node.args.get("false")
    values = [
        expressions.translate(node.args["true"]),
        expressions.translate(default) if default else literals.NULL,
    ]
    then, otherwise = expressions.unify(values, position_of(node), "IF results")
    return Typed(f"CASE WHEN {test} THEN {then.sql} ELSE {otherwise.sql} END", then.type)


RULES: dict[type[exp.Expr], Callable[..., Typed]] = {
    **dict.fromkeys(_COMPARISONS, _compare),
    exp.NullSafeEQ: _distinct_from,
    exp.NullSafeNEQ: _distinct_from,
    exp.Between: _between,
    exp.In: _in,
    exp.And: _logic,
    exp.Or: _logic,
    exp.Not: _not,
    exp.Is: _is,
    exp.Like: _like,
    exp.Escape: _escape,
    exp.Case: _case,
    exp.If: _if,
}
