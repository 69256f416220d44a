"""The fields of one column, from the bytes of many records to an Arrow array.

The reader of a column has room for the rows of a batch. It reads records into it as they come and
says which of them it cannot read; when the batch is full, it gives the good ones as an array.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, array_of, arrow_type, kept
from lake.convert.dates import day_numbers
from lake.convert.digits import parse_digits, parse_padded
from lake.convert.rejects import Reason
from lake.convert.text import TextReader
from lake.dataset import FixedWidthColumn

_SPACE = 0x20

type Fault = tuple[Reason, NDArray[np.intp]]
"""Rows of the records just read that cannot be converted, for one reason."""


class ColumnReader(Protocol):
    """Reads the field of one column."""

    column: FixedWidthColumn

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[Fault]:
        """Read the field of each record into the batch from row `at` on; to be exhausted."""
        ...

    def array(self, good: slice | NDArray[np.intp]) -> pa.Array[Any]:
        """The values of the good rows, in order; overwritten when records are read again."""
        ...


def column_reader(column: FixedWidthColumn, *, encoding: str) -> ColumnReader:
    """The reader for a column's type."""
    match column.kind:
        case "string":
            return TextReader(column, encoding=encoding)
        case "int" | "bigint" | "decimal":
            return NumberReader(column)
        case "date":
            return DateReader(column)
        case _:
            raise NotImplementedError(column.kind)


class _Values:
    """A batch's values of one machine type, and which of them are there."""

    def __init__(self, column: FixedWidthColumn) -> None:
        self.column = column
        self._start, self._end = column.position - 1, column.end
        self._type = arrow_type(column)
        self._values = np.empty(BATCH_ROWS, f"i{self._type.bit_width // 8}")
        self._present = np.empty(BATCH_ROWS, np.bool_) if column.nullable else None

    def array(self, good: slice | NDArray[np.intp]) -> pa.Array[Any]:
        present = None if self._present is None else kept(self._present, good)
        return array_of(kept(self._values, good), self._type, present)

    def _store(self, values: NDArray[np.integer], at: int) -> None:
        self._values[at : at + len(values)] = values
        if self._present is not None:
            self._present[at : at + len(values)] = True

    def _blank(self, rows: NDArray[np.intp], at: int) -> Iterator[Fault]:
        """These rows are blank: NULL, or a fault."""
        if self._present is None:
            yield Reason.BLANK, rows
        else:
            self._present[at + rows] = False


class NumberReader(_Values):
    """Reads whole numbers, and decimals as the whole numbers that they are without their point."""

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[Fault]:
        """Digits in bulk; what is padded or signed, on its own."""
        values, others = parse_digits(records, self._start, self.column.width)
        self._store(values, at)
        if others is not None:
            rows = np.flatnonzero(others)
            padded = parse_padded(records[rows, self._start : self._end])
            self._values[at + rows] = padded.values
            yield from self._blank(rows[padded.blank], at)
            yield Reason.NOT_A_NUMBER, rows[~(padded.valid | padded.blank)]


class DateReader(_Values):
    """Reads dates of one format."""

    def __init__(self, column: FixedWidthColumn) -> None:
        super().__init__(column)
        form = column.date_format
        self._parts = [(self._start + form.index(part), len(part)) for part in ("YYYY", "MM", "DD")]
        self._separators = [
            (self._start + index, ord(character))
            for index, character in enumerate(form)
            if character not in "YMD"
        ]

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[Fault]:
        """Year, month and day apart, then by the calendar."""
        (year, others), (month, month_others), (day, day_others) = (
            parse_digits(records, start, width) for start, width in self._parts
        )
        values, exists = day_numbers(year, month, day)
        for wrong in (others, month_others, day_others):
            if wrong is not None:
                exists &= ~wrong
        for index, separator in self._separators:
            exists &= records[:, index] == separator
        self._store(values, at)
        if not exists.all():
            rows = np.flatnonzero(~exists)
            blank = (records[rows, self._start : self._end] == _SPACE).all(axis=1)
            yield from self._blank(rows[blank], at)
            yield Reason.NOT_A_DATE, rows[~blank]
