"""Text fields: a dictionary of what occurs, decoded and trimmed once for each distinct value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, array_of, array_of_bytes, distinct
from lake.convert.rejects import Reason
from lake.dataset import Column

_SPACE = 0x20
_PRINTABLE_ASCII = 0x7E - _SPACE
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc."""


class TextReader:
    """Reads a text column."""

    def __init__(self, column: Column, *, encoding: str) -> None:
        self.column = column
        self._encoding = encoding
        self._field = slice(column.position - 1, column.end)
        self._bytes = np.empty((BATCH_ROWS, column.width), np.uint8)

    def read(
        self, records: NDArray[np.uint8], at: int
    ) -> Iterator[tuple[Reason, NDArray[np.intp]]]:
        """Read the field of each record into the buffer from row `at` on."""
        field = self._bytes[at : at + len(records)]
        field[:] = records[:, self._field]
        if not self.column.nullable:
            rows = np.flatnonzero(field[:, 0] == _SPACE)
            yield Reason.BLANK, rows[(field[rows] == _SPACE).all(axis=1)]
        unusual = field - np.uint8(_SPACE) > _PRINTABLE_ASCII  # wraps below the space
        if unusual.any():
            yield from self._check(field, np.flatnonzero(unusual.any(axis=1)))

    def array(self, good: slice | NDArray[np.intp]) -> pa.Array[Any]:
        """The texts of the good rows; trimmed on the right, blanks as NULL."""
        values, indices = distinct(_array_of_rows(self._bytes[good]))
        # Two values may be one text, which a dictionary must not hold twice.
        texts: dict[str, int] = {}
        codes = np.empty(len(values), np.int32)
        for index, value in enumerate(values):
            text = value.decode(self._encoding).rstrip(" ")
            codes[index] = texts.setdefault(text, len(texts)) if text else -1
        indices = codes[indices]
        present = indices >= 0 if self.column.nullable else None
        return pa.DictionaryArray.from_arrays(
            array_of(indices, pa.int32(), present),
            array_of_bytes([text.encode() for text in texts], pa.string()),
        )

    def _check(
        self, field: NDArray[np.uint8], rows: NDArray[np.intp]
    ) -> Iterator[tuple[Reason, NDArray[np.intp]]]:
        values, indices = distinct(_array_of_rows(field[rows]))
        faults = [self._fault(value) for value in values]
        for reason in (Reason.ENCODING, Reason.CONTROL_CHARACTER):
            wrong = np.array([fault is reason for fault in faults])
            yield reason, rows[wrong[indices]]

    def _fault(self, raw: bytes) -> Reason | None:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return Reason.ENCODING
        return Reason.CONTROL_CHARACTER if _CONTROL.search(text) else None


def _array_of_rows(values: NDArray[np.uint8]) -> pa.Array[Any]:
    """A matrix of bytes as an array of its rows, without a copy."""
    count, width = values.shape
    return pa.Array.from_buffers(pa.binary(width), count, [None, pa.py_buffer(values)])
