"""Where in a rejected record the bad value stands."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lake.convert.rejects import Quarantined
from lake.dataset import (
    DataSet,
    DelimitedDataSet,
    FixedWidthDataSet,
    JsonDataSet,
)

_BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a record as it is shown."""

    start: int
    end: int


def place_of(reject: Quarantined, *, data_set: DataSet, header: Sequence[str]) -> Place | None:
    """Where the value that made a record a reject stands; None where it is the record as a whole.

    Args:
        header: the names that the file's header has, of a delimited file.
    """
    match data_set:
        case FixedWidthDataSet():
            return _fixed_width(reject, data_set)
        case DelimitedDataSet():
            return _delimited(reject, data_set, header)
        case JsonDataSet():
            return _json(reject, data_set)
    return None


def _fixed_width(reject: Quarantined, data_set: FixedWidthDataSet) -> Place | None:
    column = next((each for each in data_set.columns if each.name == reject.column_name), None)
    if column is None:
        return None
    encoding = data_set.layout.encoding
    before, there = (
        len(reject.raw_bytes[start:end].decode(encoding, "backslashreplace"))
        for start, end in ((0, column.position - 1), (column.position - 1, column.end))
    )
    return Place(before, before + max(there, 1))


def _delimited(
    reject: Quarantined, data_set: DelimitedDataSet, header: Sequence[str]
) -> Place | None:
    layout = data_set.layout
    names = [column.name for column in data_set.columns]
    if reject.column_name not in names:
        return None
    index = names.index(reject.column_name)
    if layout.header == "by_name":
        wanted = layout.comparable(data_set.columns[index].header_name)
        found = [layout.comparable(name) for name in header]
        if wanted not in found:
            return None
        index = found.index(wanted)
    spans = _field_spans(
        reject.raw, delimiter=layout.delimiter, quote=layout.quote, escape=layout.escape
    )
    return spans[index] if index < len(spans) else None


def _field_spans(
    text: str, *, delimiter: str, quote: str | None, escape: str | None
) -> list[Place]:
    """The fields of a record, with their quotes."""
    spans, start, position, quoted = [], 0, 0, False
    while position < len(text):
        char = text[position]
        if char == escape:
            position += 2
            continue
        if char == quote:
            quoted = not quoted
        if not quoted and text.startswith(delimiter, position):
            spans.append(Place(start, max(start + 1, position)))
            position += len(delimiter)
            start = position
            continue
        position += 1
    return [*spans, Place(start, max(start + 1, len(text)))]


def _json(reject: Quarantined, data_set: JsonDataSet) -> Place | None:
    column = next((each for each in data_set.columns if each.name == reject.column_name), None)
    if column is None:
        try:
            json.loads(reject.raw)
        except json.JSONDecodeError as error:
            return Place(error.pos, error.pos + 1)
        return None
    return _value_place(reject.raw, column.keys)


def _value_place(text: str, path: Sequence[str | int]) -> Place | None:
    """The value at a path of a JSON text; of one that is not there, the object it should be in."""
    decoder = json.JSONDecoder()
    position = _after_blanks(text, 0)
    try:
        for part in path:
            found = _inside(text, position, part, decoder)
            if found is None:
                return Place(position, position + 1)
            position = found
        _, end = decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        return Place(error.pos, error.pos + 1)
    return Place(position, end)


def _inside(text: str, position: int, part: str | int, decoder: json.JSONDecoder) -> int | None:
    """Where the last value of a key, or that of an index, begins in the value at `position`."""
    if text[position : position + 1] != ("{" if isinstance(part, str) else "["):
        return None
    position = _after_blanks(text, position + 1)
    found, index = None, 0
    while position < len(text) and text[position] not in "}]":
        key: object = index
        if isinstance(part, str):
            key, position = decoder.raw_decode(text, position)
            position = _after_blanks(text, _after_blanks(text, position) + 1)
        if key == part:
            found = position
        _, position = decoder.raw_decode(text, position)
        position = _after_blanks(text, position)
        if text[position : position + 1] == ",":
            position = _after_blanks(text, position + 1)
        index += 1
    return found


def _after_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def header_of(data_set: DataSet, text: str) -> list[str]:
    """The names in the header of a delimited file that begins with `text`."""
    if not isinstance(data_set, DelimitedDataSet) or data_set.layout.header != "by_name":
        return []
    layout = data_set.layout
    lines = text.splitlines()[layout.skip_lines :]
    while lines and (not lines[0] or (layout.comment and lines[0].startswith(layout.comment))):
        del lines[0]
    if not lines:
        return []
    if len(layout.delimiter) > 1:
        return lines[0].split(layout.delimiter)
    reader = csv.reader(
        io.StringIO(lines[0]),
        delimiter=layout.delimiter,
        quotechar=layout.quote or '"',
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        escapechar=layout.escape,
    )
    return [name.strip() if layout.trim else name for name in next(reader)]
