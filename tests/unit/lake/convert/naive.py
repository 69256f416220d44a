"""A second reading of fixed-width files, line by line and field by field: slow, and plain to see.

It shares no code with the conversion and is what the conversion is compared with.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lake.dataset import FixedWidthColumn, FixedWidthDataSet, FixedWidthLayout

type RejectedLine = tuple[int, int, int, str, str | None, bytes]
"""Line number, byte offset, length in bytes, reason, column, kept bytes."""


@dataclass
class Reading:
    """What a file holds."""

    refused: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[RejectedLine] = field(default_factory=list)
    control: int = 0
    lines: int = 0


class _Bad(Exception):
    """A line or a field that cannot be read, and why."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        self.reason = reason
        self.column = column


def read(dataset: FixedWidthDataSet, data: bytes, *, kept_bytes: int) -> Reading:
    """Read a whole file."""
    reading = Reading()
    layout = dataset.layout
    lines = list(_lines(layout, data))
    trailers: list[tuple[int, bytes]] = []
    after = 0
    for number, offset, line, ended in lines:
        reading.lines = number
        is_mark = not ended and not line.strip(b"\x1a") and len(line) <= kept_bytes
        record_type = _record_type(layout, line)
        if number == 1 and layout.header and record_type != "header":
            return Reading(refused=True)
        try:
            if not line or is_mark:
                reading.control += 1
                continue
            after += bool(trailers)
            if record_type == "detail":
                reading.rows.append(_row(dataset, line))
            elif record_type == "trailer":
                reading.control += 1
                trailers.append((number, line))
            elif (record_type == "header" and number == 1) or record_type == "ignored":
                reading.control += 1
            else:
                raise _Bad({"header": "misplaced_header"}.get(record_type, record_type))
        except _Bad as bad:
            reading.rejects.append(
                (number, offset, len(line), bad.reason, bad.column, line[:kept_bytes])
            )
    bad_ratio = len(reading.rejects) / max(1, len(reading.rejects) + len(reading.rows))
    reading.refused = (
        not reading.rows
        or bad_ratio > dataset.max_bad_ratio
        or bool(after)
        or not _reconciles(layout, trailers)
    )
    return reading


def _lines(layout: FixedWidthLayout, data: bytes) -> Iterator[tuple[int, int, bytes, bool]]:
    """Number, offset and bytes of each line, and whether a line end follows it."""
    offset = 0
    if layout.line_end == "none":
        length = layout.record_length
        for number, start in enumerate(range(0, len(data), length), start=1):
            record = data[start : start + length]
            ended = len(record) == length
            yield number, start, record if ended or record.strip(b"\r\n") else b"", ended
        return
    parts = data.split(b"\n")
    for number, part in enumerate(parts, start=1):
        ended = number < len(parts)
        if part or ended:
            yield number, offset, part.removesuffix(b"\r"), ended
        offset += len(part) + 1


def _record_type(layout: FixedWidthLayout, line: bytes) -> str:
    """The record that a line is, or why it is none."""
    if layout.pad_short:
        line = line.ljust(layout.record_length)
    if len(line) != layout.record_length:
        return "record_length"
    if not layout.record_type:
        return "detail"
    text = line[layout.record_type.position - 1 : layout.record_type.end]
    if layout.segment:
        text += line[layout.segment.position - 1 : layout.segment.end]
    named = {"header": layout.header, "detail": layout.detail, "trailer": layout.trailer}
    for name, record in named.items():
        if record and text.startswith(record.type.encode()):
            return name
    more = layout.detail.other_types if layout.detail else ()
    if any(text.startswith(each.encode()) for each in more):
        return "detail"
    return "ignored" if any(text.startswith(e.encode()) for e in layout.ignore) else "record_type"


def _reconciles(layout: FixedWidthLayout, trailers: list[tuple[int, bytes]]) -> bool:
    if layout.trailer is None:
        return True
    if not trailers:
        return False
    number, line = trailers[0]
    for place in layout.trailer.count:
        count = line[place.position - 1 : place.end].strip(b" ")
        if not re.fullmatch(rb"[-+]?[0-9]+", count) or int(count) != number:
            return False
    return True


def _row(dataset: FixedWidthDataSet, line: bytes) -> dict[str, Any]:
    row = {}
    line = line.ljust(dataset.layout.record_length)
    for column in dataset.columns:
        raw = line[column.position - 1 : column.end]
        try:
            row[column.name] = _value(column, raw, dataset.layout.encoding)
        except _Bad as bad:
            raise _Bad(bad.reason, column.name) from None
    return row


