"""Aggregates of Redshift where they are not Trino's.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Aggregate_Functions.html
"""

from __future__ import annotations

from sqlglot import exp

from infra.local.athena.errors import located, unsupported
from infra.local.athena.sql import calls
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.functions.registry import Call, Modifiers
from infra.local.athena.sql.operators import scaled
from infra.local.athena.sql.ordering import ordering
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, DOUBLE, MAX_PRECISION, VARCHAR, decimal, duckdb_type
from infra.local.redshift.engine.grammar import APPROXIMATE
from infra.local.redshift.engine.language.functions import function
from infra.local.redshift.engine.language.text import as_text

_FRAMED = frozenset(
    [
        "avg",
        "count",
        "sum",
        "min",
        "max",
        "first_value",
        "last_value",
        "nth_value",
        "stddev",
        "stddev_samp",
        "stddev_pop",
        "variance",
        "var_samp",
        "var_pop",
    ]
)


@function("sum", kind="aggregate")
def _sum(call: Call) -> Typed:
    """Of bigints and decimals a decimal of 38 digits, of shorter integers a bigint."""
    (value,) = call.arguments(1)
    if not value.type.is_numeric:
        raise call.unexpected([value])
    kind = BIGINT if value.type.is_integer else value.type
    if value.type == BIGINT or value.type.name == "decimal":
        kind = decimal(MAX_PRECISION, value.type.scale)
    if value.type.is_floating:
        kind = DOUBLE
    return Typed(f"CAST({call.aggregate('sum', value.sql)} AS {duckdb_type(kind)})", kind)


@function("avg", kind="aggregate")
def _avg(call: Call) -> Typed:
    """Of integers a bigint, what is behind the point cut off."""
    (value,) = call.arguments(1)
    if not value.type.is_numeric:
        raise call.unexpected([value])
    if value.type.is_floating:
        return Typed(f"CAST({call.aggregate('avg', value.sql)} AS DOUBLE)", DOUBLE)
    total, count = call.aggregate("sum", value.sql), call.aggregate("count", value.sql)
    if value.type.is_integer:
        mean = f"CAST({total} // {count} AS BIGINT)"
        return Typed(f"CASE WHEN {count} > 0 THEN {mean} END", BIGINT)
    kind = decimal(MAX_PRECISION, value.type.scale)
    mean = scaled(f"divide_half_up(unscaled({total}), {count})", kind)
    return Typed(f"CASE WHEN {count} > 0 THEN {mean} END", kind)


@function(f"{APPROXIMATE}count", kind="aggregate")
def _approximate_count(call: Call) -> Typed:
    """Counted exactly: within any error that Redshift promises."""
    if not call.modifiers.distinct:
        raise located("SYNTAX_ERROR", "APPROXIMATE is for COUNT(DISTINCT …)", call.position)
    (value,) = call.arguments(1)
    return Typed(call.aggregate("count", value.sql), BIGINT)


@function("median", kind="aggregate")
def _median(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return _percentile(call, value, "0.5")


def _percentile(call: Call, value: Typed, fraction: str) -> Typed:
    """Between two values the mean of them by distance; of integers and decimals a decimal."""
    if not value.type.is_numeric:
        raise unsupported(f"{call.name} of {value.type}", call.position)
    number = call.take(value, DOUBLE) if not value.type.is_exact else value
    sql = call.aggregate("quantile_cont", f"CAST({number.sql} AS DOUBLE)", fraction)
    return Typed(f"CAST({sql} AS DOUBLE)", DOUBLE)


@function("percentile_cont", kind="aggregate")
def _percentile_cont(call: Call) -> Typed:
    value, fraction = call.arguments(2)
    if fraction.constant is None:
        raise unsupported("percentile_cont of a fraction that is no literal", call.position)
    return _percentile(call, value, fraction.constant)


@function("listagg", kind="aggregate")
def _listagg(call: Call) -> Typed:
    value, *separator = call.arguments(1, 2)
    between = call.take(separator[0], VARCHAR).sql if separator else "''"
    return Typed(call.aggregate("string_agg", as_text(value).sql, between), VARCHAR)


def within_group(expressions: Expressions, node: exp.WithinGroup) -> Typed:
    """`listagg(x, ', ') WITHIN GROUP (ORDER BY y)`, `percentile_cont(0.5) WITHIN GROUP (…)`."""
    inner, position = node.this, position_of(node)
    if not isinstance(inner, exp.Anonymous) or not isinstance(node.expression, exp.Order):
        raise unsupported("this use of WITHIN GROUP", position)
    name = inner.name.lower()
    if name == "percentile_cont":
        (key,) = node.expression.expressions
        return calls.call(expressions, name, [key.this, *inner.expressions], position)
    if name != "listagg":
        raise unsupported(f"{name} WITHIN GROUP", position)
    modifiers = Modifiers(order=ordering(expressions, node.expression))
    return calls.call(expressions, name, inner.expressions, position, modifiers)


def window(expressions: Expressions, node: exp.Window) -> Typed:
    """`f(x) OVER (…)`: an aggregate with an order needs a frame."""
    inner = node.this.this if isinstance(node.this, exp.IgnoreNulls) else node.this
    name = inner.name.lower() if isinstance(inner, exp.Anonymous) else ""
    spec = node.args.get("spec")
    if name in _FRAMED and node.args.get("order") and spec is None:
        message = "Aggregate window functions with an ORDER BY clause require a frame clause"
        raise located("SYNTAX_ERROR", message, position_of(node))
    if spec is not None and (spec.args.get("kind") or "").upper() != "ROWS":
        raise unsupported("a window frame other than ROWS", position_of(node))
    if node.args.get("alias") is not None:
        raise unsupported("a named window", position_of(node))
    return calls.window(expressions, node)
