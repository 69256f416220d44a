"""The fields of one column, from where they stand in the file to an Arrow array."""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.convert.arrow import array_of, array_of_bytes, type_of
from lake.convert.delimited.dialect import Dialect
from lake.convert.delimited.fields import Fields
from lake.convert.delimited.numbers import NumberFormat
from lake.convert.delimited.texts import Faults, TextEncoding, Texts
from lake.convert.delimited.times import TimeFormat
from lake.convert.rejects import Reason
from lake.dataset import DelimitedColumn, DelimitedLayout
from lake.dataset.encoding import encoded_texts, read_encoding

_INT_BITS = {"int": 32, "bigint": 64}
_LEAST_REPEATED = 4
"""Times that a text occurs on average, for the distinct ones to be looked for."""
_TRIED_AGAIN_AFTER = 32
LONGEST_PARTITION_BYTES = 50
"""Of a text that folders are named by: each byte may take three, and a name has 255."""


class ColumnReader(Protocol):
    """Reads the fields of one column."""

    column: DelimitedColumn

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """The fields' values, and which of them are none; there is one field at least."""
        ...


def column_reader(
    column: DelimitedColumn, layout: DelimitedLayout, *, partition: bool
) -> ColumnReader:
    """The reader for a column's type."""
    match column.kind:
        case "string":
            return TextReader(column, layout, partition=partition)
        case "double":
            return DoubleReader(column, layout)
        case "boolean":
            return BooleanReader(column, layout)
        case "date" | "timestamp":
            return TimeReader(column, layout)
        case _:
            return NumberReader(column, layout)


class _Reader:
    """What the columns of all types have in common: which of their fields are missing."""

    def __init__(self, column: DelimitedColumn, layout: DelimitedLayout) -> None:
        self.column = column
        self._type = type_of(column.glue_type)
        self._encoding = read_encoding(layout.encoding)
        self._missing = encoded_texts((*layout.null_values, *column.missing), self._encoding)

    def _present(self, fields: Fields) -> tuple[NDArray[np.bool_] | None, Faults]:
        """Which fields are not missing, None where all are there; and what may not be missing."""
        present = fields.ends > fields.starts
        if self._missing:
            present &= ~fields.equal_to(self._missing)
        if present.all():
            return None, []
        return present, [] if self.column.nullable else [(Reason.BLANK, np.flatnonzero(~present))]

    def _faults(
        self, reason: Reason, good: NDArray[np.bool_], present: NDArray[np.bool_] | None
    ) -> Faults:
        """The fields that are there and not good."""
        if good.all():
            return []
        rows = np.flatnonzero(~good if present is None else present & ~good)
        return [(reason, rows)] if len(rows) else []

    def _array(self, values: NDArray[Any], present: NDArray[np.bool_] | None) -> pa.Array[Any]:
        return array_of(values, self._type, present)


class TextReader(_Reader):
    """Reads text. An empty field in quotes is an empty text, and so is a missing value's word."""

    def __init__(
        self, column: DelimitedColumn, layout: DelimitedLayout, *, partition: bool
    ) -> None:
        super().__init__(column, layout)
        self._dialect = Dialect.of(layout)
        self._texts = TextEncoding(self._encoding)
        self._partition = partition
        self._unlike = 0  # so many times more the texts are not expected to repeat

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """The texts, in UTF-8."""
        present, faults = self._present(fields)
        if present is not None and fields.quoted is not None:
            present |= fields.quoted
            rows = np.flatnonzero(~present)
            faults = [(Reason.BLANK, rows)] if faults and len(rows) else []
        if self._partition:
            lengths = fields.ends - fields.starts
            faults.append((Reason.BLANK, np.flatnonzero(lengths == 0)))
            faults.append((Reason.TOO_LONG, np.flatnonzero(lengths > LONGEST_PARTITION_BYTES)))
        gathered = fields.gathered()
        texts = self._of(gathered, fields.quoted)
        if texts.is_plain:
            return texts.array(present), faults
        if found := self._repeated(gathered, present, fields.quoted):
            return found[0], faults + found[1]
        texts.unescape()
        return texts.array(present), faults + texts.faults()

    def _repeated(
        self,
        gathered: pa.Array[Any],
        present: NDArray[np.bool_] | None,
        quoted: NDArray[np.bool_] | None,
    ) -> tuple[pa.Array[Any], Faults] | None:
        """The texts by their distinct values, each looked at once; None where few repeat."""
        if self._unlike:
            self._unlike -= 1
            return None
        encoded: Any = gathered.dictionary_encode()
        texts = self._of(encoded.dictionary, None)
        if len(encoded.dictionary) * _LEAST_REPEATED > len(gathered):
            self._unlike = _TRIED_AGAIN_AFTER
            return None
        if quoted is not None and texts.has_returns:
            return None  # whether they are text, the quotes decide
        texts.unescape()
        indices: Any = np.from_dlpack(encoded.indices)
        faults: Faults = []
        for reason, values in texts.faults():
            wrong = np.zeros(len(encoded.dictionary), np.bool_)
            wrong[values] = True
            faults.append((reason, np.flatnonzero(wrong[indices])))
        return texts.array(None).take(array_of(indices, pa.int32(), present)), faults

    def _of(self, gathered: pa.Array[Any], quoted: NDArray[np.bool_] | None) -> Texts:
        return Texts(gathered, self._dialect, self._texts, quoted=quoted)


