"""Formats: dates as MySQL and Joda write them, format() as Java does."""

from __future__ import annotations

import re

from infra.local.athena.errors import located, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.functions.dates import local, moment
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import text_of
from infra.local.athena.types import TIMESTAMP, TIMESTAMP_TZ, VARCHAR, decimal

_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I",
    "I": "%I", "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p",
    "r": "%I:%M:%S %p", "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G",
    "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_MYSQL_REFUSED = "DUuVwX"
_JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "Y": "%Y", "yy": "%y", "YY": "%y", "xxxx": "%G",
    "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d", "DDD": "%j",
    "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S",
    "s": "%-S", "SSS": "%g", "SSSSSS": "%f", "a": "%p", "E": "%a", "EEE": "%a", "EEEE": "%A",
    "ww": "%V",
}  # fmt: skip


def mysql_format(call: Call, text: str) -> str:
    """DuckDB's format for a format of date_format and date_parse."""

    def one(match: re.Match[str]) -> str:
        letter = match[1]
        if letter in _MYSQL_REFUSED:
            message = f"%{letter} not supported in date format string"
            raise located("INVALID_FUNCTION_ARGUMENT", message, call.position)
        return _MYSQL.get(letter, letter)

    return re.sub(r"%(.)", one, text)


def joda_format(call: Call, text: str) -> str:
    """DuckDB's format for a format of format_datetime and parse_datetime."""

    def one(match: re.Match[str]) -> str:
        if match["quoted"] is not None:
            return (match["quoted"].replace("''", "'") or "'").replace("%", "%%")
        if match["letters"] is None:
            return match[0].replace("%", "%%")
        if match["letters"] not in _JODA:
            raise unsupported(f"{match['letters']!r} in a date format", call.position)
        return _JODA[match["letters"]]

    return re.sub(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|.", one, text)


@function("date_format")
def _date_format(call: Call) -> Typed:
    value = local(moment(call, 0))
    return Typed(f"strftime({value}, {quote_text(mysql_format(call, call.constant(1)))})", VARCHAR)


@function("date_parse")
def _date_parse(call: Call) -> Typed:
    value, text = call.take(call.argument(0), VARCHAR), call.constant(1)
    return Typed(f"strptime({value.sql}, {quote_text(mysql_format(call, text))})", TIMESTAMP)


@function("format_datetime")
def _format_datetime(call: Call) -> Typed:
    value = local(moment(call, 0))
    return Typed(f"strftime({value}, {quote_text(joda_format(call, call.constant(1)))})", VARCHAR)


@function("parse_datetime")
def _parse_datetime(call: Call) -> Typed:
    value, text = call.take(call.argument(0), VARCHAR), call.constant(1)
    parsed = f"strptime({value.sql}, {quote_text(joda_format(call, text))})"
    return Typed(f"timezone('UTC', {parsed})", TIMESTAMP_TZ)


_SPECIFIER = re.compile(
    r"%(?P<flags>[-0,+ ]*)(?P<width>\d*)(?:\.(?P<places>\d+))?(?P<kind>[a-zA-Z%])"
)


@function("format")
def _format(call: Call) -> Typed:
    """Java's Formatter with %s, %d, %f, %b and %%; widths, places, `0`, `,` and `-`."""
    text, values = call.constant(0), call.arguments()[1:]
    parts: list[str] = []
    end = 0
    for match in _SPECIFIER.finditer(text):
        parts.append(quote_text(text[end : match.start()]))
        end = match.end()
        if match["kind"] == "%":
            parts.append("'%'")
        elif not values:
            raise located(
                "INVALID_FUNCTION_ARGUMENT", f"Invalid format string: {text}", call.position
            )
        else:
            parts.append(_formatted(call, match, values.pop(0)))
    parts.append(quote_text(text[end:]))
    return Typed(
        f"({' || '.join(part for part in parts if part != quote_text(''))})"
        if any(part != quote_text("") for part in parts)
        else "''",
        VARCHAR,
    )


def _formatted(call: Call, match: re.Match[str], value: Typed) -> str:
    flags, kind = match["flags"], match["kind"]
    if kind == "d" and value.type.is_integer and match["places"] is None:
        text = text_of(value.sql, value.type)
    elif kind == "f" and value.type.name in ("decimal", "double", "real"):
        places = int(match["places"] or 6)
        text = text_of(cast(value, decimal(38, places), safe=False).sql, decimal(38, places))
    elif kind == "s" and match["places"] is None:
        text = f"coalesce({text_of(value.sql, value.type)}, 'null')"
    elif kind == "b" and value.type.name == "boolean":
        text = f"coalesce({text_of(value.sql, value.type)}, 'false')"
    else:
        raise unsupported(f"{match[0]!r} of {value.type} in format", call.position)
    if "," in flags:
        text = _grouped(text)
    if "+" in flags or " " in flags:
        raise unsupported(f"{match[0]!r} in format", call.position)
    return _padded(text, flags, match["width"])


def _grouped(text: str) -> str:
    """Commas between thousands, before the point only."""
    whole, rest = f"split_part({text}, '.', 1)", f"regexp_extract({text}, '\\..*$')"
    reversed_ = f"regexp_replace(reverse({whole}), '([0-9]{{3}})', '\\1,', 'g')"
    return f"(replace(ltrim(reverse({reversed_}), ','), '-,', '-') || {rest})"


def _padded(text: str, flags: str, width: str) -> str:
    if not width:
        return text
    size = f"CAST(greatest({width}, length({text})) AS INTEGER)"
    if "-" in flags:
        return f"rpad({text}, {size}, ' ')"
    if "0" not in flags:
        return f"lpad({text}, {size}, ' ')"
    sign = f"CASE WHEN {text} LIKE '-%' THEN '-' ELSE '' END"
    return f"({sign} || lpad(ltrim({text}, '-'), CAST({size} - length({sign}) AS INTEGER), '0'))"
