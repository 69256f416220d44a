"""Text fields, as a dictionary of what occurs, decoded and trimmed once for each distinct value."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, array_of, array_of_bytes, bitmap, distinct, kept
from lake.convert.rejects import Reason
from lake.dataset import FixedWidthColumn

_SPACE = 0x20
_PRINTABLE_ASCII = 0x7E - _SPACE
_MOST_DISTINCT = 1 / 8
_FEW = 4096
"""Of a batch's texts: where more of them differ, a dictionary costs more than it saves."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc."""


class TextReader:
    """Reads a text column; a text with a control character is a fault."""

    def __init__(self, column: FixedWidthColumn, *, encoding: str) -> None:
        self.column = column
        self._encoding = encoding
        self._utf8_bytes = _utf8_bytes(encoding)
        self._suspect = _suspect_bytes(encoding)
        self._field = slice(column.position - 1, column.end)
        self._mostly_differ = False
        self._bytes = np.empty((BATCH_ROWS, column.width), np.uint8)

    def read(
        self, records: NDArray[np.uint8], at: int
    ) -> Iterator[tuple[Reason, NDArray[np.intp]]]:
        """Read the field of each record into the batch from row `at` on."""
        field = self._bytes[at : at + len(records)]
        field[:] = records[:, self._field]
        if not self.column.nullable:
            rows = np.flatnonzero(field[:, 0] == _SPACE)
            yield Reason.BLANK, rows[(field[rows] == _SPACE).all(axis=1)]
        unusual = field - np.uint8(_SPACE) > _PRINTABLE_ASCII  # wraps below the space
        if unusual.any():
            unusual = self._suspect[field]
            if unusual.any():
                yield from self._check(field, np.flatnonzero(unusual.any(axis=1)))

    def array(self, good: slice | NDArray[np.intp]) -> pa.Array[Any]:
        """The texts of the good rows; trimmed on the right, blanks as NULL."""
        rows = kept(self._bytes, good)
        if not self._mostly_differ:
            values, indices = distinct(_array_of_rows(rows))
            self._mostly_differ = len(values) > max(_FEW, len(rows) * _MOST_DISTINCT)
        if self._mostly_differ:
            texts = self._texts(rows)
            return _with_nulls(texts, self._present(texts))
        texts = self._texts(_rows_of_array(values))
        present = self._present(texts)
        present = None if present is None else present[indices]
        return pa.DictionaryArray.from_arrays(array_of(indices, pa.int32(), present), texts)

    def _present(self, texts: pa.StringArray) -> NDArray[np.bool_] | None:
        """Which texts are there; None where all are."""
        if not self.column.nullable:
            return None
        lengths: Any = np.from_dlpack(pc.binary_length(texts))
        present: NDArray[np.bool_] = lengths > 0
        return present & ~self._are_missing(texts) if self.column.missing else present

    def _are_missing(self, texts: pa.StringArray) -> NDArray[np.bool_]:
        sentinels = array_of_bytes([text.encode() for text in self.column.missing], pa.string())
        found = pc.is_in(pc.utf8_trim(texts, characters=" "), value_set=sentinels)
        return np.asarray(np.from_dlpack(pc.cast(found, pa.uint8()))) > 0

    def _texts(self, fields: NDArray[np.uint8]) -> pa.StringArray:
        """Decode and trim fields, one a row."""
        raw = fields.tobytes()
        count, width = fields.shape
        if raw.isascii():
            text, lengths = raw, np.full(count, width, np.int32)
        else:
            text = raw.decode(self._encoding).encode("utf-8")
            lengths = self._utf8_bytes[fields].sum(axis=1)
        offsets = np.zeros(count + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        texts = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
        return pc.utf8_rtrim(texts, characters=" ")

    def _check(
        self, field: NDArray[np.uint8], rows: NDArray[np.intp]
    ) -> Iterator[tuple[Reason, NDArray[np.intp]]]:
        values, indices = distinct(_array_of_rows(field[rows]))
        faults = [self._fault(value.as_py()) for value in values]
        for reason in (Reason.ENCODING, Reason.CONTROL_CHARACTER):
            wrong = np.array([fault is reason for fault in faults])
            yield reason, rows[wrong[indices]]

    def _fault(self, raw: bytes) -> Reason | None:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return Reason.ENCODING
        return Reason.CONTROL_CHARACTER if _CONTROL.search(text) else None


@cache
def _utf8_bytes(encoding: str) -> NDArray[np.int32]:
    """How many bytes of UTF-8 each byte of an encoding becomes: one byte a character, or UTF-8."""
    if codecs.lookup(encoding).name == "utf-8":
        return np.ones(256, np.int32)
    characters = (bytes([byte]).decode(encoding, "replace") for byte in range(256))
    return np.array([len(character.encode("utf-8")) for character in characters], np.int32)


@cache
def _suspect_bytes(encoding: str) -> NDArray[np.bool_]:
    """Which bytes may be part of a fault: in UTF-8, every one that is not printable ASCII."""
    if codecs.lookup(encoding).name == "utf-8":
        return (np.arange(256) - _SPACE).astype(np.uint8) > _PRINTABLE_ASCII
    characters = (bytes([byte]).decode(encoding, "replace") for byte in range(256))
    return np.array([bool(_CONTROL.search(each)) or each == "\ufffd" for each in characters])


def _array_of_rows(values: NDArray[np.uint8]) -> pa.Array[Any]:
    """A matrix of bytes as an array of its rows, without a copy."""
    count, width = values.shape
    return pa.Array.from_buffers(pa.binary(width), count, [None, pa.py_buffer(values)])


def _rows_of_array(values: pa.Array[Any]) -> NDArray[np.uint8]:
    """The other way."""
    data: Any = values.buffers()[1]
    width = values.type.byte_width
    return np.frombuffer(data, np.uint8, len(values) * width).reshape(-1, width)


def _with_nulls(texts: pa.StringArray, present: NDArray[np.bool_] | None) -> pa.Array[Any]:
    """Texts of which some are NULL."""
    _, offsets, data = texts.buffers()
    return pa.Array.from_buffers(pa.string(), len(texts), [bitmap(present), offsets, data])
