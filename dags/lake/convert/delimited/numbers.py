"""Numbers in fields of any width: integers and decimals, exact, as whole numbers.

A number is a sign or none, digits, and for a decimal a point with at most as many digits behind it
as its scale. Nothing else is one: no exponent, no space, no point that nothing follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lake.convert.delimited.fields import WORD_BYTES, Fields
from lake.convert.delimited.marks import Positions
from lake.convert.digits import ZEROS, beyond_nine, join_digits

_ZERO, _PLUS, _MINUS = ord("0"), ord("+"), ord("-")
_WIDEST = 18
"""Digits that always fit 64 bits."""
_MOST_DIGITS = 19
"""Of a number of 64 bits."""
_LANES_BYTES = 24
_GROUP = 3
_MOST_GROUPS = _WIDEST // _GROUP - 1
_POWERS = 10 ** np.arange(_WIDEST + 1, dtype=np.int64)
_LAST_BYTES = np.array(
    [0] * (_LANES_BYTES + 1)
    + [(1 << 64) - (1 << 8 * (WORD_BYTES - count)) for count in range(1, WORD_BYTES + 1)]
    + [(1 << 64) - 1] * (_LANES_BYTES - WORD_BYTES),
    np.uint64,
)
"""At index 24 + n, all bits of the last n bytes of a word: none below 0, all above 8."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of fields, as multiples of what their scale is."""

    values: NDArray[np.int64]
    """Meaningless where not valid."""
    valid: NDArray[np.bool_]
    fits: NDArray[np.bool_]
    """False where it is a number, but not one of the type."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the numbers of a column are written, and which it may hold."""

    scale: int
    """Digits behind the point; 0 for integers, which have no point."""
    least: int
    most: int
    """The least and the greatest value, as multiples of the scale."""
    point: int
    thousands: int | None

    def read(self, fields: Fields) -> Numbers:
        """Read all fields: what is written plainly in bulk, what is not one by one."""
        data, words = fields.data, fields.words
        starts, ends = fields.starts, fields.ends
        first = data[starts]
        is_signed = bool((first < _ZERO).any())
        minus = first == _MINUS
        if is_signed:
            starts = starts + (minus | (first == _PLUS))
        found = self._short_decimals(data, words, starts, ends) if self.scale else None
        values, valid, wide = found or self._unsigned(data, words, starts, ends)
        if is_signed:
            np.negative(values, out=values, where=minus)
        fits = (values >= self.least) & (values <= self.most)
        if wide is not None:
            for row in np.flatnonzero(wide).tolist():
                text = data[fields.starts[row] : fields.ends[row]].tobytes()
                values[row], valid[row], fits[row] = self._exactly(text)
        return Numbers(values, valid, fits)

    def _short_decimals(
        self, data: NDArray[np.uint8], words: NDArray[np.uint64], starts: Positions, ends: Positions
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], None] | None:
        """Numbers with all digits behind the point, and with it eight at most; None of others.

        Without point and separator, such a number is one word.
        """
        whole_ends = ends - (self.scale + 1)
        widths = whole_ends - starts
        pointed = (data[whole_ends] == self.point) & (widths >= 0)
        if not (pointed | (ends <= starts)).all():
            return None
        whole = words[whole_ends - WORD_BYTES]
        if self.thousands is not None:
            apart = (data[whole_ends - _GROUP - 1] == self.thousands) & (widths > _GROUP + 1)
            if widths.max(initial=0) > 2 * _GROUP + 1:
                return None
            group = _LAST_BYTES[_LANES_BYTES + _GROUP]
            whole = np.where(apart, (whole & group) | ((whole << np.uint64(8)) & ~group), whole)
            widths = widths - apart
        if widths.max(initial=0) > WORD_BYTES - self.scale:
            return None
        fraction = words[ends - WORD_BYTES] & _LAST_BYTES[_LANES_BYTES + self.scale]
        word = (whole >> np.uint64(8 * self.scale)) | fraction
        word ^= ZEROS
        word &= _LAST_BYTES[widths + (_LANES_BYTES + self.scale)]
        valid = (beyond_nine(word) == 0) & pointed
        join_digits(word)
        return word.view(np.int64), valid, None

    def _unsigned(
        self, data: NDArray[np.uint8], words: NDArray[np.uint64], starts: Positions, ends: Positions
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Numbers without sign, and which of them are too wide to be read so."""
        fraction = self._fraction_digits(data, starts, ends)
        whole_ends = ends if fraction is None else ends - fraction - (fraction > 0)
        wide = whole_ends - starts > _WIDEST - self.scale
        values, valid = digits_between(words, starts, whole_ends)
        if self.thousands is not None:
            grouped = np.flatnonzero(
                (whole_ends - starts > _GROUP) & (data[whole_ends - _GROUP - 1] == self.thousands)
            )
            values[grouped], valid[grouped], digits = self._groups(
                data, words, starts[grouped], whole_ends[grouped]
            )
            wide[grouped] = digits > _WIDEST - self.scale
        valid &= ends > starts
        if fraction is not None:
            behind, is_number = digits_between(words, ends - fraction, ends)
            values = values * _POWERS[self.scale] + behind * _POWERS[self.scale - fraction]
            valid &= is_number
        return values, valid, wide

    def _fraction_digits(
        self, data: NDArray[np.uint8], starts: Positions, ends: Positions
    ) -> NDArray[np.intp] | None:
        """How many digits stand behind the point of each field, 0 without one; None: nowhere."""
        if not self.scale:
            return None
        fraction = np.zeros(len(starts), np.intp)
        rows = None
        for digits in range(self.scale, 0, -1):
            at = ends - 1 - digits if rows is None else ends[rows] - 1 - digits
            begins = starts if rows is None else starts[rows]
            found = (data[at] == self.point) & (at >= begins)
            if rows is None:
                fraction[found] = digits
                rows = np.flatnonzero(~found)
            else:
                fraction[rows[found]] = digits
                rows = rows[~found]
            if not len(rows):
                break
        return fraction

    def _groups(
        self, data: NDArray[np.uint8], words: NDArray[np.uint64], starts: Positions, ends: Positions
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.intp]]:
        """Numbers whose last three digits have a separator before them, and how many digits."""
        values = np.zeros(len(starts), np.int64)
        groups = (ends - starts - 1) // (_GROUP + 1)
        first_ends = ends - (_GROUP + 1) * groups
        valid = first_ends - starts <= _GROUP
        for index in range(min(int(groups.max(initial=0)), _MOST_GROUPS)):
            rows = np.flatnonzero(groups > index)
            last = ends[rows] - (_GROUP + 1) * index
            group, is_number = digits_between(words, last - _GROUP, last)
            values[rows] += group * _POWERS[_GROUP * index]
            valid[rows] &= is_number & (data[last - _GROUP - 1] == self.thousands)
        group, is_number = digits_between(words, starts, first_ends)
        values += group * _POWERS[np.minimum(_GROUP * groups, _WIDEST)]
        return values, valid & is_number, ends - starts - groups

    def _exactly(self, text: bytes) -> tuple[int, bool, bool]:
        """One field, of any width: its value, whether it is a number, whether it fits."""
        whole = rb"\d+"
        if self.thousands is not None:
            separator = re.escape(bytes([self.thousands]))
            whole = rb"(?:\d+|\d{1,3}(?:" + separator + rb"\d{3})+)"
        point = re.escape(bytes([self.point]))
        fraction = rb"(?:%b(?P<fraction>\d{1,%d}))?" % (point, self.scale) if self.scale else b""
        found = re.fullmatch(rb"(?P<sign>[-+]?)(?P<whole>" + whole + rb")" + fraction, text)
        if not found:
            return 0, False, False
        parts = found.groupdict(b"")
        fraction_digits = parts.get("fraction", b"").ljust(self.scale, b"0")
        digits = (re.sub(rb"\D", b"", parts["whole"]) + fraction_digits).lstrip(b"0") or b"0"
        if len(digits) > _MOST_DIGITS:
            return 0, True, False
        value = int(digits) * (-1 if parts["sign"] == b"-" else 1)
        fits = self.least <= value <= self.most
        return value if fits else 0, True, fits


def digits_between(
    words: NDArray[np.uint64], starts: Positions, ends: Positions
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The number that stands in each field, 0 in an empty one, and whether it is only digits.

    Of more than 18 digits, the number is meaningless.
    """
    widths = ends - starts
    most = int(widths.max(initial=0))
    if most > _LANES_BYTES:
        widths = np.minimum(widths, _LANES_BYTES)
    values = np.zeros(0, np.uint64)
    wrong = values
    for done in range(0, max(1, min(most, _WIDEST)), WORD_BYTES):
        lane = words[ends - (done + WORD_BYTES)]
        lane ^= ZEROS
        lane &= _LAST_BYTES[widths + (_LANES_BYTES - done)]
        beyond = beyond_nine(lane)
        join_digits(lane)
        if done:
            lane *= np.uint64(_POWERS[done])
            values += lane
            wrong |= beyond
        else:
            values, wrong = lane, beyond
    return values.view(np.int64), wrong == 0
