"""Operators of Redshift where they are not Trino's: dates and numbers, `||`, LIKE, `~`.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html and
https://docs.aws.amazon.com/redshift/latest/dg/r_pattern-matching-conditions.html
"""

from __future__ import annotations

from sqlglot import exp

from infra.local.athena.errors import located
from infra.local.athena.sql.coercion import as_decimal, coerce
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.operators import arithmetic, scaled
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed, boolean
from infra.local.athena.types import DATE, INTEGER, MAX_PRECISION, UNKNOWN, VARCHAR, decimal
from infra.local.redshift.engine.language.text import as_text
from infra.local.redshift.engine.types import TIMESTAMP

_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_LEAST_QUOTIENT_SCALE = 4


def calculate(expressions: Expressions, node: exp.Binary) -> Typed:
    """`+ - * / %` of numbers, dates and intervals."""
    operator, position = _SYMBOLS[type(node)], position_of(node)
    left, right = expressions.translate(node.left), expressions.translate(node.right)
    if left.type == DATE and right.type.is_integer and operator in "+-":
        return Typed(f"({left.sql} {operator} CAST({right.sql} AS INTEGER))", DATE)
    if left.type.is_integer and right.type == DATE and operator == "+":
        return Typed(f"({right.sql} + CAST({left.sql} AS INTEGER))", DATE)
    if left.type == right.type == DATE and operator == "-":
        return Typed(f"CAST({left.sql} - {right.sql} AS INTEGER)", INTEGER)
    if left.type == DATE and right.type.name.startswith("interval"):
        # A date moved by an interval is a timestamp.
        left = coerce(left, TIMESTAMP)
    if right.type == DATE and left.type.name.startswith("interval"):
        right = coerce(right, TIMESTAMP)
    exact = left.type.is_exact and right.type.is_exact
    if operator == "/" and exact and "decimal" in (left.type.name, right.type.name):
        return _quotient(left, right)
    return arithmetic(operator, left, right, position)


def _quotient(left: Typed, right: Typed) -> Typed:
    """A decimal with at least four digits behind the point."""
    one, other = as_decimal(left.type), as_decimal(right.type)
    scale = max(_LEAST_QUOTIENT_SCALE, one.scale + other.precision - other.scale + 1)
    whole = one.precision - one.scale + other.scale
    scale = min(scale, max(MAX_PRECISION - whole, _LEAST_QUOTIENT_SCALE))
    result = decimal(whole + scale, scale)
    a, b = coerce(left, one).sql, coerce(right, other).sql
    shift = scale - one.scale + other.scale
    dividend = f"unscaled({a}) * CAST(1{'0' * shift} AS HUGEINT)"
    return Typed(scaled(f"divide_half_up({dividend}, unscaled({b}))", result), result)


def concatenate(expressions: Expressions, node: exp.DPipe) -> Typed:
    """`a || b`: whatever is no text becomes one."""
    parts = [as_text(expressions.translate(each)).sql for each in (node.left, node.right)]
    return Typed(f"({' || '.join(parts)})", VARCHAR)


def _texts(expressions: Expressions, node: exp.Binary) -> tuple[str, str]:
    values = expressions.translate(node.this), expressions.translate(node.expression)
    for each in values:
        if not each.type.is_text and each.type != UNKNOWN:
            message = f"Cannot apply operator: {values[0].type} {node.key} {values[1].type}"
            raise located("TYPE_MISMATCH", message, position_of(node))
    return values[0].sql, values[1].sql


def like(expressions: Expressions, node: exp.Like | exp.ILike, escape: str = "'\\'") -> Typed:
    """LIKE and ILIKE; without ESCAPE a backslash escapes."""
    value, pattern = _texts(expressions, node)
    word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
    return boolean(f"({value} {word} {pattern} ESCAPE {escape})")


def escaped(expressions: Expressions, node: exp.Escape) -> Typed:
    """`LIKE pattern ESCAPE 'c'`."""
    if not isinstance(node.this, exp.Like | exp.ILike):
        raise located("SYNTAX_ERROR", "ESCAPE belongs to LIKE", position_of(node))
    return like(expressions, node.this, expressions.translate(node.expression).sql)


def matches(expressions: Expressions, node: exp.RegexpLike | exp.RegexpILike) -> Typed:
    """`text ~ pattern`, and `~*` whatever the case."""
    value, pattern = _texts(expressions, node)
    options = "'i'" if isinstance(node, exp.RegexpILike) else "'c'"
    return boolean(f"regexp_matches({value}, {pattern}, {options})")


def is_(expressions: Expressions, node: exp.Is) -> Typed:
    """IS NULL, IS TRUE, IS FALSE, IS UNKNOWN."""
    value = expressions.translate(node.this)
    match node.expression:
        case exp.Null():
            return boolean(f"({value.sql} IS NULL)")
        case exp.Boolean():
            word = "true" if node.expression.this else "false"
            return boolean(f"coalesce({value.sql} = {word}, false)")
    raise located("SYNTAX_ERROR", "IS is followed by NULL, TRUE or FALSE", position_of(node))
