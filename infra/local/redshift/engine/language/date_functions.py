"""Functions of dates and times.

Source: https://docs.aws.amazon.com/redshift/latest/dg/Date_functions_header.html
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from infra.local.athena.errors import located, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql import calls
from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.functions import ATHENA
from infra.local.athena.sql.functions.registry import Call
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, DATE, INTEGER, VARCHAR
from infra.local.redshift.engine.language.casts import cast
from infra.local.redshift.engine.language.functions import function
from infra.local.redshift.engine.types import TIMESTAMP, TIMESTAMP_TZ

_PARTS = {
    "microsecond": "us usec usecond useconds microsec microsecs microseconds microsecond",
    "millisecond": "ms msec msecond mseconds millisec millisecs milliseconds millisecond",
    "second": "s sec secs seconds second",
    "minute": "m min mins minutes minute",
    "hour": "h hr hrs hours hour",
    "day": "d days day",
    "week": "w weeks week",
    "month": "mon mons months month",
    "quarter": "qtr qtrs quarters quarter",
    "year": "y yr yrs years year",
    "decade": "dec decs decades decade",
    "century": "c cent cents centuries century",
    "epoch": "epoch",
    "dow": "dow dw dayofweek weekday",
    "doy": "doy dy dayofyear yearday",
}
_BY_NAME = {name: part for part, names in _PARTS.items() for name in names.split()}
_STEPS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_FIELDS = {"dow": "dayofweek", "doy": "dayofyear"}


def _part(call: Call, index: int = 0) -> str:
    """A part of a date, written as a word or as a text."""
    name = call.nodes[index].name
    found = _BY_NAME.get(name.lower())
    if found is None:
        message = f'"{name}" is not a valid date part'
        raise located("INVALID_FUNCTION_ARGUMENT", message, call.position)
    return found


def _moment(call: Call, index: int) -> Typed:
    """An argument that has to be a date or a time; a literal is a timestamp."""
    value = call.argument(index)
    if value.type.name == "unknown":
        return cast(value, TIMESTAMP, position=call.position)
    if value.type == DATE:
        return value
    if not value.type.is_timestamp:
        raise call.unexpected([value])
    return value


def _clock(value: Typed) -> Typed:
    """On the clock of UTC: a timestamp with a zone without it."""
    if value.type.name == TIMESTAMP_TZ.name:
        return Typed(f"timezone('UTC', {value.sql})", TIMESTAMP)
    return value


def _stamp(value: Typed) -> str:
    """A timestamp of a date or a timestamp."""
    return coerce(_clock(value), TIMESTAMP).sql


@function("getdate", "sysdate")
def _now(call: Call) -> Typed:
    call.arguments(0)
    moment = call.expressions.context.statement.now
    moment = moment[:19] if call.name == "getdate" else moment
    return Typed(f"TIMESTAMP {quote_text(moment)}", TIMESTAMP)


@function("dateadd", "date_add")
def _dateadd(call: Call) -> Typed:
    part, count = _part(call), call.take(call.argument(1), BIGINT)
    value = _stamp(_moment(call, 2))
    if part in ("microsecond", "millisecond"):
        micros = 1 if part == "microsecond" else 1000
        return Typed(f"({value} + to_microseconds({count.sql} * {micros}))", TIMESTAMP)
    if part not in _STEPS:
        raise unsupported(f"dateadd of a {part}", call.position)
    step = "INTERVAL '3 months'" if part == "quarter" else f"INTERVAL '1 {part}'"
    return Typed(f"({value} + CAST({count.sql} AS INTEGER) * {step})", TIMESTAMP)


@function("add_months")
def _add_months(call: Call) -> Typed:
    """The last day of a month stays the last day."""
    value, count = _stamp(_moment(call, 0)), call.take(call.argument(1), BIGINT)
    moved = f"({value} + CAST({count.sql} AS INTEGER) * INTERVAL '1 month')"
    end = f"CAST(last_day({moved}) AS TIMESTAMP) + ({value} - date_trunc('day', {value}))"
    is_end = f"CAST({value} AS DATE) = last_day({value})"
    return Typed(f"CASE WHEN {is_end} THEN {end} ELSE {moved} END", TIMESTAMP)


@function("datediff", "date_diff")
def _datediff(call: Call) -> Typed:
    """How many boundaries of the part lie between two moments."""
    part = _part(call)
    if part not in (*_STEPS, "microsecond", "millisecond"):
        raise unsupported(f"datediff of a {part}", call.position)
    start, end = _moment(call, 1), _moment(call, 2)
    if common_type(start.type, end.type) is None:
        raise call.unexpected([start, end])
    # A week begins on Sunday for datediff, on Monday for DuckDB.
    shift = " + INTERVAL '1 day'" if part == "week" else ""
    one, other = f"({_stamp(start)}{shift})", f"({_stamp(end)}{shift})"
    return Typed(f"date_diff({quote_text(part)}, {one}, {other})", BIGINT)


@function("date_trunc")
def _date_trunc(call: Call) -> Typed:
    part, value = _part(call), _clock(_moment(call, 1))
    if part in ("epoch", "dow", "doy"):
        raise unsupported(f"date_trunc to a {part}", call.position)
    return Typed(f"date_trunc({quote_text(part)}, {_stamp(value)})", TIMESTAMP)


@function("date_part", "pgdate_part", "extract")
def _date_part(call: Call) -> Typed:
    part, stamp = _part(call), _stamp(_moment(call, 1))
    if part == "epoch":
        return Typed(f"(epoch_us({stamp}) // 1000000)", BIGINT)
    if part in ("millisecond", "microsecond"):
        inside = f"({part}({stamp}) % {1000 if part == 'millisecond' else 1_000_000})"
        return Typed(f"CAST({inside} AS INTEGER)", INTEGER)
    return Typed(f"CAST({_FIELDS.get(part, part)}({stamp}) AS INTEGER)", INTEGER)


def extracted(expressions: Expressions, node: exp.Extract) -> Typed:
    """`EXTRACT(part FROM moment)`."""
    return calls.call(expressions, "extract", [node.this, node.expression], position_of(node))


@function("last_day")
def _last_day(call: Call) -> Typed:
    return Typed(f"last_day({_stamp(_moment(call, 0))})", DATE)


_FORMATS = {
    "YYYY": "%Y", "YY": "%y", "MM": "%m", "MON": "%b", "MONTH": "%B", "DD": "%d", "DDD": "%j",
    "DY": "%a", "DAY": "%A", "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S",
    "MS": "%g", "US": "%f", "AM": "%p", "PM": "%p", "IYYY": "%G", "IW": "%V",
}  # fmt: skip


def datetime_format(text: str) -> str | None:
    """DuckDB's format for a format of Redshift; None when it has none for a part of it."""
    parts = sorted(_FORMATS, key=len, reverse=True)
    pattern = re.compile(rf'"(?P<quoted>[^"]*)"|(?P<part>{"|".join(parts)})|(?P<other>.)', re.I)
    result = ""
    for match in pattern.finditer(text):
        if match["part"]:
            result += _FORMATS[match["part"].upper()]
        elif match["quoted"] is not None:
            result += match["quoted"].replace("%", "%%")
        elif match["other"] == "T" or not match["other"].isalpha():
            result += match["other"].replace("%", "%%")
        else:
            return None
    return result


