"""Arithmetic and comparison with Trino's types: 7/2 is 3, 1.0/3 is 0.3, NaN equals nothing.

Sources: https://trino.io/docs/current/functions/math.html, .../decimal.html and comparison.html.
"""

from __future__ import annotations

from collections.abc import Callable

from infra.local.athena.errors import Position, located
from infra.local.athena.sql.coercion import as_decimal, coerce, common_type
from infra.local.athena.sql.scope import Typed, boolean
from infra.local.athena.types import (
    DATE,
    DAY_INTERVAL,
    MONTH_INTERVAL,
    Type,
    decimal,
    duckdb_type,
)

_INTERVALS = (DAY_INTERVAL, MONTH_INTERVAL)
_MAX_DIGITS_64_BITS = 18


def arithmetic(operator: str, left: Typed, right: Typed, position: Position) -> Typed:
    """`left operator right`, for one of `+ - * / %`.

    Raises:
        QueryError: TYPE_MISMATCH.
    """
    if left.type.is_numeric and right.type.is_numeric:
        return _numbers(operator, left, right)
    if left.type.is_numeric and right.type.name == "unknown":
        return _numbers(operator, left, coerce(right, left.type))
    if right.type.is_numeric and left.type.name == "unknown":
        return _numbers(operator, coerce(left, right.type), right)
    result = _times(operator, left, right, position)
    if result is None:
        raise _mismatch(operator, left, right, position)
    return result


def _mismatch(operator: str, left: Typed, right: Typed, position: Position) -> Exception:
    message = f"Cannot apply operator: {left.type} {operator} {right.type}"
    return located("TYPE_MISMATCH", message, position)


def _numbers(operator: str, left: Typed, right: Typed) -> Typed:
    common = common_type(left.type, right.type)
    assert common is not None  # noqa: S101 - two numbers always have a common type
    if common.name == "decimal":
        return _decimals(operator, left, right)
    one, other = coerce(left, common), coerce(right, common)
    if operator == "/" and common.is_integer:
        operator = "//"
    # The cast keeps the type where DuckDB would widen it.
    return Typed(f"CAST(({one.sql} {operator} {other.sql}) AS {duckdb_type(common)})", common)


def _decimals(operator: str, left: Typed, right: Typed) -> Typed:
    one, other = as_decimal(left.type), as_decimal(right.type)
    a, b = coerce(left, one).sql, coerce(right, other).sql
    scale = max(one.scale, other.scale)
    whole = max(one.precision - one.scale, other.precision - other.scale)
    match operator:
        case "+" | "-":
            result = decimal(whole + scale + 1, scale)
            # Wide before, not after: DuckDB adds in 64 bits what it finds in 64 bits.
            a, b = (f"CAST({each} AS {duckdb_type(result)})" for each in (a, b))
        case "*":
            result = decimal(one.precision + other.precision, one.scale + other.scale)
            if result.precision > _MAX_DIGITS_64_BITS >= one.precision:
                a = f"CAST({a} AS DECIMAL({_MAX_DIGITS_64_BITS + 1},{one.scale}))"
        case "/":
            precision = one.precision + other.scale + max(other.scale - one.scale, 0)
            result = decimal(precision, scale)
            shift = scale - one.scale + other.scale
            dividend = f"unscaled({a}) * CAST(1{'0' * shift} AS HUGEINT)"
            quotient = f"divide_half_up({dividend}, unscaled({b}))"
            return Typed(scaled(quotient, result), result)
        case _:
            least = min(one.precision - one.scale, other.precision - other.scale)
            result = decimal(least + scale, scale)
            # With one scale on both sides the remainder has it too.
            same = decimal(whole + scale, scale)
            a, b = (f"CAST({each} AS {duckdb_type(same)})" for each in (a, b))
    return Typed(f"CAST(({a} {operator} {b}) AS {duckdb_type(result)})", result)


