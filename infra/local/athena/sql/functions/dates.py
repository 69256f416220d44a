"""Dates and times: https://trino.io/docs/current/functions/datetime.html."""

from __future__ import annotations

from infra.local.athena.errors import located, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql import literals
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import text_of
from infra.local.athena.types import (
    BIGINT,
    DATE,
    DOUBLE,
    TIMESTAMP,
    TIMESTAMP_TZ,
    VARCHAR,
    Type,
    duckdb_type,
)

_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_TIME_UNITS = ("millisecond", "second", "minute", "hour")

_FIELDS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "day": "day",
    "day_of_month": "day",
    # Monday is 1 and Sunday 7, where DuckDB's dayofweek has Sunday for 0.
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "dayofyear",
    "doy": "dayofyear",
    "year_of_week": "isoyear",
    "yow": "isoyear",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
}
_TIME_FIELDS = ("hour", "minute", "second", "millisecond")


def moment(call: Call, index: int) -> Typed:
    """An argument that has to be a date or a timestamp; a zoned one as its local time."""
    value = call.argument(index)
    if value.type != DATE and not value.type.is_timestamp:
        raise call.unexpected([value])
    return value


def local(value: Typed) -> str:
    """The time on the clock of the value's zone."""
    if value.type.name == TIMESTAMP_TZ.name:
        return f"timezone({quote_text(value.type.zone)}, {value.sql})"
    return value.sql


def _from_local(sql: str, of: Type) -> Typed:
    """Back from the clock to a value of the type."""
    if of.name == TIMESTAMP_TZ.name:
        return Typed(f"timezone({quote_text(of.zone)}, {sql})", of)
    return Typed(f"CAST({sql} AS {duckdb_type(of)})", of)


def _unit(call: Call, of: Type) -> str:
    unit = call.constant(0).lower()
    allowed = _DATE_UNITS if of == DATE else _DATE_UNITS + _TIME_UNITS
    if unit not in allowed:
        kind = "DATE" if of == DATE else "TIMESTAMP"
        message = f"'{unit}' is not a valid {kind} field"
        raise located("INVALID_FUNCTION_ARGUMENT", message, call.position)
    return unit


@function(*_FIELDS, "millisecond")
def _field(call: Call) -> Typed:
    value = moment(call, 0)
    if call.name in _TIME_FIELDS and value.type == DATE:
        raise call.unexpected([value])
    if call.name == "millisecond":
        return Typed(f"CAST(millisecond({local(value)}) % 1000 AS BIGINT)", BIGINT)
    return Typed(f"CAST({_FIELDS[call.name]}({local(value)}) AS BIGINT)", BIGINT)


@function("date_trunc")
def _date_trunc(call: Call) -> Typed:
    value = moment(call, 1)
    unit = _unit(call, value.type)
    return _from_local(f"date_trunc({quote_text(unit)}, {local(value)})", value.type)


@function("date_add")
def _date_add(call: Call) -> Typed:
    count, value = call.take(call.argument(1), BIGINT), moment(call, 2)
    unit = _unit(call, value.type)
    step = "INTERVAL '3 months'" if unit == "quarter" else f"INTERVAL '1 {unit}'"
    amount = f"CAST({count.sql} AS INTEGER) * {step}"
    # A day is a day of the calendar, an hour an hour of the clock.
    if unit in _TIME_UNITS:
        return Typed(f"({value.sql} + {amount})", value.type)
    return _from_local(f"({local(value)} + {amount})", value.type)


@function("date_diff")
def _date_diff(call: Call) -> Typed:
    """Whole units that have passed, where DuckDB's date_diff counts boundaries."""
    start, end = moment(call, 1), moment(call, 2)
    common = common_type(start.type, end.type)
    if common is None:
        raise call.unexpected([start, end])
    unit = _unit(call, common)
    one, other = local(coerce(start, common)), local(coerce(end, common))
    return Typed(f"date_sub({quote_text(unit)}, {one}, {other})", BIGINT)


