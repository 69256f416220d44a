"""Columns of numbers: padded, signed in several ways, with a point that is implied or written."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.convert.columns import Mask, Parsed, ValueReader
from lake.convert.digits import are_blank, parse_digits, parse_padded
from lake.convert.rejects import Reason
from lake.dataset import FixedWidthColumn
from lake.dataset.column import WIDEST_INT64
from lake.dataset.fixed_width import Sign

_ZERO, _NINE, _SPACE, _PLUS, _MINUS = b"09 +-"

# Of a byte with an overpunched sign: the digit, or 10 where it is none, and whether it is negative.
_OVERPUNCHED = np.full(256, 10, np.uint8)
_NEGATIVE = np.zeros(256, np.bool_)
for _characters, _is_negative in (
    ("0123456789", False),
    ("{ABCDEFGHI", False),
    ("}JKLMNOPQR", True),
    ("pqrstuvwxy", True),
):
    for _digit, _character in enumerate(_characters):
        _OVERPUNCHED[ord(_character)] = _digit
        _NEGATIVE[ord(_character)] = _is_negative


class NumberReader(ValueReader):
    """Reads whole numbers, and decimals as the whole numbers that they are without their point."""

    reason = Reason.NOT_A_NUMBER

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """Digits in bulk; what is padded or signed, on its own."""
        values, others = parse_digits(records, self._start, self.column.width)
        if others is None:
            return Parsed(values, None)
        blank = are_blank(records, self._start, self.column.width)
        rows = np.flatnonzero(others & ~blank)
        if len(rows):
            padded = parse_padded(records[rows, self._start : self._end])
            values[rows] = padded.values
            others[rows] = ~padded.valid
        return Parsed(values, others)


class SignByteReader(ValueReader):
    """Reads numbers whose sign has a byte of its own, before or behind the digits."""

    reason = Reason.NOT_A_NUMBER

    def __init__(self, column: FixedWidthColumn) -> None:
        super().__init__(column)
        leads = column.sign == "leading"
        self._sign_at = self._start if leads else self._end - 1
        self._digits_at = self._start + leads

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """Digits and a sign in bulk; what is padded, on its own."""
        values, others = parse_digits(records, self._digits_at, self.column.width - 1)
        sign = records[:, self._sign_at]
        np.negative(values, out=values, where=sign == _MINUS)
        no_sign = (sign != _MINUS) & (sign != _PLUS) & (sign != _SPACE)
        wrong = no_sign if others is None else no_sign | others
        return _with_written(
            Parsed(values, wrong), records[:, self._start : self._end], self.column
        )


class PointReader(ValueReader):
    """Reads decimals whose point is written."""

    reason = Reason.NOT_A_NUMBER

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """Each field on its own, all of them at once."""
        everything = Parsed(np.zeros(len(records), np.int64), np.ones(len(records), np.bool_))
        return _with_written(everything, records[:, self._start : self._end], self.column)


class OverpunchReader(ValueReader):
    """Reads numbers whose last digit has the sign on it, as COBOL writes them in ASCII."""

    reason = Reason.NOT_A_NUMBER

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """All but the last digit in bulk; what is padded, on its own."""
        last = records[:, self._end - 1]
        digit = _OVERPUNCHED[last]
        wrong = digit == 10  # noqa: PLR2004  # no digit
        values = digit.astype(np.int64)
        if self.column.width > 1:
            others_digits, others = parse_digits(records, self._start, self.column.width - 1)
            values += others_digits * 10
            wrong = wrong if others is None else wrong | others
        np.negative(values, out=values, where=_NEGATIVE[last])
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return Parsed(values, None)
        fields = records[rows, self._start : self._end]
        is_negative = _unpunched_sign(fields)
        padded = parse_padded(fields)
        unsigned = ~((fields == _PLUS) | (fields == _MINUS)).any(axis=1)
        values[rows] = np.where(is_negative, -padded.values, padded.values)
        wrong[rows] = ~(padded.valid & unsigned)
        return Parsed(values, wrong)


class DoubleReader(ValueReader):
    """Reads floating-point numbers, with an exponent or without."""

    reason = Reason.NOT_A_NUMBER
    _PATTERN = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?$"

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """As Arrow reads them, which takes what is checked before."""
        fields = records[:, self._start : self._end].copy()
        fields[fields > ord("~")] = ord("?")
        if self.column.decimal_point == ",":
            fields[fields == ord(".")] = ord("?")
            fields[fields == ord(",")] = ord(".")
        count, width = fields.shape
        offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(fields)]
        text: Any = pc.utf8_trim(pa.Array.from_buffers(pa.string(), count, buffers), " ")
        valid: Any = pc.match_substring_regex(text, self._PATTERN)
        unsigned = pc.replace_substring(text, "+", "")  # Arrow takes no plus
        numbers: Any = pc.if_else(valid, unsigned, "0")
        values: Any = np.from_dlpack(numbers.cast(pa.float64()))
        is_valid: Any = np.from_dlpack(pc.cast(valid, pa.uint8()))
        return Parsed(values, is_valid == 0, np.isinf(values))


class _Written(NamedTuple):
    values: NDArray[np.int64]
    valid: Mask
    digits: NDArray[np.intp]
    fraction_digits: NDArray[np.intp]


def _with_written(parsed: Parsed, fields: NDArray[np.uint8], column: FixedWidthColumn) -> Parsed:
    """What was wrong so far, read again, byte by byte."""
    if parsed.wrong is None or not parsed.wrong.any():
        return Parsed(parsed.values, None)
    rows = np.flatnonzero(parsed.wrong)
    point = column.decimal_point
    written = _written(fields[rows], sign=column.sign or "leading", point=point)
    shift = column.scale - written.fraction_digits if point else np.zeros(len(rows), np.intp)
    room = min(WIDEST_INT64, column.width - (column.sign is not None))
    valid = written.valid & (shift >= 0) & (written.digits <= room)
    shift[~valid] = 0
    powers = np.array([10**exponent for exponent in range(19)], np.int64)
    most = powers[(column.precision or 18) - shift]
    beyond = valid & (np.abs(written.values) >= most)
    values, wrong = parsed.values, np.zeros(len(fields), np.bool_)
    values[rows] = np.where(beyond, 0, written.values) * powers[shift]
    wrong[rows] = ~valid
    all_beyond = np.zeros(len(fields), np.bool_)
    all_beyond[rows] = beyond
    return Parsed(values, wrong, all_beyond if beyond.any() else None)


def _written(fields: NDArray[np.uint8], *, sign: Sign, point: str | None) -> _Written:
    """Read fields of the form: spaces, a number, spaces.

    A number is digits, with a point among them or at one end where `point` is given, and with a
    sign before or behind them, or none.
    """
    digit = (fields >= _ZERO) & (fields <= _NINE)
    is_point = fields == ord(point) if point else np.zeros_like(digit)
    minus = fields == _MINUS
    signs = minus | (fields == _PLUS)
    body = digit | is_point
    count, first = body.sum(axis=1), body.argmax(axis=1)
    last = fields.shape[1] - 1 - body[:, ::-1].argmax(axis=1)
    sign_at = first - 1 if sign == "leading" else last + 1
    valid = (body | signs | (fields == _SPACE)).all(axis=1)
    valid &= digit.any(axis=1) & (last - first + 1 == count) & (is_point.sum(axis=1) <= 1)
    valid &= (signs.sum(axis=1) == 0) | (
        (signs.sum(axis=1) == 1) & (signs.argmax(axis=1) == sign_at)
    )
    values = np.zeros(len(fields), np.int64)
    for column in range(fields.shape[1]):
        present = digit[:, column]
        values[present] = values[present] * 10 + (fields[present, column] - _ZERO)
    values[minus.any(axis=1)] *= -1
    fraction = (digit & (np.cumsum(is_point, axis=1) > 0)).sum(axis=1)
    return _Written(values, valid, digit.sum(axis=1), fraction)


def _unpunched_sign(fields: NDArray[np.uint8]) -> Mask:
    """Make the last byte of each field that is no space a digit; whether it was negative."""
    last = fields.shape[1] - 1 - (fields != _SPACE)[:, ::-1].argmax(axis=1)
    rows = np.arange(len(fields))
    byte = fields[rows, last]
    digit = _OVERPUNCHED[byte]
    is_digit = digit < 10  # noqa: PLR2004  # as above
    fields[rows[is_digit], last[is_digit]] = digit[is_digit] + _ZERO
    is_negative: Mask = _NEGATIVE[byte]
    return is_negative
