"""The rules of fixed width: those of `lake.convert`, record by record, reason by reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lake.convert.rejects import Reason
from lake.dataset.encoding import read_encoding
from lake.dataset.fixed_width import FixedWidthDataSet, FixedWidthLayout
from lake.engines.sql.dialect import Dialect
from lake.engines.sql.encoding import Encoding
from lake.engines.sql.fields import Field, field_of
from lake.engines.sql.rules import (
    CONTROL,
    EMPTY,
    END_MARK,
    HEADER,
    IGNORED,
    MOST_RAW_CHARACTERS,
    TRAILER,
    Fault,
    Measure,
    Rules,
    Value,
)

UNKNOWN = (Reason.RECORD_LENGTH, Reason.RECORD_TYPE, Reason.MISPLACED_HEADER)
"""Records that may have been of any type."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """How an engine tells where a record stands; conditions of SQL."""

    first: str
    """It is the file's first."""
    end_mark: str
    """It is the end-of-file mark of DOS, which closes the file."""


def fixed_width_rules(data_set: FixedWidthDataSet, *, dialect: Dialect, places: Places) -> Rules:
    """What becomes of a line of the data set's files."""
    layout = data_set.layout
    encoding = Encoding(dialect, read_encoding(layout.encoding))
    record = _record(layout)
    fields = [
        field_of(column, dialect=dialect, encoding=encoding, record=record)
        for column in data_set.columns
    ]
    types = RecordTypes(layout, dialect)
    faults = [
        *_record_faults(layout, types, places),
        *(fault for field in fields for fault in field.faults()),
    ]
    kept = f"substr(line, 1, {MOST_RAW_CHARACTERS})"
    return Rules(
        dialect=dialect,
        faults=tuple(faults),
        values=tuple(
            Value(name=field.column.name, glue_type=field.column.glue_type, sql=field.value())
            for field in fields
        ),
        measures=tuple(_measures(layout, types, fields)),
        opening=types.is_of([layout.header.type]) if layout.header else None,
        closing=types.is_of([layout.trailer.type]) if layout.trailer else None,
        raw=encoding.escaped(kept),
        raw_bytes=dialect.as_bytes(kept),
    )


def _record(layout: FixedWidthLayout) -> str:
    """The line, with the spaces that it may have lost."""
    return f"rpad(line, {layout.record_length}, ' ')" if layout.pad_short else "line"


@dataclass(frozen=True)
class RecordTypes:
    """Tells records apart."""

    layout: FixedWidthLayout
    dialect: Dialect

    @property
    def is_whole(self) -> str:
        """Whether a line has the length of a record."""
        compare = "<=" if self.layout.pad_short else "="
        return f"length(line) {compare} {self.layout.record_length}"

    def is_of(self, types: Sequence[str]) -> str:
        """Whether a line is a record of one of some types."""
        return f"({self.is_whole} AND {self.dialect.any_of([self._has(text) for text in types])})"

    def _has(self, text: str) -> str:
        place, segment = self.layout.record_type, self.layout.segment
        if place is None:
            return "true"
        record = _record(self.layout)
        start = f"substr({record}, {place.position}, {place.width})"
        condition = f"{start} = {self.dialect.literal(text[: place.width])}"
        if segment and len(text) > place.width:
            end = f"substr({record}, {segment.position}, {segment.width})"
            condition += f" AND {end} = {self.dialect.literal(text[place.width :])}"
        return f"({condition})"


def _record_faults(layout: FixedWidthLayout, types: RecordTypes, places: Places) -> Iterator[Fault]:
    """What is no detail record, in the order in which `RecordSorter` tells it."""
    yield Fault(condition="line = ''", reason=CONTROL, column=EMPTY)
    yield Fault(condition=places.end_mark, reason=CONTROL, column=END_MARK)
    yield Fault(condition=f"NOT ({types.is_whole})", reason=Reason.RECORD_LENGTH)
    if layout.detail is None:
        return
    if layout.header:
        is_header = types.is_of([layout.header.type])
        is_first = f"{is_header} AND {places.first}"
        yield Fault(condition=is_first, reason=CONTROL, column=HEADER)
        yield Fault(condition=is_header, reason=Reason.MISPLACED_HEADER)
    if layout.trailer:
        is_trailer = types.is_of([layout.trailer.type])
        yield Fault(condition=is_trailer, reason=CONTROL, column=TRAILER)
    if layout.ignore:
        yield Fault(condition=types.is_of(layout.ignore), reason=CONTROL, column=IGNORED)
    is_detail = types.is_of(layout.detail.types)
    yield Fault(condition=f"NOT {is_detail}", reason=Reason.RECORD_TYPE)


def _measures(
    layout: FixedWidthLayout, types: RecordTypes, fields: Sequence[Field]
) -> Iterator[Measure]:
    """What a trailer's counts and sums are compared with, beside the number of lines."""
    if layout.trailer is None or layout.detail is None:
        return
    if any(count.of != "lines" for count in layout.trailer.count):
        for _, text in layout.declared_types():
            yield Measure(name=("records", text), condition=types.is_of([text]))
    is_detail = types.is_of(layout.detail.types)
    for name in sorted({each.of for each in layout.trailer.sum}):
        field = next(field for field in fields if field.column.name == name)
        bad = field.dialect.any_of([fault.condition for fault in field.faults()])
        yield Measure(name=("unread", name), condition=f"{is_detail} AND {bad}")
        readable = f"{is_detail} AND NOT {bad}"
        # Of 28 digits, since the sum of many numbers of 18 has more.
        value = f"CAST({field.value()} AS decimal(28,{field.column.scale}))"
        yield Measure(name=("sums", name), condition=readable, value=value)
