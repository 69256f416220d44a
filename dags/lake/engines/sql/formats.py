"""How Athena reads one file of a data set, by the data set's format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lake.convert import Counts, FileRefused
from lake.convert.delimited.header import Places as FieldPlaces
from lake.convert.rejects import Reason
from lake.dataset import (
    DataSet,
    DelimitedDataSet,
    DelimitedLayout,
    FixedWidthDataSet,
    FixedWidthLayout,
)
from lake.engines.documents import NotForThisEngine
from lake.engines.ends import FileEnds
from lake.engines.opening import is_no_data, read_opening
from lake.engines.sql.delimited import FIELDS, LinePlaces, delimited_rules
from lake.engines.sql.dialect import Athena
from lake.engines.sql.fixed_width import Places, fixed_width_rules
from lake.engines.sql.rules import END_MARK, HEADER, SKIPPED, TRAILER, Rules

_SHOWN_BYTES = 40
_LONE_CARRIAGE_RETURN = re.compile(rb"\r(?=[^\n])")


@dataclass(frozen=True, kw_only=True)
class FileReading:
    """The rules of one file, and what its ends say that its lines must agree with."""

    rules: Rules
    control: Mapping[str, int]
    """How many control records of some kinds there have to be."""
    trailer: bytes | None = None
    after_trailer: int = 0
    """Lines behind it, which hold nothing."""


def reading_of(data_set: DataSet, ends: FileEnds) -> FileReading:
    """How Athena reads the file with these ends.

    Raises:
        FileRefused: it has no readable header.
        NotForThisEngine: Athena does not read the format, or not this file.
    """
    match data_set:
        case FixedWidthDataSet():
            return _fixed_width(data_set, ends)
        case DelimitedDataSet():
            return _delimited(data_set, ends)
    raise NotForThisEngine(f"Athena does not convert {data_set.layout.format}")


def _fixed_width(data_set: FixedWidthDataSet, ends: FileEnds) -> FileReading:
    layout, dialect = data_set.layout, Athena()
    control = {END_MARK: 1 if ends.end_mark_bytes else 0}
    first = "false"
    if layout.header:
        if not _is_record(layout, ends.first_line, layout.header.type):
            nothing = Counts(lines=0, rows=0, rejected=0, control=0, reasons={})
            raise FileRefused(unreadable_header(data_set, ends.first_line), nothing)
        first = f"line = {dialect.literal(ends.first_line.decode('latin-1'))}"
        control[HEADER] = 1
    last, after = ends.last_record
    has_trailer = layout.trailer and _is_record(layout, last, layout.trailer.type)
    if layout.trailer:
        control[TRAILER] = 1 if has_trailer else 0
    places = Places(first=first, end_mark=_end_mark(ends))
    return FileReading(
        rules=fixed_width_rules(data_set, dialect=dialect, places=places),
        control=control,
        trailer=last if has_trailer else None,
        after_trailer=after,
    )


def _delimited(data_set: DelimitedDataSet, ends: FileEnds) -> FileReading:
    opening, literal = read_opening(data_set, ends), Athena().literal
    if any(map(_LONE_CARRIAGE_RETURN.search, (ends.head, ends.tail))) or ends.tail.endswith(b"\r"):
        raise NotForThisEngine("it has a carriage return alone, at which Athena ends a line")
    # Where such a line stands makes no difference.
    skipped = [line for line in opening.skipped if not is_no_data(line, data_set.layout)]
    is_skipped = f"line IN ({', '.join(literal(line.decode('latin-1')) for line in skipped)})"
    control = {END_MARK: 1 if ends.end_mark_bytes else 0, SKIPPED: len(skipped)}
    header = "false"
    if opening.header is not None:
        header = f"line = {literal(opening.header.decode('latin-1'))}"
        control[HEADER] = 1
    lines = LinePlaces(
        skipped=is_skipped if skipped else "false",
        header=header,
        end_mark=_end_mark(ends),
    )
    rules = delimited_rules(data_set, opening.places, dialect=Athena(), lines=lines)
    if ends.line_end_bytes == len(b"\n"):
        rules = _without_cut_values(rules, opening.places, data_set.layout)
    return FileReading(rules=rules, control=control)


def _without_cut_values(rules: Rules, places: FieldPlaces, layout: DelimitedLayout) -> Rules:
    """The rules of a file of LF, where Athena ends a line at a CR inside of a field, too.

    What is left of such a record has the right number of fields only where the rest has one, and is
    no comment.
    """
    if layout.comment:
        raise NotForThisEngine(
            "its lines end with LF, and some may be comments: Athena could not tell one from the "
            "rest of a record that a carriage return cut"
        )
    if places.least_fields != places.most_fields or places.least_fields == 1:
        raise NotForThisEngine(
            "its lines end with LF, and its records may have several numbers of fields or one: "
            "Athena could not tell one that a carriage return cut"
        )
    single = f"(verdict = '{Reason.FIELD_COUNT}' AND cardinality({FIELDS}) = 1)"
    unread = [single, rules.unread] if rules.unread else [single]
    return replace(rules, unread=rules.dialect.any_of(unread))


def _end_mark(ends: FileEnds) -> str:
    """Whether a line is the end-of-file mark that the file has."""
    if not ends.end_mark_bytes:
        return "false"
    is_of_marks = Athena().matches("line", r"\A\x1A+\z")
    return f"length(line) = {ends.end_mark_bytes} AND {is_of_marks}"


def unreadable_header(data_set: DataSet, first_line: bytes) -> str:
    """Why a file is refused whose first line is no header."""
    if not isinstance(data_set, FixedWidthDataSet) or data_set.layout.header is None:
        raise TypeError(f"the files of {data_set.table_name} need no header")
    return (
        f"no readable header: line 1 has {len(first_line)} bytes and starts with "
        f"{first_line[:_SHOWN_BYTES]!r}; a header has {data_set.layout.record_length} bytes "
        f"and the type {data_set.layout.header.type!r}"
    )


def _is_record(layout: FixedWidthLayout, line: bytes, record_type: str) -> bool:
    """Whether a line is a whole record of a type."""
    length = layout.record_length
    if layout.record_type is None or len(line) > length:
        return False
    if len(line) < length and not layout.pad_short:
        return False
    record = line.ljust(length)
    places = [layout.record_type, *([layout.segment] if layout.segment else [])]
    text = b"".join(record[place.position - 1 : place.end] for place in places)
    return text.startswith(record_type.encode("ascii"))
