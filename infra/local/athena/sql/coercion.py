"""Which types Athena converts by itself, and into what.

Source: https://trino.io/docs/current/language/types.html and Trino's TypeCoercion.
"""

from __future__ import annotations

from infra.local.athena.session import quote_text
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import (
    DOUBLE,
    INTEGER_DIGITS,
    MAX_PRECISION,
    REAL,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    map_of,
    row,
    timestamp,
)

_INTEGERS = list(INTEGER_DIGITS)


def as_decimal(of: Type) -> Type:
    """The decimal that holds every value of an integer type; a decimal as it is."""
    return decimal(INTEGER_DIGITS[of.name], 0) if of.is_integer else of


def common_type(left: Type, right: Type) -> Type | None:
    """The type to which both sides are converted, or None when Athena refuses."""
    if left == right:
        return left
    if left.name == "unknown" or right.name == "unknown":
        return right if left.name == "unknown" else left
    if left.is_numeric and right.is_numeric:
        return _common_number(left, right)
    names = {left.name, right.name}
    if names <= {"varchar", "char"}:
        return Type("varchar")
    if names == {"date", "timestamp"}:
        return left if left.name == "timestamp" else right
    if names <= {"date", "timestamp", "timestamp with time zone"}:
        zones = {each.zone for each in (left, right) if each.name == "timestamp with time zone"}
        digits = max(each.second_digits for each in (left, right) if each.is_timestamp)
        return timestamp(digits, zone=next(iter(zones), None)) if len(zones) <= 1 else None
    if left.name == right.name and len(left.items) == len(right.items):
        return _common_nested(left, right)
    return None


def _common_number(left: Type, right: Type) -> Type:
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda each: _INTEGERS.index(each.name))
    if left.is_exact and right.is_exact:
        one, other = as_decimal(left), as_decimal(right)
        scale = max(one.scale, other.scale)
        whole = max(one.precision - one.scale, other.precision - other.scale)
        return decimal(min(MAX_PRECISION, whole + scale), scale)
    return REAL if DOUBLE not in (left, right) else DOUBLE


def _common_nested(left: Type, right: Type) -> Type | None:
    items = [common_type(one, other) for one, other in zip(left.items, right.items, strict=True)]
    known = tuple(item for item in items if item is not None)
    if len(known) != len(items):
        return None
    if left.name == "row":
        same = zip(left.fields, right.fields, strict=True)
        return row(tuple(one if one == other else None for one, other in same), known)
    if left.name == "array":
        return array(known[0])
    return map_of(known[0], known[1]) if left.name == "map" else None


def coerces(source: Type, target: Type) -> bool:
    """Whether a value of `source` is taken where `target` is wanted."""
    if source.name == target.name == "decimal":
        whole = source.precision - source.scale <= target.precision - target.scale
        return whole and source.scale <= target.scale
    if source.name == target.name and not source.items:
        return True
    common = common_type(source, target)
    return common is not None and common.name == target.name and common.items == target.items


def coerce(value: Typed, target: Type) -> Typed:
    """`value` as `target`, which must be a type that it coerces to."""
    if value.type == target:
        return value
    if value.type.name == "unknown" and value.constant is not None:
        return _placed(value, value.constant, target)
    if duckdb_type(value.type) == duckdb_type(target) and value.type.name != "unknown":
        return Typed(value.sql, target, value.constant)
    return Typed(f"CAST({value.sql} AS {duckdb_type(target)})", target, value.constant)


def _placed(value: Typed, literal: str, target: Type) -> Typed:
    """A literal that has no type of its own, as other dialects have them, with that of its place.

    It is never cut: what is longer than a column is not equal to what the column holds.
    """
    if target.name == "char":
        return Typed(quote_text(literal.ljust(target.precision)), target, literal)
    if target.is_text:
        return Typed(value.sql, target, literal)
    placed = cast(Typed(value.sql, VARCHAR, literal), target, safe=False)
    return Typed(placed.sql, target, literal)


def common_type_of(types: list[Type]) -> Type | None:
    """The type to which all of them are converted, or None."""
    result: Type | None = types[0]
    for each in types[1:]:
        result = common_type(result, each) if result else None
    return result
