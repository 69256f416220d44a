"""CAST and TRY_CAST as Trino does them: strict about text, halves away from zero.

DuckDB's own casts read `12.7`, `1e3` and `1_000` as integers, round halves of a double to even and
cut a timestamp's text at the day; each rule here says what Trino accepts before DuckDB converts.
Source: the operators of io.trino.type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.local.athena.errors import Position, located, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import fresh_name, text_of
from infra.local.athena.types import BOOLEAN, MILLIS, VARCHAR, Type, duckdb_type, row_field

_INTEGER_TEXT = r"[+-]?[0-9]+"
_DECIMAL_TEXT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DOUBLE_TEXT = rf"\s*([+-]?(NaN|Infinity)|{_DECIMAL_TEXT})\s*"
_DATE_TEXT = r"\s*[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\s*"
_TIMESTAMP_TEXT = (
    r"\s*[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?\s*"
)
_ZONED_TEXT = _TIMESTAMP_TEXT.removesuffix(r"\s*") + r" ?(UTC|Z|[+-]00:00)?\s*"


@dataclass(frozen=True, slots=True)
class _Conversion:
    """How one type becomes another: DuckDB's text, and the condition under which it is allowed."""

    sql: str
    allowed: str | None = None
    message: str | None = None
    """DuckDB's text of the message when it is not allowed."""


def cast(value: Typed, to: Type, *, safe: bool, position: Position | None = None) -> Typed:
    """`CAST(value AS to)`, or TRY_CAST when `safe`: NULL in place of a failure.

    Raises:
        QueryError: TYPE_MISMATCH, Athena does not convert between these types.
    """
    if value.type == to:
        return value
    conversion = _convert(value, to, position)
    if conversion.allowed is None:
        sql = conversion.sql
    elif safe:
        sql = f"CASE WHEN {conversion.allowed} THEN {conversion.sql} END"
    else:
        message = conversion.message or _message(value, to)
        sql = guarded(conversion.allowed, conversion.sql, message, to)
    return Typed(f"TRY({sql})" if safe else sql, to)


def _message(value: Typed, to: Type) -> str:
    name = {"integer": "INT"}.get(to.name, str(to).upper())
    before = quote_text("INVALID_CAST_ARGUMENT: Cannot cast '")
    return f"{before} || {text_of(value.sql, value.type)} || {quote_text(f"' to {name}")}"


def _convert(value: Typed, to: Type, position: Position | None) -> _Conversion:
    source = value.type
    if source.name == "unknown":
        return _plain(value.sql, to)
    rule = _RULES.get((_family(source), _family(to)))
    if rule is None:
        raise located("TYPE_MISMATCH", f"Cannot cast {source} to {to}", position)
    return rule(value, to, position)


def _family(of: Type) -> str:
    if of.is_integer:
        return "integer"
    return "double" if of.is_floating else of.name


def _plain(sql: str, to: Type) -> _Conversion:
    return _Conversion(f"CAST({sql} AS {duckdb_type(to)})")


def _duckdb(value: Typed, to: Type, _: Position | None) -> _Conversion:
    """DuckDB converts as Trino does."""
    return _plain(value.sql, to)


def _from_text(pattern: str) -> Callable[[Typed, Type, Position | None], _Conversion]:
    def convert(value: Typed, to: Type, _: Position | None) -> _Conversion:
        allowed = f"regexp_full_match({value.sql}, {quote_text(pattern)})"
        return _Conversion(f"CAST(trim({value.sql}) AS {duckdb_type(to)})", allowed)

    return convert


def _text_to_date(value: Typed, to: Type, _: Position | None) -> _Conversion:
    allowed = f"regexp_full_match({value.sql}, {quote_text(_DATE_TEXT)})"
    message = f"'INVALID_CAST_ARGUMENT: Value cannot be cast to date: ' || {value.sql}"
    return _Conversion(f"CAST(trim({value.sql}) AS {duckdb_type(to)})", allowed, message)


