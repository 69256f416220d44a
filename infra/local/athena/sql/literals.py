"""Literals, and types as SQL writes them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from infra.local.athena.errors import Position, located, syntax_error, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql.parser import DecimalLiteral, TimestampLiteral, position_of
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_INTERVAL,
    DOUBLE,
    INTEGER,
    JSON,
    MAX_PRECISION,
    MICROS,
    MILLIS,
    MONTH_INTERVAL,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMP_TZ,
    TINYINT,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    map_of,
    row,
)
from infra.local.athena.types import timestamp as timestamp_type

NULL = Typed("NULL", UNKNOWN)

_MAX_INTEGER, _MAX_BIGINT = 2**31, 2**63


def number(text: str) -> Typed:
    """`5` is an integer, `5000000000` a bigint, `5.0` a decimal, `5e0` a double.

    Raises:
        QueryError: a number that none of them holds.
    """
    if "e" in text.lower():
        return Typed(f"CAST({text} AS DOUBLE)", DOUBLE, text)
    if "." in text:
        return _decimal(text)
    value = int(text)
    if not -_MAX_BIGINT <= value < _MAX_BIGINT:
        raise syntax_error(f"Invalid numeric literal: {text}")
    kind = INTEGER if -_MAX_INTEGER <= value < _MAX_INTEGER else BIGINT
    return Typed(f"CAST({quote_text(text)} AS {duckdb_type(kind)})", kind, text)


def _decimal(text: str) -> Typed:
    whole, _, fraction = text.lstrip("+-").partition(".")
    digits = len((whole.lstrip("0") or ("" if fraction else "0")) + fraction)
    if digits > MAX_PRECISION:
        raise syntax_error(f"Invalid numeric literal: {text}")
    kind = decimal(max(digits, 1), len(fraction))
    return Typed(f"CAST({quote_text(text)} AS {duckdb_type(kind)})", kind, text)


def decimal_literal(node: DecimalLiteral) -> Typed:
    """`DECIMAL '12.50'`.

    Raises:
        QueryError: the text is no decimal number.
    """
    text = node.this.name.strip()
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
        message = f"'{text}' is not a valid DECIMAL literal"
        raise located("INVALID_LITERAL", message, position_of(node))
    return _decimal(text)


def literal(node: exp.Literal) -> Typed:
    """A string or a number."""
    if node.is_string:
        return text(node.name)
    return number(node.name)


def text(value: str) -> Typed:
    """A varchar literal."""
    return Typed(quote_text(value), VARCHAR, value)


def hexadecimal(node: exp.HexString) -> Typed:
    """`X'48656C'`, a varbinary."""
    return Typed(f"unhex({quote_text(node.name.replace(' ', ''))})", VARBINARY)


_TIMESTAMP = re.compile(
    r"(?P<date>\d{4,}-\d{1,2}-\d{1,2})( (?P<time>\d{1,2}:\d{1,2}(:\d{1,2}(\.(?P<digits>\d+))?)?))?"
    r"( ?(?P<zone>[A-Za-z][\w/+-]*|[+-]\d\d:\d\d))?"
)


def timestamp(node: TimestampLiteral) -> Typed:
    """`TIMESTAMP '2021-06-25 10:00:00.123456'`, with a zone where one is written.

    Raises:
        QueryError: it is no timestamp, or has more digits than DuckDB keeps.
    """
    position = position_of(node)
    match = _TIMESTAMP.fullmatch(node.this.name.strip())
    if match is None:
        message = f"'{node.this.name}' is not a valid TIMESTAMP literal"
        raise located("INVALID_LITERAL", message, position)
    digits = len(match["digits"] or "")
    if digits > MICROS:
        raise unsupported(f"a timestamp of {digits} digits", position)
    moment = f"CAST({quote_text(f'{match["date"]} {match["time"] or "00:00"}')} AS TIMESTAMP)"
    if match["zone"] is None:
        return Typed(moment, timestamp_type(digits))
    kind = timestamp_type(digits, zone=zone(match["zone"], position))
    return Typed(f"timezone({quote_text(kind.zone)}, {moment})", kind)


_INTERVAL_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")


def interval(node: exp.Interval) -> Typed:
    """`INTERVAL '2' DAY`; the unit is kept as the constant.

    Raises:
        QueryError: a unit that is not Trino's, or a span of units.
    """
    position = position_of(node)
    unit = node.args.get("unit")
    name = unit.name.lower().removesuffix("s") if isinstance(unit, exp.Var) else ""
    amount = node.this.name if isinstance(node.this, exp.Literal) else ""
    if name not in _INTERVAL_UNITS or not re.fullmatch(r"[+-]?\d+(\.\d+)?", amount):
        raise unsupported(f"the interval {node.sql(dialect='trino')}", position)
    if "." in amount and name != "second":
        raise syntax_error(f"Invalid INTERVAL {name.upper()} value: {amount}", position)
    kind = MONTH_INTERVAL if name in ("month", "year") else DAY_INTERVAL
    return Typed(f"INTERVAL {quote_text(f'{amount} {name}')}", kind, name)


def zone(name: str, position: Position) -> str:
    """The name of a time zone, checked.

    Raises:
        QueryError: there is no such zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if re.fullmatch(r"[+-]\d\d:\d\d", name):
            raise unsupported(f"the zone offset {name}", position) from error
        message = f"'{name}' is not a valid time zone"
        raise located("INVALID_FUNCTION_ARGUMENT", message, position) from error
    return name


