"""Aggregates: https://trino.io/docs/current/functions/aggregate.html."""

from __future__ import annotations

from sqlglot import exp

from infra.local.athena.errors import unsupported
from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.operators import scaled
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    map_of,
)


def _as(sql: str, kind: Type) -> Typed:
    return Typed(f"CAST({sql} AS {duckdb_type(kind)})", kind)


@function("count", kind="aggregate")
def _count(call: Call) -> Typed:
    if not call.nodes or isinstance(call.nodes[0], exp.Star):
        return Typed(call.aggregate("count", "*"), BIGINT)
    (value,) = call.arguments(1)
    return Typed(call.aggregate("count", value.sql), BIGINT)


@function("count_if", kind="aggregate")
def _count_if(call: Call) -> Typed:
    test = call.take(call.argument(0), BOOLEAN)
    return _as(call.aggregate("count", f"CASE WHEN {test.sql} THEN 1 END"), BIGINT)


@function("sum", kind="aggregate")
def _sum(call: Call) -> Typed:
    """Integers add up to a bigint, decimals to one of 38 digits; overflow fails the query."""
    (value,) = call.arguments(1)
    if value.type.name.startswith("interval"):
        return Typed(call.aggregate("sum", value.sql), value.type)
    if not value.type.is_numeric:
        raise call.unexpected([value])
    kind = value.type
    if kind.is_integer:
        kind = BIGINT
    elif kind.name == "decimal":
        kind = decimal(38, kind.scale)
    return _as(call.aggregate("sum", value.sql), kind)


@function("avg", kind="aggregate")
def _avg(call: Call) -> Typed:
    """The mean of decimals is a decimal of their scale, rounded half away from zero."""
    (value,) = call.arguments(1)
    if not value.type.is_numeric:
        raise call.unexpected([value])
    if value.type.name != "decimal":
        kind = value.type if value.type.name == "real" else DOUBLE
        return _as(call.aggregate("avg", value.sql), kind)
    total, count = call.aggregate("sum", value.sql), call.aggregate("count", value.sql)
    mean = f"divide_half_up(unscaled({total}), {count})"
    return Typed(f"CASE WHEN {count} > 0 THEN {scaled(mean, value.type)} END", value.type)


@function("min", "max", kind="aggregate")
def _extreme(call: Call) -> Typed:
    if len(call.nodes) > 1:
        raise unsupported(f"{call.name} of several values", call.position)
    (value,) = call.arguments(1)
    return Typed(call.aggregate(call.name, value.sql), value.type)


@function("min_by", "max_by", kind="aggregate")
def _extreme_by(call: Call) -> Typed:
    """The value beside the extreme, NULL or not."""
    if len(call.nodes) > 2:  # noqa: PLR2004 - (value, key)
        raise unsupported(f"{call.name} of several values", call.position)
    value, key = call.arguments(2)
    name = {"min_by": "arg_min_null", "max_by": "arg_max_null"}[call.name]
    return Typed(call.aggregate(name, value.sql, key.sql), value.type)


@function("arbitrary", "any_value", kind="aggregate")
def _any(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return Typed(call.aggregate("any_value", value.sql), value.type)


@function("bool_and", "every", "bool_or", kind="aggregate")
def _bool(call: Call) -> Typed:
    test = call.take(call.argument(0), BOOLEAN)
    name = "bool_or" if call.name == "bool_or" else "bool_and"
    return Typed(call.aggregate(name, test.sql), BOOLEAN)


@function("array_agg", kind="aggregate")
def _array_agg(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return Typed(call.aggregate("list", value.sql), array(value.type))


@function("listagg", kind="aggregate")
def _listagg(call: Call) -> Typed:
    value, *separator = call.arguments(1, 2)
    between = call.take(separator[0], VARCHAR).sql if separator else "''"
    return Typed(call.aggregate("string_agg", call.take(value, VARCHAR).sql, between), VARCHAR)


@function("approx_distinct", kind="aggregate")
def _approx_distinct(call: Call) -> Typed:
    """Counted exactly: within any error that Trino promises."""
    value = call.arguments(1, 2)[0]
    exact = Call(
        call.expressions, call.name, call.nodes, call.position, call.modifiers.with_(distinct=True)
    )
    return Typed(exact.aggregate("count", value.sql), BIGINT)


@function("approx_percentile", kind="aggregate")
def _approx_percentile(call: Call) -> Typed:
    """A value of the data, as Trino's is; exact."""
    if len(call.nodes) != 2:  # noqa: PLR2004 - (value, fraction)
        raise unsupported("approx_percentile with weights or accuracy", call.position)
    value, fraction = call.arguments(2)
    if not value.type.is_numeric:
        raise call.unexpected([value, fraction])
    several = fraction.type.name == "array"
    wanted = array(DOUBLE) if several else DOUBLE
    found = call.aggregate("quantile_disc", value.sql, coerce(fraction, wanted).sql)
    return Typed(found, array(value.type) if several else value.type)


_STATISTICS = {
    "stddev": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
    "variance": "var_samp", "var_samp": "var_samp", "var_pop": "var_pop",
    "covar_pop": "covar_pop", "covar_samp": "covar_samp", "corr": "corr",
    "regr_slope": "regr_slope", "regr_intercept": "regr_intercept",
}  # fmt: skip


@function(*_STATISTICS, kind="aggregate")
def _statistic(call: Call) -> Typed:
    count = 1 if _STATISTICS[call.name].startswith(("stddev", "var_")) else 2
    values = [call.take(value, DOUBLE).sql for value in call.arguments(count)]
    return Typed(call.aggregate(_STATISTICS[call.name], *values), DOUBLE)


@function("geometric_mean", kind="aggregate")
def _geometric_mean(call: Call) -> Typed:
    value = call.take(call.argument(0), DOUBLE)
    return Typed(f"exp({call.aggregate('avg', f'ln({value.sql})')})", DOUBLE)


@function("histogram", kind="aggregate")
def _histogram(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return _as(call.aggregate("histogram", value.sql), map_of(value.type, BIGINT))


@function("map_agg", kind="aggregate")
def _map_agg(call: Call) -> Typed:
    """A key that comes twice fails the query: which of its values Trino keeps is not defined."""
    key, value = call.arguments(2)
    entry = f"CASE WHEN {key.sql} IS NOT NULL THEN row({key.sql}, {value.sql}) END"
    entries = f"list_filter({call.aggregate('list', entry)}, lambda x: x IS NOT NULL)"
    return _as(f"map_from_entries({entries})", map_of(key.type, value.type))


@function("bitwise_and_agg", "bitwise_or_agg", kind="aggregate")
def _bitwise(call: Call) -> Typed:
    value = call.take(call.argument(0), BIGINT)
    name = "bit_and" if call.name == "bitwise_and_agg" else "bit_or"
    return Typed(call.aggregate(name, value.sql), BIGINT)