def _text_to_timestamp(value: Typed, to: Type, _: Position | None) -> _Conversion:
    zoned = to.name == "timestamp with time zone"
    pattern = _ZONED_TEXT if zoned else _TIMESTAMP_TEXT
    allowed = f"regexp_full_match({value.sql}, {quote_text(pattern)})"
    plain = f"regexp_replace(trim({value.sql}), ' ?(UTC|Z|[+-]00:00)$', '')"
    moment = f"CAST({plain if zoned else f'trim({value.sql})'} AS TIMESTAMP)"
    sql = moment if to.second_digits > MILLIS else f"round_to_millis({moment})"
    message = f"'INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || {value.sql}"
    return _Conversion(f"timezone('UTC', {sql})" if zoned else sql, allowed, message)


def _text_to_boolean(value: Typed, _to: Type, _: Position | None) -> _Conversion:
    text = f"lower({value.sql})"
    return _Conversion(
        f"({text} IN ('t', 'true', '1'))", f"{text} IN ('t', 'true', '1', 'f', 'false', '0')"
    )


def _floating_to_integer(value: Typed, to: Type, _: Position | None) -> _Conversion:
    # DuckDB rounds a half to the even neighbour; round() away from zero, as Trino.
    return _Conversion(
        f"CAST(round({value.sql}) AS {duckdb_type(to)})",
        f"(NOT isnan({value.sql}) AND NOT isinf({value.sql}))",
    )


def _floating_to_decimal(value: Typed, to: Type, _: Position | None) -> _Conversion:
    # Through the shortest text, as BigDecimal.valueOf: 1.005 is 1.01 with two digits.
    return _Conversion(
        f"CAST(CAST({value.sql} AS VARCHAR) AS {duckdb_type(to)})",
        f"(NOT isnan({value.sql}) AND NOT isinf({value.sql}))",
    )


def _to_text(value: Typed, to: Type, _: Position | None) -> _Conversion:
    text = text_of(value.sql, value.type)
    if not to.precision:
        return _Conversion(text)
    if value.type.is_text:
        cut = f"left({text}, {to.precision})"
        return _Conversion(f"rpad({cut}, {to.precision}, ' ')" if to.name == "char" else cut)
    message = (
        f"{quote_text('INVALID_CAST_ARGUMENT: Value ')} || {text}"
        f" || {quote_text(f' cannot be represented as {to}')}"
    )
    padded = f"rpad({text}, {to.precision}, ' ')" if to.name == "char" else text
    return _Conversion(padded, f"length({text}) <= {to.precision}", message)


def _rounded(local: str, source: Type, to: Type) -> str:
    """A time on the clock with no more digits than its new type has."""
    fewer = source.is_timestamp and to.is_timestamp and to.second_digits < source.second_digits
    return f"round_to_millis({local})" if fewer else local


def _moment(value: Typed, to: Type, _: Position | None) -> _Conversion:
    return _Conversion(_rounded(value.sql, value.type, to))


def _zoned_to(value: Typed, to: Type, _: Position | None) -> _Conversion:
    local = _rounded(f"timezone({quote_text(value.type.zone)}, {value.sql})", value.type, to)
    return _Conversion(f"CAST({local} AS {duckdb_type(to)})")


def _to_zoned(value: Typed, to: Type, _: Position | None) -> _Conversion:
    local = _rounded(f"CAST({value.sql} AS TIMESTAMP)", value.type, to)
    return _Conversion(f"timezone({quote_text(to.zone)}, {local})")


def _rezone(value: Typed, to: Type, _: Position | None) -> _Conversion:
    rounded = _rounded(f"timezone('UTC', {value.sql})", value.type, to)
    return _Conversion(f"timezone('UTC', {rounded})")


def _array(value: Typed, to: Type, position: Position | None) -> _Conversion:
    name = fresh_name()
    element = cast(Typed(name, value.type.element), to.element, safe=False, position=position)
    return _Conversion(f"list_transform({value.sql}, lambda {name}: {element.sql})")


def _map(value: Typed, to: Type, position: Position | None) -> _Conversion:
    name = fresh_name()
    key, item = (
        cast(Typed(f"{name}.{part}", source), target, safe=False, position=position).sql
        for part, source, target in zip(("key", "value"), value.type.items, to.items, strict=True)
    )
    entries = f"list_transform(map_entries({value.sql}), lambda {name}: row({key}, {item}))"
    return _Conversion(f"CAST(map_from_entries({entries}) AS {duckdb_type(to)})")


