"""The rules of fixed width: those of `lake.convert`, record by record, reason by reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lake.convert.rejects import Reason
from lake.dataset.fixed_width import (
    Detail,
    FixedWidthColumn,
    FixedWidthDataSet,
    FixedWidthLayout,
    Header,
    Span,
    Trailer,
)
from lake.engines.sql.dialect import Dialect
from lake.engines.sql.encoding import Encoding
from lake.engines.sql.rules import CONTROL, MOST_RAW_CHARACTERS, Fault, Rules, Value

HEADER, TRAILER, END_MARK = "header", "trailer", "end_mark"
"""The kinds of control records."""

_BLANK = r"\A *\z"
_NUMBER = r"\A *[+-]?[0-9]+ *\z"
_CONTROL_CHARACTER = r"\p{Cc}"
_DIGITS = {"YYYY": "[0-9]{4}", "MM": "[0-9]{2}", "DD": "[0-9]{2}"}


@dataclass(frozen=True, kw_only=True)
class Places:
    """How an engine tells where a record stands; conditions of SQL."""

    first: str
    """It is the file's first."""
    after_trailer: str
    end_mark: str
    """It is the end-of-file mark of DOS, which closes the file."""


def fixed_width_rules(data_set: FixedWidthDataSet, *, dialect: Dialect, places: Places) -> Rules:
    """What becomes of a line of the data set's files."""
    layout = data_set.layout
    encoding = Encoding(dialect, layout.encoding)
    fields = [_Field(column, dialect, encoding) for column in data_set.columns]
    faults = [
        *_record_faults(layout, dialect, places),
        *(fault for field in fields for fault in field.faults()),
    ]
    kept = f"substr(line, 1, {MOST_RAW_CHARACTERS})"
    return Rules(
        dialect=dialect,
        faults=tuple(faults),
        values=tuple(field.value() for field in fields),
        opening=_is_of_type(layout, layout.header, dialect),
        closing=_is_of_type(layout, layout.trailer, dialect),
        raw=encoding.escaped(kept),
        raw_bytes=dialect.as_bytes(kept),
    )


def _record_faults(layout: FixedWidthLayout, dialect: Dialect, places: Places) -> Iterator[Fault]:
    """What is no detail record, in the order in which `RecordSorter` tells it."""
    yield Fault(condition=places.end_mark, reason=CONTROL, column=END_MARK)
    if layout.trailer:
        yield Fault(condition=places.after_trailer, reason=Reason.AFTER_TRAILER)
    wrong_length = f"length(line) <> {layout.record_length}"
    yield Fault(condition=wrong_length, reason=Reason.RECORD_LENGTH)
    if layout.record_type is None or layout.detail is None:
        return
    is_header = _is_of_type(layout, layout.header, dialect)
    is_trailer = _is_of_type(layout, layout.trailer, dialect)
    if is_header:
        is_first = f"{is_header} AND {places.first}"
        yield Fault(condition=is_first, reason=CONTROL, column=HEADER)
        yield Fault(condition=is_header, reason=Reason.MISPLACED_HEADER)
    if is_trailer:
        yield Fault(condition=is_trailer, reason=CONTROL, column=TRAILER)
    is_detail = _is_of_type(layout, layout.detail, dialect)
    yield Fault(condition=f"NOT {is_detail}", reason=Reason.RECORD_TYPE)


def _is_of_type(
    layout: FixedWidthLayout, record: Header | Detail | Trailer | None, dialect: Dialect
) -> str | None:
    """Whether a line is a whole record of a type; None where the layout has no such record."""
    if record is None or layout.record_type is None:
        return None
    place = _of_line(layout.record_type)
    return f"(length(line) = {layout.record_length} AND {place} = {dialect.literal(record.type)})"


def _of_line(span: Span) -> str:
    return f"substr(line, {span.position}, {span.width})"


class _Field:
    """The field of one column."""

    def __init__(self, column: FixedWidthColumn, dialect: Dialect, encoding: Encoding) -> None:
        self._column = column
        self._dialect = dialect
        self._encoding = encoding
        self._text = _of_line(column)

    def value(self) -> Value:
        """The value of a row; NULL where the field is blank."""
        column = self._column
        match column.kind:
            case "string":
                trimmed = self._dialect.without(self._encoding.decoded(self._text), r" +\z")
                sql = f"nullif({trimmed}, '')"
            case "date":
                sql = self._date()
            case "decimal":
                sql = self._decimal()
            case _:
                sql = self._dialect.cast(f"trim({self._text})", column.glue_type)
        return Value(name=column.name, glue_type=column.glue_type, sql=sql)

    def faults(self) -> Iterator[Fault]:
        """Why the field cannot be read, in the order in which a worker looks."""
        blank = self._dialect.matches(self._text, _BLANK)
        if not self._column.nullable:
            yield self._fault(blank, Reason.BLANK)
        match self._column.kind:
            case "string":
                yield from self._text_faults()
            case "date":
                yield self._fault(f"NOT ({blank} OR {self._is_date()})", Reason.NOT_A_DATE)
            case _:
                number = self._dialect.matches(self._text, _NUMBER)
                yield self._fault(f"NOT ({blank} OR {number})", Reason.NOT_A_NUMBER)

    def _text_faults(self) -> Iterator[Fault]:
        yield self._fault(self._encoding.undecodable(self._text), Reason.ENCODING)
        decoded = self._encoding.decoded(self._text)
        is_control = self._dialect.matches(decoded, _CONTROL_CHARACTER)
        yield self._fault(is_control, Reason.CONTROL_CHARACTER)

    def _fault(self, condition: str, reason: Reason) -> Fault:
        return Fault(condition=condition, reason=reason, column=self._column.name)

    def _decimal(self) -> str:
        """The digits as a whole number, then its point."""
        column = self._column
        whole = self._dialect.cast(f"trim({self._text})", "decimal(18,0)")
        unit = self._dialect.decimal_literal(f"{10.0**-column.scale:.{column.scale}f}")
        scaled = f"{whole} * {unit}" if column.scale else whole
        return self._dialect.cast(scaled, column.glue_type)

    def _date(self) -> str:
        form, start = self._column.date_format, self._column.position
        year, month, day = (
            f"substr(line, {start + form.index(part)}, {len(part)})"
            for part in ("YYYY", "MM", "DD")
        )
        return self._dialect.cast(f"{year} || '-' || {month} || '-' || {day}", "date")

    def _is_date(self) -> str:
        """Digits and separators in their places, a day that the calendar has, from year 1 on."""
        parts = re.split(r"(YYYY|MM|DD)", self._column.date_format)
        pattern = "".join(_DIGITS.get(part, f"[{part}]" if part else "") for part in parts)
        written = self._dialect.matches(self._text, rf"\A{pattern}\z")
        year = self._column.position + self._column.date_format.index("YYYY")
        is_real = f"substr(line, {year}, 4) <> '0000' AND {self._date()} IS NOT NULL"
        return f"({written} AND {is_real})"