def _format(call: Call, index: int) -> str:
    text = call.constant(index)
    found = datetime_format(text)
    if found is None:
        raise unsupported(f"the format {text!r}", call.position)
    return quote_text(found)


@function("to_char")
def _to_char(call: Call) -> Typed:
    """A moment by its format; names of months and days are not padded with blanks here."""
    if call.argument(0).type.is_numeric:
        raise unsupported("to_char of a number", call.position)
    text = call.constant(1)
    if re.search(r"MON|DAY|DY", text, re.IGNORECASE):
        raise unsupported(f"a name in the format {text!r}", call.position)
    return Typed(f"strftime({_stamp(_moment(call, 0))}, {_format(call, 1)})", VARCHAR)


@function("to_date")
def _to_date(call: Call) -> Typed:
    value = call.take(call.argument(0), VARCHAR)
    return Typed(f"CAST(strptime({value.sql}, {_format(call, 1)}) AS DATE)", DATE)


@function("to_timestamp")
def _to_timestamp(call: Call) -> Typed:
    value = call.take(call.argument(0), VARCHAR)
    return Typed(f"timezone('UTC', strptime({value.sql}, {_format(call, 1)}))", TIMESTAMP_TZ)


@function("date")
def _date(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return cast(value, DATE, position=call.position)


@function("trunc")
def _trunc(call: Call) -> Typed:
    """The date of a timestamp; a number cut at the point or behind some digits."""
    value = call.argument(0)
    if value.type.is_timestamp or value.type == DATE:
        return Typed(f"CAST({_stamp(value)} AS DATE)", DATE)
    cut = ATHENA.find("truncate")
    assert cut is not None  # noqa: S101 - Athena has it
    return cut.translate(replace(call, name="truncate"))