@function("last_day_of_month")
def _last_day(call: Call) -> Typed:
    return Typed(f"last_day({local(moment(call, 0))})", DATE)


@function("date")
def _date(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return cast(value, DATE, safe=False, position=call.position)


@function("now")
def _now(call: Call) -> Typed:
    instant = call.expressions.context.statement.now
    return Typed(f"TIMESTAMPTZ {quote_text(instant + '+00')}", TIMESTAMP_TZ)


@function("from_unixtime")
def _from_unixtime(call: Call) -> Typed:
    seconds = call.take(call.argument(0), DOUBLE)
    zone = literals.zone(call.constant(1), call.position) if len(call.nodes) > 1 else "UTC"
    micros = f"CAST(round({seconds.sql} * 1000) AS BIGINT) * 1000"
    return Typed(f"timezone('UTC', make_timestamp({micros}))", Type(TIMESTAMP_TZ.name, zone=zone))


@function("to_unixtime")
def _to_unixtime(call: Call) -> Typed:
    value = moment(call, 0)
    if value.type == DATE:
        value = coerce(value, TIMESTAMP)
    return Typed(f"epoch({value.sql})", DOUBLE)


@function("from_iso8601_date")
def _from_iso_date(call: Call) -> Typed:
    value = call.take(call.argument(0), VARCHAR)
    pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    message = f"'INVALID_FUNCTION_ARGUMENT: Invalid format: \"' || {value.sql} || '\"'"
    matches = f"regexp_full_match({value.sql}, '{pattern}')"
    return Typed(guarded(matches, f"CAST({value.sql} AS DATE)", message, DATE), DATE)


@function("from_iso8601_timestamp")
def _from_iso_timestamp(call: Call) -> Typed:
    """In UTC; another offset would have to be shown as such, and is refused."""
    value = call.take(call.argument(0), VARCHAR)
    clock = "[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?"
    pattern = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T({clock})?)?(Z|[+-]00:?00)?"
    message = (
        "'INVALID_FUNCTION_ARGUMENT: the embedded Athena reads ISO 8601 timestamps in UTC only: '"
        f" || {value.sql}"
    )
    plain = f"regexp_replace({value.sql}, '(Z|[+-]00:?00)$', '')"
    spaced = f"rtrim(replace(replace({plain}, 'T', ' '), ',', '.'))"
    whole = f"CASE WHEN length({spaced}) = 13 THEN {spaced} || ':00' ELSE {spaced} END"
    matches = f"regexp_full_match({value.sql}, {quote_text(pattern)})"
    instant = f"timezone('UTC', round_to_millis(CAST({whole} AS TIMESTAMP)))"
    return Typed(guarded(matches, instant, message, TIMESTAMP_TZ), TIMESTAMP_TZ)


@function("to_iso8601")
def _to_iso(call: Call) -> Typed:
    value = moment(call, 0)
    if value.type == DATE:
        return Typed(text_of(value.sql, DATE), VARCHAR)
    text = f"strftime({local(value)}, '%Y-%m-%dT%H:%M:%S.%g')"
    if value.type.name != TIMESTAMP_TZ.name:
        return Typed(text, VARCHAR)
    if value.type.zone != "UTC":
        raise unsupported(f"to_iso8601 in the zone {value.type.zone}", call.position)
    return Typed(f"({text} || 'Z')", VARCHAR)


@function("with_timezone")
def _with_timezone(call: Call) -> Typed:
    value, zone = call.take(call.argument(0), TIMESTAMP), call.constant(1)
    kind = Type(TIMESTAMP_TZ.name, zone=literals.zone(zone, call.position))
    return Typed(f"timezone({quote_text(zone)}, {value.sql})", kind)


@function("at_timezone")
def _at_timezone(call: Call) -> Typed:
    value = moment(call, 0)
    if value.type.name != TIMESTAMP_TZ.name:
        raise call.unexpected([value])
    return Typed(
        value.sql, Type(TIMESTAMP_TZ.name, zone=literals.zone(call.constant(1), call.position))
    )
