"""A second reading of JSON, by Python's own parser, value by value: slow, and plain to see.

It shares no code with the conversion and is what the conversion is compared with.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lake.dataset import JsonColumn, JsonDataSet

SPACE = " \t\r\n"


class Number(str):
    """A number's text."""

    __slots__ = ()


class Bad(Exception):
    """A record that is none; the column where it is known."""

    def __init__(self, column: str | None = None) -> None:
        self.column = column


class Refused(Exception):
    """A file that is none."""


@dataclass
class Naive:
    """What a file holds."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[tuple[int, int, bytes, str | None]] = field(default_factory=list)
    """Line number, byte offset, bytes, column."""
    control: int = 0


def read(dataset: JsonDataSet, data: bytes) -> Naive:
    """Read a whole file."""
    reading = Naive()
    encoding = dataset.layout.encoding
    for offset, text in _records(dataset, data):
        if dataset.layout.records == "lines" and not text.strip(SPACE.encode()):
            reading.control += 1
            continue
        try:
            reading.rows.append(_row(dataset, _parsed(text, encoding)))
        except Bad as bad:
            line = data[:offset].count(b"\n") + 1
            reading.rejects.append((line, offset, text, bad.column))
    return reading


def _records(dataset: JsonDataSet, data: bytes) -> Iterator[tuple[int, bytes]]:
    match dataset.layout.records:
        case "lines":
            offset = 0
            lines = data.split(b"\n")
            for line in lines if lines[-1] else lines[:-1]:
                yield offset, line.removesuffix(b"\r")
                offset += len(line) + 1
        case "array":
            yield from _elements(dataset, data, ())
        case "document":
            yield from _elements(dataset, data, dataset.layout.items or ())


def _elements(  # noqa: PLR0912  # a character at a time
    dataset: JsonDataSet, data: bytes, path: tuple[str | int, ...]
) -> Iterator[tuple[int, bytes]]:
    """The elements of the first array whose brackets are at `path`."""
    begin = _begin(data.decode(dataset.layout.encoding, "surrogateescape"), path)
    if begin is None:
        raise Refused
    depth, in_string, escaped, start = 0, False, False, begin
    commas = []
    for index in range(begin, len(data)):
        character = chr(data[index])
        if escaped and character in ('"', "\\"):
            escaped = False
            continue
        escaped = character == "\\"  # outside of strings, too, where it is a fault
        if in_string:
            in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth < 0:
                break
        elif character == "," and not depth:
            commas.append(index)
    else:
        raise Refused
    try:
        _parsed(data[:begin] + data[index:], dataset.layout.encoding)
    except Bad:
        raise Refused from None
    if not commas and not data[begin:index].strip(SPACE.encode()):
        return
    for end in [*commas, index]:
        text = data[start:end].lstrip(SPACE.encode())
        yield end - len(text), text.rstrip(SPACE.encode())
        start = end + 1


def _begin(text: str, path: tuple[str | int, ...]) -> int | None:
    """Where the elements begin; only for documents as the tests write them: path keys first."""
    pattern = rf"[{SPACE}]*"
    for key in path:
        pattern += rf"\{{[^\[]*\"{key}\"[{SPACE}]*:[{SPACE}]*"
    found = re.match(pattern + r"\[", text)
    return len(text[: found.end()].encode()) if found else None


def _parsed(text: bytes, encoding: str) -> Any:
    try:
        parsed = json.loads(
            text.decode(encoding),
            parse_float=Number,
            parse_int=Number,
            parse_constant=_no_constant,
            object_pairs_hook=tuple,
        )
    except (ValueError, RecursionError):
        raise Bad from None
    _check_text(parsed)
    return parsed


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _check_text(value: Any) -> None:
    """Half of a surrogate pair is no text."""
    if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
        raise Bad
    if isinstance(value, list | tuple):
        for each in value:
            _check_text(each)


def _row(dataset: JsonDataSet, record: Any) -> dict[str, Any]:
    if not isinstance(record, tuple):
        raise Bad
    if dataset.layout.unknown_fields == "reject":
        _check_known(record, [column.keys for column in dataset.columns], dataset)
    strict = dataset.layout.unknown_fields == "reject"
    return {column.name: _column(column, record, strict) for column in dataset.columns}


def _check_known(value: Any, paths: list[tuple[str | int, ...]], dataset: JsonDataSet) -> None:
    """No key that no path goes through; what is below a path is the column's."""
    if isinstance(value, tuple):
        for key, inner in value:
            below = [path[1:] for path in paths if path and path[0] == key]
            if not below:
                raise Bad
            if all(below):
                _check_known(inner, below, dataset)


