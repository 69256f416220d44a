"""Mathematical functions: https://trino.io/docs/current/functions/math.html."""

from __future__ import annotations

from infra.local.athena.errors import unsupported
from infra.local.athena.sql.coercion import as_decimal, coerce
from infra.local.athena.sql.functions.registry import Call, function, signature
from infra.local.athena.sql.operators import arithmetic
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    Type,
    decimal,
    duckdb_type,
)

_NAN, _MINUS_INFINITY = "CAST('NaN' AS DOUBLE)", "CAST('-Infinity' AS DOUBLE)"

for _name in (
    "cbrt",
    "exp",
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "degrees",
    "radians",
):
    signature(_name, [DOUBLE], DOUBLE, f"{_name}({{0}})")
for _name in ("asin", "acos"):
    signature(
        _name, [DOUBLE], DOUBLE, f"CASE WHEN abs({{0}}) > 1 THEN {_NAN} ELSE {_name}({{0}}) END"
    )
# DuckDB fails outside of their domain, Trino answers NaN or -Infinity.
signature("sqrt", [DOUBLE], DOUBLE, f"CASE WHEN {{0}} < 0 THEN {_NAN} ELSE sqrt({{0}}) END")
for _name in ("ln", "log2", "log10"):
    signature(
        _name,
        [DOUBLE],
        DOUBLE,
        f"CASE WHEN {{0}} < 0 THEN {_NAN} WHEN {{0}} = 0 THEN {_MINUS_INFINITY}"
        f" ELSE {_name}({{0}}) END",
    )
signature("log", [DOUBLE, DOUBLE], DOUBLE, "(ln({1}) / ln({0}))")
signature("power pow", [DOUBLE, DOUBLE], DOUBLE, "pow({0}, {1})")
signature("atan2", [DOUBLE, DOUBLE], DOUBLE, "atan2({0}, {1})")
signature("pi", [], DOUBLE, "pi()")
signature("e", [], DOUBLE, "exp(CAST(1 AS DOUBLE))")
signature("infinity", [], DOUBLE, "CAST('Infinity' AS DOUBLE)")
signature("nan", [], DOUBLE, _NAN)
signature("is_nan", [DOUBLE], BOOLEAN, "isnan({0})")
signature("is_finite", [DOUBLE], BOOLEAN, "isfinite({0})")
signature("is_infinite", [DOUBLE], BOOLEAN, "isinf({0})")
signature("random rand", [], DOUBLE, "random()")
for _name, _operator in (("bitwise_and", "&"), ("bitwise_or", "|")):
    signature(_name, [BIGINT, BIGINT], BIGINT, f"({{0}} {_operator} {{1}})")
signature("bitwise_xor", [BIGINT, BIGINT], BIGINT, "xor({0}, {1})")
signature("bitwise_not", [BIGINT], BIGINT, "(~{0})")


def _number(call: Call, index: int = 0) -> Typed:
    value = call.argument(index)
    if value.type.name == "unknown":
        return coerce(value, DOUBLE)
    if not value.type.is_numeric:
        raise call.unexpected([value])
    return value


def _whole(of: Type) -> Type:
    """The decimal that holds a decimal rounded to a whole number."""
    return decimal(of.precision - of.scale + min(of.scale, 1), 0)


@function("abs")
def _abs(call: Call) -> Typed:
    value = _number(call)
    return Typed(f"CAST(abs({value.sql}) AS {duckdb_type(value.type)})", value.type)


@function("sign")
def _sign(call: Call) -> Typed:
    value = _number(call)
    kind = decimal(1, 0) if value.type.name == "decimal" else value.type
    return Typed(f"CAST(sign({value.sql}) AS {duckdb_type(kind)})", kind)


@function("mod")
def _mod(call: Call) -> Typed:
    dividend, divisor = call.arguments(2)
    return arithmetic("%", dividend, divisor, call.position)


@function("ceil", "ceiling", "floor")
def _to_whole(call: Call) -> Typed:
    value = _number(call)
    if value.type.is_integer:
        return value
    kind = _whole(value.type) if value.type.name == "decimal" else value.type
    name = "floor" if call.name == "floor" else "ceil"
    return Typed(f"CAST({name}({value.sql}) AS {duckdb_type(kind)})", kind)


@function("round", "truncate")
def _round(call: Call) -> Typed:
    """Halves go away from zero; a decimal that is rounded to places keeps its scale."""
    name = "trunc" if call.name == "truncate" else "round"
    value = _number(call)
    if len(call.nodes) == 1:
        if value.type.is_integer:
            return value
        kind = _whole(value.type) if value.type.name == "decimal" else value.type
        return Typed(f"CAST({name}({value.sql}) AS {duckdb_type(kind)})", kind)
    places = call.take(call.argument(1), INTEGER)
    if value.type.is_floating:
        rounded = f"{name}({value.sql} * pow(10, {places.sql})) / pow(10, {places.sql})"
        guard = f"CASE WHEN isfinite({value.sql}) THEN {rounded} ELSE {value.sql} END"
        return Typed(f"CAST({guard} AS {duckdb_type(value.type)})", value.type)
    number = int(call.constant(1))
    source = as_decimal(value.type)
    kind = value.type if value.type.is_integer else decimal(source.precision + 1, source.scale)
    if call.name == "truncate":
        kind = value.type
    if number >= source.scale:
        return Typed(f"CAST({value.sql} AS {duckdb_type(kind)})", kind)
    if name == "trunc" or (number < 0 and not value.type.is_integer):
        raise unsupported(f"{call.name} of {value.type} to {number} places", call.position)
    return Typed(f"CAST(round({value.sql}, {number}) AS {duckdb_type(kind)})", kind)