def scaled(unscaled_sql: str, to: Type) -> str:
    """The decimal whose digits are the integer `unscaled_sql`."""
    digits = f"CAST({unscaled_sql} AS DECIMAL(38,0))"
    if to.scale:
        digits = f"({digits} * CAST(0.{'0' * (to.scale - 1)}1 AS DECIMAL({to.scale},{to.scale})))"
    return f"CAST({digits} AS {duckdb_type(to)})"


def _times(operator: str, left: Typed, right: Typed, position: Position) -> Typed | None:
    """Dates, times and intervals; None when the operator is not defined on them."""
    moments, intervals = left.type.is_timestamp or left.type == DATE, right.type in _INTERVALS
    if operator in "+-" and moments and intervals:
        return _moved(operator, left, right, position)
    if operator == "+" and left.type in _INTERVALS and right.type not in _INTERVALS:
        return _times(operator, right, left, position)
    if operator in "+-" and left.type in _INTERVALS and left.type == right.type:
        return Typed(f"({left.sql} {operator} {right.sql})", left.type)
    if operator == "*" and left.type in _INTERVALS and right.type.is_integer:
        return Typed(f"({left.sql} * CAST({right.sql} AS BIGINT))", left.type)
    if operator == "*" and left.type.is_integer and right.type in _INTERVALS:
        return _times(operator, right, left, position)
    if operator == "-" and left.type == right.type == DATE:
        return Typed(f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))", DAY_INTERVAL)
    common = common_type(left.type, right.type)
    if operator == "-" and common is not None and common.is_timestamp:
        one, other = coerce(left, common), coerce(right, common)
        return Typed(f"({one.sql} - {other.sql})", DAY_INTERVAL)
    return None


def _moved(operator: str, moment: Typed, by: Typed, position: Position) -> Typed:
    moved = f"({moment.sql} {operator} {by.sql})"
    if moment.type != DATE:
        return Typed(moved, moment.type)
    if by.type == DAY_INTERVAL and by.constant not in ("day", "week"):
        message = "Cannot add hour, minutes or seconds to a date"
        raise located("INVALID_FUNCTION_ARGUMENT", message, position)
    return Typed(f"CAST({moved} AS DATE)", DATE)


def compare(operator: str, left: Typed, right: Typed, position: Position) -> Typed:
    """`left operator right`, for one of `= <> < <= > >=`.

    Raises:
        QueryError: TYPE_MISMATCH, as Athena says when a text is compared with a number.
    """
    one, other = comparable(operator, left, right, position)
    sql = f"({one.sql} {operator} {other.sql})"
    if not one.type.is_floating:
        return boolean(sql)
    return boolean(_NAN_RULES[operator](sql, one, other))


def comparable(operator: str, left: Typed, right: Typed, position: Position) -> tuple[Typed, Typed]:
    """Both sides as their common type."""
    common = common_type(left.type, right.type)
    if common is None:
        raise _mismatch(operator, left, right, position)
    if {left.type.name, right.type.name} == {"char", "varchar"}:
        # As char: blanks at the end do not count.
        return (Typed(f"rtrim({left.sql}, ' ')", common), Typed(f"rtrim({right.sql}, ' ')", common))
    return coerce(left, common), coerce(right, common)


def _unless_nan(sql: str, *suspects: Typed) -> str:
    """DuckDB takes NaN for the greatest number, equal to itself; Trino for equal to nothing."""
    guards = "".join(f" AND NOT isnan({each.sql})" for each in suspects if each.constant is None)
    return f"({sql}{guards})"


_NAN_RULES: dict[str, Callable[[str, Typed, Typed], str]] = {
    "=": lambda sql, left, right: _unless_nan(sql, left if left.constant is None else right),
    "<>": lambda sql, left, _: sql if left.constant else f"({sql} OR isnan({left.sql}))",
    ">": lambda sql, left, _: _unless_nan(sql, left),
    ">=": lambda sql, left, _: _unless_nan(sql, left),
    "<": lambda sql, _, right: _unless_nan(sql, right),
    "<=": lambda sql, _, right: _unless_nan(sql, right),
}