def _column(column: JsonColumn, record: Any, strict: bool) -> Any:
    try:
        value = _at(record, column.keys)
        if value is None or _is_missing(column, value):
            if not column.nullable:
                raise Bad
            return None
        if column.type == "json":
            return value
        if column.lenient:
            value = _lenient(column, value)
        if column.epoch:
            moment = _epoch(value, 1 if column.epoch == "seconds" else 1000)
            return moment.date() if column.type == "date" else moment
        return _value(column.type, value, strict)
    except Bad:
        raise Bad(column.name) from None


def _lenient(column: JsonColumn, value: Any) -> Any:
    """A value of the kind that the column's type has, where it says the same."""
    if column.type == "string":
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, Number) else value
    number = r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
    if isinstance(value, str) and re.fullmatch(number, value, re.ASCII):
        value = Number(value)
    if column.type in ("int", "bigint") and isinstance(value, Number):
        exact = _number(value)
        if exact != int(exact):
            raise Bad
        return Number(int(exact))
    return value


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        if value is None:
            return None
        if isinstance(part, int):
            if not isinstance(value, list):
                raise Bad
            value = value[part] if part < len(value) else None
        else:
            if not isinstance(value, tuple):
                raise Bad
            value = dict(value).get(part)
    return value


def _is_missing(column: JsonColumn, value: Any) -> bool:
    for text in column.missing:
        if isinstance(value, Number):
            try:
                if Decimal(value) == Decimal(text):
                    return True
            except ArithmeticError:
                continue
        elif value == text:
            return True
    return False


def _value(kind: str, value: Any, strict: bool) -> Any:
    if kind.startswith("array<"):
        if not isinstance(value, list):
            raise Bad
        inner = kind[len("array<") : -1]
        return [None if each is None else _value(inner, each, strict) for each in value]
    if kind.startswith("struct<"):
        if not isinstance(value, tuple):
            raise Bad
        known = dict(value)
        members = re.findall(r"(\w+):([a-z]+(?:\([^)]*\))?)", kind[len("struct<") : -1])
        if strict and not {key for key, _ in value} <= {name for name, _ in members}:
            raise Bad
        return {
            name: None if known.get(name) is None else _value(inner, known[name], strict)
            for name, inner in members
        }
    return _scalar(kind, value)


def _scalar(kind: str, value: Any) -> Any:  # noqa: PLR0911  # a type has one rule
    is_number, is_text = isinstance(value, Number), type(value) is str
    match kind:
        case "string" if is_text:
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "int" | "bigint" if is_number and re.fullmatch(r"-?\d+", value):
            if abs(Decimal(value) + Decimal("0.5")) < 2 ** (31 if kind == "int" else 63):
                return int(value)
        case "double" if is_number and math.isfinite(float(value)):
            return float(value)
        case "date" if is_text and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return _date(value)
        case "timestamp" if is_text:
            return _timestamp(value)
        case _ if kind.startswith("decimal") and is_number:
            return _decimal(value, *map(int, re.findall(r"\d+", kind)))
    raise Bad


def _decimal(text: str, precision: int, scale: int) -> Decimal:
    number = _number(text)
    whole = number * 10**scale
    if whole != int(whole) or abs(whole) >= 10**precision:
        raise Bad
    return number


def _number(text: str) -> Decimal:
    """Of a size that a column may have."""
    try:
        number = Decimal(text)
    except ArithmeticError:  # its exponent has too many digits
        raise Bad from None
    if number and abs(number.adjusted()) > 40:
        raise Bad
    return number


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise Bad from None


def _timestamp(text: str) -> datetime.datetime:
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
        r"(?:Z|([+-])(\d\d)(?::?(\d\d))?)?",
        text,
        re.ASCII,
    )
    if not found:
        raise Bad
    day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    micros = int((fraction or "").ljust(9, "0")[:6])
    try:
        time = datetime.time(int(hour), int(minute), int(second), micros)
        moment = datetime.datetime.combine(_date(day), time)
        if not sign:
            return moment
        east = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
        if int(hours) > 23 or int(minutes or 0) > 59:
            raise Bad
        return moment + east if sign == "-" else moment - east
    except (ValueError, OverflowError):
        raise Bad from None


def _epoch(value: Any, per_second: int) -> datetime.datetime:
    if not isinstance(value, Number):
        raise Bad
    number = _number(value)
    micros = number * 1_000_000 / per_second
    if micros != int(micros):
        raise Bad
    try:
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(micros))
    except OverflowError:
        raise Bad from None
