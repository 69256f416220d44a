"""Dates and timestamps of fixed formats, many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lake.convert.dates import day_numbers
from lake.convert.delimited.fields import WORD_BYTES, Fields
from lake.convert.delimited.marks import Positions
from lake.convert.delimited.numbers import digits_between
from lake.convert.digits import ZEROS, beyond_nine
from lake.dataset.time_formats import time_parts

_DAY_MICROSECONDS = 86_400_000_000
_MICROSECOND_DIGITS = 6
_HOURS, _MINUTES, _SECONDS = 24, 60, 60
_DATE_BYTES = {"YYYY": 0, "MM": 4, "DD": 6}
_TIME_BYTES = {"hh": 0, "mm": 2, "ss": 4}
"""Where each part goes in a word of two digits a number."""
_JOIN_PAIRS = np.uint64(10 << 8 | 1), np.uint64(8), np.uint64(0x00FF00FF00FF00FF)


class TimeFormat:
    """One format, of a date or a timestamp."""

    def __init__(self, form: str) -> None:
        self.width = len(form)
        """Bytes of every text of the format."""
        parts = time_parts(form)
        self._date = {parts[name].start: (parts[name], at) for name, at in _DATE_BYTES.items()}
        self._time = {
            part.start: (part, _TIME_BYTES[name])
            for name, part in parts.items()
            if name in _TIME_BYTES
        }
        self._fraction = parts.get("f")
        inside = {index for part in parts.values() for index in range(part.start, part.stop)}
        self._separators = [
            (index, ord(form[index])) for index in range(len(form)) if index not in inside
        ]

    def read(self, fields: Fields, rows: Positions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read some of the fields, all as wide as the format.

        Returns:
            Days since 1970-01-01, or for a timestamp microseconds, and which of them exist.
        """
        words, starts = fields.words, fields.starts[rows]
        date = _assembled(words, starts, self._date)
        if len(date) and (date == date[0]).all():  # as in a file of one day
            date = date[:1]
        (year_100, year, month, day), is_date = _pairs(date)
        days, exists = day_numbers(year_100 * 100 + year, month, day)
        values = np.broadcast_to(days.astype(np.int64), len(starts))
        valid = np.empty(len(starts), np.bool_)
        valid[:] = is_date & exists
        for index, separator in self._separators:
            valid &= fields.data[starts + index] == separator
        if not self._time:
            return values, valid
        (hour, minute, second, _), is_time = _pairs(_assembled(words, starts, self._time))
        valid &= is_time & (hour < _HOURS) & (minute < _MINUTES) & (second < _SECONDS)
        moments = ((hour * _MINUTES + minute) * _SECONDS + second) * 10**_MICROSECOND_DIGITS
        moments += values * _DAY_MICROSECONDS
        if self._fraction:
            begin, end = self._fraction.start, self._fraction.stop
            fraction, is_number = digits_between(words, starts + begin, starts + end)
            moments += fraction * 10 ** (_MICROSECOND_DIGITS - (end - begin))
            valid &= is_number
        return moments, valid


def _assembled(
    words: NDArray[np.uint64], starts: Positions, parts: dict[int, tuple[slice, int]]
) -> NDArray[np.uint64]:
    """The values of the digits of each part, at its place in one word."""
    word = np.zeros(len(starts), np.uint64)
    loaded, loaded_at = word, -WORD_BYTES
    for _, (part, place) in sorted(parts.items()):
        if part.stop > loaded_at + WORD_BYTES:
            loaded, loaded_at = words[starts + part.start] ^ ZEROS, part.start
        shift = 8 * (place - (part.start - loaded_at))
        moved = loaded << np.uint64(shift) if shift > 0 else loaded >> np.uint64(-shift)
        width = part.stop - part.start
        word |= moved & np.uint64(((1 << 8 * width) - 1) << 8 * place)
    return word


def _pairs(word: NDArray[np.uint64]) -> tuple[list[NDArray[np.int64]], NDArray[np.bool_]]:
    """The four numbers of two digits in each word, and whether it holds only digits."""
    valid = beyond_nine(word) == 0
    factor, shift, mask = _JOIN_PAIRS
    pairs = (word * factor >> shift & mask).view(np.uint16).reshape(-1, 4)
    return [pairs[:, index].astype(np.int64) for index in range(4)], valid