class NumberReader(_Reader):
    """Reads integers and decimals."""

    def __init__(self, column: DelimitedColumn, layout: DelimitedLayout) -> None:
        super().__init__(column, layout)
        most = 10**column.precision - 1
        least = -most
        if bits := _INT_BITS.get(column.kind):
            least, most = -(1 << bits - 1), (1 << bits - 1) - 1
        self._format = NumberFormat(
            scale=column.scale,
            least=least,
            most=most,
            point=ord(layout.decimal_point),
            thousands=ord(layout.thousands) if layout.thousands else None,
        )

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """The numbers, exact."""
        present, faults = self._present(fields)
        numbers = self._format.read(fields)
        faults += self._faults(Reason.NOT_A_NUMBER, numbers.valid, present)
        faults += self._faults(Reason.OUT_OF_RANGE, numbers.fits | ~numbers.valid, present)
        values = numbers.values
        if self.column.kind == "int":
            values = values.astype(np.int32)
        return self._array(values, present), faults


class DoubleReader(_Reader):
    """Reads floating-point numbers, which may have an exponent; neither infinity nor NaN is one."""

    def __init__(self, column: DelimitedColumn, layout: DelimitedLayout) -> None:
        super().__init__(column, layout)
        self._point, self._thousands = layout.decimal_point, layout.thousands
        point = re.escape(self._point)
        whole = "[0-9]+"
        if self._thousands:
            whole += rf"|[0-9]{{1,3}}(?:{re.escape(self._thousands)}[0-9]{{3}})+"
        exponent = "(?:[eE][-+]?[0-9]+)?"
        self._pattern = rf"\A[-+]?(?:(?:{whole})(?:{point}[0-9]+)?|{point}[0-9]+){exponent}\z"

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """The nearest floating-point numbers."""
        present, faults = self._present(fields)
        texts: Any = fields.gathered().view(pa.string())
        is_number = pc.match_substring_regex(texts, self._pattern)
        good = _booleans(is_number)
        faults += self._faults(Reason.NOT_A_NUMBER, good, present)
        if not good.all():
            texts = pc.if_else(is_number, texts, array_of_bytes([b"0"], pa.string())[0])
        if self._thousands:
            texts = pc.replace_substring(texts, self._thousands, "")
        if self._point != ".":
            texts = pc.replace_substring(texts, self._point, ".")
        values: Any = np.from_dlpack(pc.cast(texts, pa.float64()))
        faults += self._faults(Reason.OUT_OF_RANGE, np.isfinite(values), present)
        return self._array(values, present), faults


class BooleanReader(_Reader):
    """Reads true and false as the column writes them."""

    def __init__(self, column: DelimitedColumn, layout: DelimitedLayout) -> None:
        super().__init__(column, layout)
        self._true = encoded_texts(column.true_values, self._encoding)
        self._false = encoded_texts(column.false_values, self._encoding)

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """True and false."""
        present, faults = self._present(fields)
        true = fields.equal_to(self._true)
        faults += self._faults(Reason.NOT_A_BOOLEAN, true | fields.equal_to(self._false), present)
        values = np.packbits(true, bitorder="little")
        bitmap = None if present is None else np.packbits(present, bitorder="little")
        buffers = [None if bitmap is None else pa.py_buffer(bitmap), pa.py_buffer(values)]
        return pa.Array.from_buffers(pa.bool_(), len(true), buffers), faults


class TimeReader(_Reader):
    """Reads dates or timestamps in the first of their formats that fits."""

    def __init__(self, column: DelimitedColumn, layout: DelimitedLayout) -> None:
        super().__init__(column, layout)
        self._formats = [TimeFormat(form) for form in column.formats]
        self._integer = np.int32 if column.kind == "date" else np.int64
        self._reason = Reason.NOT_A_DATE if column.kind == "date" else Reason.NOT_A_TIMESTAMP

    def read(self, fields: Fields) -> tuple[pa.Array[Any], Faults]:
        """Days since 1970-01-01, or microseconds."""
        present, faults = self._present(fields)
        values = np.zeros(len(fields.starts), self._integer)
        good = np.zeros(len(values), np.bool_)
        widths = fields.ends - fields.starts
        for form in self._formats:
            rows = np.flatnonzero(~good & (widths == form.width))
            if len(rows):
                found, exists = form.read(fields, rows)
                values[rows[exists]], good[rows] = found[exists], exists
        faults += self._faults(self._reason, good, present)
        return self._array(values, present), faults


def _booleans(array: Any) -> NDArray[np.bool_]:
    """A Boolean array without NULLs, a byte a value."""
    bits = np.frombuffer(array.buffers()[1], np.uint8)
    unpacked = np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)]
    return unpacked.view(np.bool_)
