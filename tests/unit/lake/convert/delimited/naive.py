"""A second reading of delimited files, character by character: slow, and plain to see.

It shares no code with the conversion and is what the conversion is compared with.
"""

from __future__ import annotations

import csv
import datetime
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from lake.dataset import DelimitedColumn, DelimitedDataSet, DelimitedLayout

type RejectedRecord = tuple[int, int, int, str, str | None, bytes]
"""Line number, byte offset, length in bytes, reason, column, kept bytes."""


@dataclass
class Reading:
    """What a file holds."""

    refused: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[RejectedRecord] = field(default_factory=list)
    control: int = 0

    @property
    def records(self) -> int:
        return len(self.rows) + len(self.rejects) + self.control


class Field(NamedTuple):
    raw: bytes
    """Without quotes, with escapes."""
    value: bytes
    quoted: bool


class _Line(NamedTuple):
    number: int
    offset: int
    content: bytes
    """Without its line end."""
    end: bytes


class _Bad(Exception):
    """A record or a field that cannot be read, and why."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        self.reason = reason
        self.column = column


class _Refused(Exception):
    """The file as a whole."""


class _Open(Exception):
    """The record goes on in the next line."""


def read(dataset: DelimitedDataSet, data: bytes, *, kept_bytes: int, longest_bytes: int) -> Reading:
    """Read a whole file."""
    try:
        reading = _read(dataset, data, kept_bytes, longest_bytes)
    except _Refused:
        return Reading(refused=True)
    bad_ratio = len(reading.rejects) / max(1, len(reading.rejects) + len(reading.rows))
    reading.refused = not reading.rows or bad_ratio > dataset.max_bad_ratio
    return reading


def _read(  # noqa: PLR0912, PLR0915  # one rule after the other, as the documentation has them
    dataset: DelimitedDataSet, data: bytes, kept_bytes: int, longest_bytes: int
) -> Reading:
    layout, reading = dataset.layout, Reading()
    encoding = layout.encoding
    lines = _lines(data)
    total = len(lines)
    if lines and not lines[-1].end and set(lines[-1].content) == {0x1A}:
        reading.control += 1
        lines.pop()
    trailer = None
    if layout.trailer:
        last = max((i for i, line in enumerate(lines) if line.content.strip(b"\r")), default=None)
        if last is not None:
            text = lines[last].content.decode(encoding, "replace")
            trailer = re.fullmatch(layout.trailer.pattern, text)
        if trailer is None or last is None:
            raise _Refused
        reading.control += len(lines) - last
        del lines[last:]
    reading.control += min(layout.skip_lines, len(lines))
    del lines[: layout.skip_lines]
    places: list[int | None] | None = None
    fields_expected: tuple[float, float] = (0, 0)
    if layout.header == "none":
        places, fields_expected = _by_position(dataset)
    at = 0
    while at < len(lines):
        line = lines[at]
        comment = layout.comment.encode(encoding) if layout.comment else None
        blank = not line.content and layout.blank_lines == "skip"
        if blank or (comment and line.content.startswith(comment)):
            reading.control += 1
            at += 1
            continue
        fields, count, raw = _record(layout, lines, at, longest_bytes)
        at += count
        try:
            if fields is None:
                raise _Bad("record_length" if len(line.content) > longest_bytes else "quoting")
            if places is None:
                places, fields_expected = _header(dataset, fields)
                reading.control += 1
                continue
            if not fields_expected[0] <= len(fields) <= fields_expected[1]:
                raise _Bad("field_count")
            reading.rows.append(_row(dataset, fields, places))
        except _Bad as bad:
            if places is None:
                raise _Refused from None
            reading.rejects.append(
                (line.number, line.offset, len(raw), bad.reason, bad.column, raw[:kept_bytes])
            )
    if places is None:
        raise _Refused
    if trailer and trailer.groupdict().get("count") is not None:
        found = total
        if layout.trailer and layout.trailer.of == "records":
            found = len(reading.rows) + len(reading.rejects)
        if int(trailer["count"]) != found:
            raise _Refused
    return reading


def _lines(data: bytes) -> list[_Line]:
    lines, offset = [], 0
    for number, part in enumerate(data.split(b"\n"), start=1):
        ended = offset + len(part) < len(data)
        if part or ended:
            content = part.removesuffix(b"\r")
            end = part[len(content) :] + (b"\n" if ended else b"")
            lines.append(_Line(number, offset, content, end))
        offset += len(part) + 1
    return lines


def _record(
    layout: DelimitedLayout, lines: Sequence[_Line], at: int, longest_bytes: int
) -> tuple[list[Field] | None, int, bytes]:
    """The fields of the record that starts at a line, its lines, and its bytes.

    No fields: this line alone, which is no record.
    """
    text = b""
    for count, line in enumerate(lines[at:], start=1):
        text += line.content
        if len(text) > longest_bytes:
            break
        try:
            fields = _fields(layout, text)
        except _Open:
            text += line.end
        except _Bad:
            break
        else:
            _compare_with_csv(layout, text, fields)
            return fields, count, text
    return None, 1, lines[at].content


def _fields(  # noqa: PLR0912  # a branch a kind of character
    layout: DelimitedLayout, text: bytes
) -> list[Field]:
    """The fields of a record, by the state that each character leaves."""
    quote = (layout.quote or "").encode()
    escape = (layout.escape or "").encode()
    delimiter = layout.delimiter.encode(layout.encoding)
    fields, at = [], 0
    while True:
        raw, value, quoted = b"", b"", False
        if quote and text.startswith(quote, at):
            quoted = True
            at += 1
        while True:
            here = text[at : at + 1]
            if not here:
                if quoted:
                    raise _Open
                break
            if escape and here == escape:
                taken = text[at + 1 : at + 2]
                if not taken:
                    raise _Open
                if text[at + 1 : at + 3] == b"\r\n":
                    taken = b"\r\n"
                raw += here + taken
                value += taken
                at += 1 + len(taken)
            elif quoted and here == quote:
                if not escape and text[at + 1 : at + 2] == quote:
                    raw += quote + quote
                    value += quote
                    at += 2
                    continue
                at += 1
                if at < len(text) and not text.startswith(delimiter, at):
                    raise _Bad("quoting")
                break
            elif not quoted and quote and here == quote:
                raise _Bad("quoting")
            elif not quoted and text.startswith(delimiter, at):
                break
            else:
                raw += here
                value += here
                at += 1
        if layout.trim and not quoted:
            raw, value = raw.strip(b" "), value.strip(b" ")
        fields.append(Field(raw, value, quoted))
        if at >= len(text):
            return fields
        at += len(delimiter)


def _compare_with_csv(layout: DelimitedLayout, text: bytes, fields: Sequence[Field]) -> None:
    """Python's csv module splits the same record the same way, where it can be told how to."""
    if layout.escape or len(layout.delimiter) > 1 or b"\0" in text or layout.trim or not text:
        return
    decoded = text.decode("latin-1")
    if layout.quote is None and re.search("[\r\n]", decoded):
        return  # it takes CR for a line end
    if layout.quote and re.search("\r(?!\n)|(?<!\r)\n", decoded):
        return
    delimiter = layout.delimiter.encode(layout.encoding).decode("latin-1")
    if len(delimiter) > 1:
        return
    reader = csv.reader(
        decoded.splitlines(keepends=True) if layout.quote and "\n" in decoded else [decoded],
        delimiter=delimiter,
        quotechar=layout.quote,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        strict=True,
    )
    if not re.search("[\x0b\x0c\x1c-\x1e\x85]", decoded):  # splitlines would end lines there
        assert list(reader) == [[each.value.decode("latin-1") for each in fields]]


