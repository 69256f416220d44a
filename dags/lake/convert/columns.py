"""The fields of one column, from the bytes of many records to an Arrow array.

The reader of a column has room for the rows of a batch. It reads records into it as they come and
says which of them it cannot read; when the batch is full, it gives the good ones as an array.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, array_of, arrow_type, kept
from lake.convert.digits import are_blank
from lake.convert.fields import equals_any, placed
from lake.convert.rejects import Reason
from lake.dataset import FixedWidthColumn

type Rows = NDArray[np.intp]
type Mask = NDArray[np.bool_]

type Fault = tuple[Reason, Rows]
"""Rows of the records just read that cannot be converted, for one reason."""


class ColumnReader(Protocol):
    """Reads the field of one column."""

    column: FixedWidthColumn

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[Fault]:
        """Read the field of each record into the batch from row `at` on; to be exhausted."""
        ...

    def array(self, good: slice | Rows) -> pa.Array[Any]:
        """The values of the good rows, in order; overwritten when records are read again."""
        ...


class Parsed(NamedTuple):
    """The values of a column's fields, meaningless where they are wrong or beyond."""

    values: NDArray[Any]
    wrong: Mask | None
    """Fields that are no value of the column, blank ones among them; None where there are none."""
    beyond: Mask | None = None
    """Numbers that the column's type does not hold."""


class ValueReader(ABC):
    """Reads values of a machine type: everything but text."""

    reason: Reason
    """Of a field that is no value of the column."""

    def __init__(self, column: FixedWidthColumn) -> None:
        self.column = column
        self._start, self._end = column.position - 1, column.end
        self._type = arrow_type(column)
        is_float = pa.types.is_floating(self._type)
        width = max(8, self._type.bit_width) // 8
        self._values = np.empty(BATCH_ROWS, f"{'f' if is_float else 'i'}{width}")
        self._present = np.empty(BATCH_ROWS, np.bool_) if column.nullable else None
        self._missing = [placed(text.encode(), column.width) for text in column.missing]

    @abstractmethod
    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """The field of each record as a value."""

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[Fault]:
        """Read the field of each record into the batch from row `at` on."""
        values, wrong, beyond = self.parse(records)
        self._values[at : at + len(values)] = values
        if self._present is not None:
            self._present[at : at + len(values)] = True
        missing = self._missing_rows(records, at)
        if wrong is not None:
            wrong = wrong if missing is None else wrong & ~missing
            blank = are_blank(records, self._start, self.column.width)
            yield from self._blank(np.flatnonzero(wrong & blank), at)
            yield self.reason, np.flatnonzero(wrong & ~blank)
        if beyond is not None:
            rows = np.flatnonzero(beyond if missing is None else beyond & ~missing)
            yield Reason.OUT_OF_RANGE, rows

    def array(self, good: slice | Rows) -> pa.Array[Any]:
        """The values of the good rows."""
        present = None if self._present is None else kept(self._present, good)
        return array_of(kept(self._values, good), self._type, present)

    def numbers(self, at: int, count: int) -> NDArray[np.int64]:
        """A copy of the values of `count` rows from `at` on, NULL as 0."""
        values = self._values[at : at + count].astype(np.int64)
        if self._present is not None:
            values[~self._present[at : at + count]] = 0
        return values

    def _missing_rows(self, records: NDArray[np.uint8], at: int) -> Mask | None:
        """Fields that hold what stands for a missing value; they are NULL."""
        if self._present is None or not self._missing:
            return None
        missing = equals_any(records, self._start, self._end, self._missing)
        self._present[at : at + len(records)] &= ~missing
        return missing

    def _blank(self, rows: Rows, at: int) -> Iterator[Fault]:
        """These rows are blank: NULL, or a fault."""
        if self._present is None:
            yield Reason.BLANK, rows
        else:
            self._present[at + rows] = False


class BooleanReader(ValueReader):
    """Reads what is written as one of the texts for true or for false."""

    reason = Reason.NOT_A_BOOLEAN

    def __init__(self, column: FixedWidthColumn) -> None:
        super().__init__(column)
        width = column.width
        self._true = [placed(text.encode(), width) for text in column.true_values]
        self._false = [placed(text.encode(), width) for text in column.false_values]

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """True, or false, or wrong."""
        is_true = equals_any(records, self._start, self._end, self._true)
        is_false = equals_any(records, self._start, self._end, self._false)
        return Parsed(is_true, ~(is_true | is_false))

    def array(self, good: slice | Rows) -> pa.Array[Any]:
        """The values of the good rows, a bit each."""
        values = kept(self._values, good).astype(np.bool_)
        present = None if self._present is None else kept(self._present, good)
        return array_of(np.packbits(values, bitorder="little"), self._type, present, len(values))
