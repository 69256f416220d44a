"""A second reading of fixed-width files, line by line and field by field: slow, and plain to see.

It shares no code with the conversion and is what the conversion is compared with.
"""

from __future__ import annotations

import datetime
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
    trailer: tuple[int, bytes] | None = None
    for number, offset, line, ended in _lines(data):
        reading.lines = number
        record_type = _record_type(layout, line)
        if number == 1 and layout.header and record_type != "header":
            return Reading(refused=True)
        try:
            if not ended and line and not line.strip(b"\x1a") and len(line) <= kept_bytes:
                reading.control += 1
            elif trailer:
                raise _Bad("after_trailer")
            elif record_type == "detail":
                reading.rows.append(_row(dataset, line))
            elif record_type == "trailer":
                reading.control += 1
                trailer = number, line
            elif record_type == "header" and number == 1:
                reading.control += 1
            else:
                raise _Bad({"header": "misplaced_header"}.get(record_type, record_type))
        except _Bad as bad:
            reading.rejects.append(
                (number, offset, len(line), bad.reason, bad.column, line[:kept_bytes])
            )
    bad_ratio = len(reading.rejects) / max(1, len(reading.rejects) + len(reading.rows))
    reading.refused = (
        not reading.rows or bad_ratio > dataset.max_bad_ratio or not _reconciles(layout, trailer)
    )
    return reading


def _lines(data: bytes) -> Iterator[tuple[int, int, bytes, bool]]:
    """Number, offset and bytes of each line, and whether a line end follows it."""
    offset = 0
    parts = data.split(b"\n")
    for number, part in enumerate(parts, start=1):
        ended = number < len(parts)
        if part or ended:
            yield number, offset, part.removesuffix(b"\r"), ended
        offset += len(part) + 1


def _record_type(layout: FixedWidthLayout, line: bytes) -> str:
    """The record that a line is, or why it is none."""
    if len(line) != layout.record_length:
        return "record_length"
    if not layout.record_type:
        return "detail"
    text = line[layout.record_type.position - 1 : layout.record_type.end]
    for name in ("header", "detail", "trailer"):
        record = getattr(layout, name)
        if record and record.type.encode() == text:
            return name
    return "record_type"


def _reconciles(layout: FixedWidthLayout, trailer: tuple[int, bytes] | None) -> bool:
    if layout.trailer is None:
        return True
    if trailer is None:
        return False
    number, line = trailer
    place = layout.trailer.count
    if place is None:
        return True
    count = line[place.position - 1 : place.end].strip(b" ")
    return bool(re.fullmatch(rb"[0-9]+", count)) and int(count) == number


def _row(dataset: FixedWidthDataSet, line: bytes) -> dict[str, Any]:
    row = {}
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
    match column.kind:
        case "string":
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                raise _Bad("encoding") from None
            if any(unicodedata.category(character) == "Cc" for character in text):
                raise _Bad("control_character")
            return text.rstrip(" ")
        case "date":
            return _date(column.date_format, raw)
        case _:
            if not re.fullmatch(rb" *[-+]?[0-9]+ *", raw):
                raise _Bad("not_a_number")
            return int(raw) if column.kind == "int" else Decimal(int(raw)).scaleb(-column.scale)


def _date(form: str, raw: bytes) -> datetime.date:
    pattern = re.escape(form).replace("YYYY", r"(?P<y>\d{4})")
    pattern = pattern.replace("MM", r"(?P<m>\d{2})").replace("DD", r"(?P<d>\d{2})")
    found = re.fullmatch(pattern.encode(), raw)
    if not found:
        raise _Bad("not_a_date")
    try:
        return datetime.date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        raise _Bad("not_a_date") from None