def _by_position(dataset: DelimitedDataSet) -> tuple[list[int | None], tuple[float, float]]:
    columns = dataset.columns
    most = math.inf if dataset.layout.extra_columns == "ignore" else len(columns)
    return list(range(len(columns))), (sum(not each.optional for each in columns), most)


def _header(
    dataset: DelimitedDataSet, fields: Sequence[Field]
) -> tuple[list[int | None], tuple[float, float]]:
    layout = dataset.layout
    try:
        names = [each.value.decode(layout.encoding) for each in fields]
    except UnicodeDecodeError:
        raise _Refused from None
    if layout.header == "by_position":
        places, (least, most) = _by_position(dataset)
        if not least <= len(names) <= most:
            raise _Refused
        return places, (least, most)
    fold = str.casefold if layout.header_match == "ignore_case" else str
    names = [fold(name) for name in names]
    found: list[int | None] = []
    for column in dataset.columns:
        name = fold(column.header or column.name)
        if names.count(name) > 1 or (name not in names and not column.optional):
            raise _Refused
        found.append(names.index(name) if name in names else None)
    if layout.extra_columns == "refuse" and set(range(len(names))) - set(found):
        raise _Refused
    return found, (len(names), len(names))


def _row(
    dataset: DelimitedDataSet, fields: Sequence[Field], places: Sequence[int | None]
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, place in zip(dataset.columns, places, strict=True):
        try:
            if place is None:
                row[column.name] = None
            else:
                lacks = place >= len(fields)
                one = Field(b"", b"", quoted=False) if lacks else fields[place]
                row[column.name] = _value(dataset, column, one)
        except _Bad as bad:
            raise _Bad(bad.reason, column.name) from None
    return row


def _value(dataset: DelimitedDataSet, column: DelimitedColumn, one: Field) -> Any:
    layout = dataset.layout
    absent = {b"", *(t.encode(layout.encoding) for t in (*layout.null_values, *column.missing))}
    is_text = column.kind == "string"
    if one.raw in absent and not (is_text and one.quoted):
        if not column.nullable:
            raise _Bad("blank")
        return None
    if is_text:
        return _text(one, layout.encoding, partition=column.name in dataset.partitions)
    text = one.raw.decode("latin-1")
    match column.kind:
        case "boolean":
            if text in column.true_values:
                return True
            if text in column.false_values:
                return False
            raise _Bad("not_a_boolean")
        case "date" | "timestamp":
            return _time(column, text)
        case _:
            return _number(column, layout, text)


def _text(one: Field, encoding: str, *, partition: bool) -> str:
    if partition and not one.raw:
        raise _Bad("blank")
    if partition and len(one.raw) > 50:
        raise _Bad("too_long")
    try:
        text = one.value.decode(encoding)
    except UnicodeDecodeError:
        raise _Bad("encoding") from None
    if any(unicodedata.category(each) == "Cc" and each not in "\t\r\n" for each in text):
        raise _Bad("control_character")
    if not one.quoted and re.search("\r(?!\n)", text):
        raise _Bad("control_character")
    return text


def _number(column: DelimitedColumn, layout: DelimitedLayout, text: str) -> Any:
    point, separator = re.escape(layout.decimal_point), re.escape(layout.thousands or "")
    whole = r"[0-9]+"
    if layout.thousands:
        whole += rf"|[0-9]{{1,3}}({separator}[0-9]{{3}})+"
    fraction = rf"({point}[0-9]{{1,{column.scale}}})" if column.scale else "()"
    if column.kind == "double":
        fraction = rf"({point}[0-9]+)"
    number = rf"(({whole}){fraction}?|{fraction})" if fraction != "()" else f"({whole})"
    exponent = "([eE][-+]?[0-9]+)?" if column.kind == "double" else ""
    if not re.fullmatch(rf"[-+]?{number}{exponent}", text):
        raise _Bad("not_a_number")
    plain = text.replace(layout.thousands or "\0", "").replace(layout.decimal_point, ".")
    if column.kind == "double":
        value = float(plain)
        if math.isinf(value):
            raise _Bad("out_of_range")
        return value
    if column.kind == "decimal":
        exact = Decimal(plain)
        if abs(exact) >= 10 ** (column.precision - column.scale):
            raise _Bad("out_of_range")
        return exact
    bits = 31 if column.kind == "int" else 63
    if not -(2**bits) <= int(plain) < 2**bits:
        raise _Bad("out_of_range")
    return int(plain)


def _time(column: DelimitedColumn, text: str) -> Any:
    for form in column.formats:
        pattern = re.escape(form)
        for part, name in (("YYYY", "y"), ("MM", "m"), ("DD", "d"), ("hh", "H"), ("mm", "M"),
                           ("ss", "S")):  # fmt: skip
            pattern = pattern.replace(part, rf"(?P<{name}>[0-9]{{{len(part)}}})", 1)
        pattern = re.sub("f+", lambda found: rf"(?P<f>[0-9]{{{len(found[0])}}})", pattern, count=1)
        if found := re.fullmatch(pattern, text):
            parts = found.groupdict("0")
            try:
                day = datetime.date(int(parts["y"]), int(parts["m"]), int(parts["d"]))
                if column.kind == "date":
                    return day
                micros = int(parts.get("f", "0").ljust(6, "0"))
                hour, minute, second = (int(parts.get(name, 0)) for name in "HMS")
                time = datetime.time(hour, minute, second, micros)
                return datetime.datetime.combine(day, time)
            except ValueError:
                continue
    raise _Bad("not_a_date" if column.kind == "date" else "not_a_timestamp")