def _row(value: Typed, to: Type, position: Position | None) -> _Conversion:
    if len(value.type.items) != len(to.items):
        raise located("TYPE_MISMATCH", f"Cannot cast {value.type} to {to}", position)
    parts = []
    for i, (source, target) in enumerate(zip(value.type.items, to.items, strict=True)):
        field = Typed(f"({value.sql}).{row_field(i)}", source)
        converted = cast(field, target, safe=False, position=position)
        parts.append(f"{row_field(i)} := {converted.sql}")
    packed = f"struct_pack({', '.join(parts)})"
    return _Conversion(f"CASE WHEN {value.sql} IS NOT NULL THEN {packed} END")


def _text_to_json(value: Typed, _to: Type, _: Position | None) -> _Conversion:
    # A cast makes a JSON string of the text; only json_parse reads it.
    return _Conversion(f"to_json({value.sql})")


def _to_json(value: Typed, _to: Type, position: Position | None) -> _Conversion:
    if not all(_is_plain_json(item) for item in value.type.items):
        raise unsupported(f"a cast from {value.type} to json", position)
    return _Conversion(f"to_json({value.sql})")


def _is_plain_json(of: Type) -> bool:
    return (
        of.is_integer
        or of in (VARCHAR, BOOLEAN)
        or (of.name == "array" and _is_plain_json(of.element))
    )


def _json_to_scalar(value: Typed, to: Type, position: Position | None) -> _Conversion:
    text = Typed(f"json_extract_string({value.sql}, '$')", VARCHAR)
    inner = cast(text, to, safe=False, position=position)
    return _Conversion(inner.sql, f"json_type({value.sql}) NOT IN ('OBJECT', 'ARRAY')")


def _json_to_nested(value: Typed, to: Type, position: Position | None) -> _Conversion:
    raise unsupported(f"a cast from {value.type} to {to}", position)


_Rule = Callable[[Typed, Type, Position | None], _Conversion]

_RULES: dict[tuple[str, str], _Rule] = {
    **{
        (one, other): _duckdb
        for one in ("integer", "decimal", "double", "boolean")
        for other in ("integer", "decimal", "double", "boolean")
    },
    ("double", "integer"): _floating_to_integer,
    ("double", "decimal"): _floating_to_decimal,
    ("varchar", "integer"): _from_text(_INTEGER_TEXT),
    ("varchar", "decimal"): _from_text(_DECIMAL_TEXT),
    ("varchar", "double"): _from_text(_DOUBLE_TEXT),
    ("varchar", "boolean"): _text_to_boolean,
    ("varchar", "date"): _text_to_date,
    ("varchar", "timestamp"): _text_to_timestamp,
    ("varchar", "timestamp with time zone"): _text_to_timestamp,
    ("varchar", "varbinary"): lambda value, _to, _: _Conversion(f"encode({value.sql})"),
    ("varchar", "json"): _text_to_json,
    **{
        (source, text): _to_text
        for source in (
            "varchar",
            "char",
            "integer",
            "decimal",
            "double",
            "boolean",
            "date",
            "timestamp",
            "timestamp with time zone",
            "time",
            "interval day to second",
            "interval year to month",
        )
        for text in ("varchar", "char")
    },
    ("date", "timestamp"): _duckdb,
    ("timestamp", "timestamp"): _moment,
    ("timestamp", "date"): _duckdb,
    ("timestamp", "time"): _duckdb,
    ("date", "timestamp with time zone"): _to_zoned,
    ("timestamp", "timestamp with time zone"): _to_zoned,
    ("timestamp with time zone", "date"): _zoned_to,
    ("timestamp with time zone", "timestamp"): _zoned_to,
    ("timestamp with time zone", "timestamp with time zone"): _rezone,
    ("array", "array"): _array,
    **{("json", nested): _json_to_nested for nested in ("array", "map", "row")},
    **{(nested, "json"): _json_to_nested for nested in ("decimal", "date", "map", "row")},
    ("map", "map"): _map,
    ("row", "row"): _row,
    **{(source, "json"): _to_json for source in ("integer", "boolean", "array", "double")},
    **{
        ("json", target): _json_to_scalar
        for target in ("integer", "decimal", "double", "boolean", "varchar")
    },
}