_SIMPLE = {
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.TINYINT: TINYINT,
    exp.DType.SMALLINT: SMALLINT,
    exp.DType.INT: INTEGER,
    exp.DType.BIGINT: BIGINT,
    exp.DType.FLOAT: REAL,
    exp.DType.DOUBLE: DOUBLE,
    exp.DType.VARCHAR: VARCHAR,
    exp.DType.VARBINARY: VARBINARY,
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMP: TIMESTAMP,
    exp.DType.TIMESTAMPTZ: TIMESTAMP_TZ,
    exp.DType.JSON: JSON,
}


def sql_type(node: exp.DataType) -> Type:
    """A type as a cast names it.

    Raises:
        QueryError: Athena has no such type, or this engine does not.
    """
    numbers = [int(each.name) for each in node.expressions if isinstance(each, exp.DataTypeParam)]
    match node.this:
        case exp.DType.DECIMAL:
            precision, scale = (*numbers, 0, 0)[:2] if numbers else (MAX_PRECISION, 0)
            if not 0 < precision <= MAX_PRECISION or scale > precision:
                raise syntax_error(f"Invalid decimal type: {node.sql()}", position_of(node))
            return decimal(precision, scale)
        case exp.DType.CHAR | exp.DType.VARCHAR if numbers:
            return Type("char" if node.this is exp.DType.CHAR else "varchar", numbers[0])
        case exp.DType.CHAR:
            return Type("char", 1)
        case exp.DType.ARRAY:
            return array(sql_type(node.expressions[0]))
        case exp.DType.MAP:
            return map_of(sql_type(node.expressions[0]), sql_type(node.expressions[1]))
        case exp.DType.STRUCT:
            return _row_type(node)
        case exp.DType.TIMESTAMP | exp.DType.TIMESTAMPTZ if numbers:
            if numbers[0] not in (MILLIS, MICROS):
                raise unsupported(f"a timestamp of {numbers[0]} digits", position_of(node))
            zoned = node.this is exp.DType.TIMESTAMPTZ
            return timestamp_type(numbers[0], zone="UTC" if zoned else None)
    found = _SIMPLE.get(node.this)
    if found is None:
        name = node.sql(dialect="trino")
        raise located("TYPE_NOT_FOUND", f"Unknown type: {name}", position_of(node))
    return found


def _row_type(node: exp.DataType) -> Type:
    names: list[str | None] = []
    items: list[Type] = []
    for each in node.expressions:
        if isinstance(each, exp.ColumnDef):
            names.append(each.name.lower())
            items.append(sql_type(each.args["kind"]))
        else:
            names.append(None)
            items.append(sql_type(each))
    return row(tuple(names), tuple(items))