def _value(column: FixedWidthColumn, raw: bytes, encoding: str) -> Any:
    if raw == b" " * len(raw):
        if column.nullable:
            return None
        raise _Bad("blank")
    if column.kind != "string" and raw.strip(b" ") in [text.encode() for text in column.missing]:
        return None
    match column.kind:
        case "string":
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                raise _Bad("encoding") from None
            if any(unicodedata.category(character) == "Cc" for character in text):
                raise _Bad("control_character")
            return None if text.strip(" ") in column.missing else text.rstrip(" ")
        case "boolean":
            for value, texts in ((True, column.true_values), (False, column.false_values)):
                if raw.strip(b" ") in [text.encode() for text in texts]:
                    return value
            raise _Bad("not_a_boolean")
        case "double":
            return _double(column, raw)
    return _time(column, raw) if column.time_format else _number(column, raw)


def _double(column: FixedWidthColumn, raw: bytes) -> float:
    text = raw.decode("latin-1")
    if column.decimal_point == ",":
        text = text.replace(".", "?").replace(",", ".")
    if not re.fullmatch(r" *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})? *", text):
        raise _Bad("not_a_number")
    if math.isinf(float(text)):
        raise _Bad("out_of_range")
    return float(text)


def _number(column: FixedWidthColumn, raw: bytes) -> int | Decimal:
    text = raw.decode("latin-1")
    digits = r"(?P<digits>[0-9]+)"
    if column.decimal_point:
        digits = rf"(?P<digits>(?=.?[0-9])[0-9]*(\{column.decimal_point}(?P<fraction>[0-9]*))?)"
    forms = {
        None: rf" *(?P<sign>[-+]?){digits} *",
        "leading": rf" *(?P<sign>[-+]?){digits} *",
        "trailing": rf" *{digits}(?P<sign>[-+]?) *",
        "overpunch": r" *(?P<digits>[0-9]*)(?P<punched>[0-9{}A-Rp-y]) *",
    }
    found = re.fullmatch(forms[column.sign], text)
    if not found:
        raise _Bad("not_a_number")
    written = found.groupdict()
    number = re.sub("[.,]", "", found["digits"])
    negative = written.get("sign") == "-"
    if punched := written.get("punched"):
        for alphabet in ("{ABCDEFGHI", "}JKLMNOPQR", "pqrstuvwxy", "0123456789"):
            if punched in alphabet:
                number += str(alphabet.index(punched))
                negative = alphabet[0] in "}p"
    if len(number) > min(18, column.width - (column.sign in ("leading", "trailing"))):
        raise _Bad("not_a_number")
    value = -int(number) if negative else int(number)
    if column.kind != "decimal":
        return value
    fraction = len(written["fraction"] or "") if column.decimal_point else column.scale
    if fraction > column.scale:
        raise _Bad("not_a_number")
    exact = Decimal(value).scaleb(-fraction)
    if abs(exact) >= Decimal(10) ** (column.precision - column.scale):
        raise _Bad("out_of_range")
    return exact


def _time(column: FixedWidthColumn, raw: bytes) -> Any:
    reasons = {"date": "not_a_date", "timestamp": "not_a_timestamp", "int": "not_a_time"}
    bad = _Bad(reasons[column.kind])
    pattern = re.escape(column.time_format or "")
    for name in ("YYYY", "YY", "MM", "DDD", "DD", "hh", "mm", "ss", "ffffff", "fff", "f"):
        named = f"(?P<{name}>[0-9]{{{len(name)}}})"
        pattern = re.sub(name + r"(?![^<]*>)", named, pattern, count=1)
    found = re.fullmatch(pattern, raw.decode("latin-1"))
    if not found:
        raise bad
    part = {name: int(text) for name, text in found.groupdict().items()}
    fraction = next((text for name, text in found.groupdict().items() if name[0] == "f"), "")
    seconds = part.get("hh", 0) * 3600 + part.get("mm", 0) * 60 + part.get("ss", 0)
    if part.get("hh", 0) > 23 or part.get("mm", 0) > 59 or part.get("ss", 0) > 59:
        raise bad
    if column.kind == "int":
        return seconds
    year = part.get("YYYY") or 0
    if "YY" in part:
        year = part["YY"] + (1900 if part["YY"] >= (column.pivot or 0) else 2000)
    try:
        if "DDD" in part:
            day = datetime.date(year, 1, 1) + datetime.timedelta(part["DDD"] - 1)
            if day.year != year:
                raise bad
        else:
            day = datetime.date(year, part["MM"], part["DD"])
    except (ValueError, OverflowError):
        raise bad from None
    if column.kind == "date":
        return day
    microseconds = int(fraction.ljust(6, "0")) if fraction else 0
    midnight = datetime.datetime.combine(day, datetime.time())
    return midnight + datetime.timedelta(seconds=seconds, microseconds=microseconds)
