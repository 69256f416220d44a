"""Columns of dates, timestamps and times of the day, from their digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.convert.columns import Parsed, ValueReader
from lake.convert.dates import day_numbers, day_numbers_in_year
from lake.convert.digits import parse_digits
from lake.convert.rejects import Reason
from lake.dataset import FixedWidthColumn
from lake.dataset.fixed_width.time_format import parts_of

_REASONS = {
    "date": Reason.NOT_A_DATE,
    "timestamp": Reason.NOT_A_TIMESTAMP,
    "int": Reason.NOT_A_TIME,
}
# Seconds of each part, and the first value that it does not have.
_CLOCK = {"hh": (3600, 24), "mm": (60, 60), "ss": (1, 60)}
_DAY_SECONDS = 86_400
_MICROSECONDS = 1_000_000
_FRACTION = 6


class TimeReader(ValueReader):
    """Reads fields of one format: a date, a timestamp in microseconds, a time in seconds."""

    def __init__(self, column: FixedWidthColumn) -> None:
        super().__init__(column)
        self.reason = _REASONS[column.kind]
        form = column.time_format or ""
        self._parts = parts_of(form)
        taken = {at for part in self._parts.values() for at in range(part.start, part.stop)}
        self._separators = [
            (self._start + at, ord(character))
            for at, character in enumerate(form)
            if at not in taken
        ]

    def parse(self, records: NDArray[np.uint8]) -> Parsed:
        """Each part apart, then by the calendar and the clock."""
        exists = np.ones(len(records), np.bool_)
        parts = {name: self._digits(name, records, exists) for name in self._parts}
        for at, separator in self._separators:
            exists &= records[:, at] == separator
        values: NDArray[Any]
        match self.column.kind:
            case "date":
                values = self._days(parts, exists)
            case "timestamp":
                days = self._days(parts, exists).astype(np.int64)
                seconds = days * _DAY_SECONDS + self._seconds(parts, exists)
                values = seconds * _MICROSECONDS + self._microseconds(parts)
            case _:
                values = self._seconds(parts, exists)
        return Parsed(values, None if exists.all() else ~exists)

    def _digits(
        self, name: str, records: NDArray[np.uint8], exists: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        part = self._parts[name]
        numbers, others = parse_digits(records, self._start + part.start, part.stop - part.start)
        if others is not None:
            exists &= ~others
            numbers[others] = 0
        return numbers

    def _days(
        self, parts: dict[str, NDArray[np.int64]], exists: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        year = parts.get("YYYY")
        if year is None:
            short = parts["YY"]
            year = short + np.where(short >= (self.column.pivot or 0), 1900, 2000)
        if "DDD" in parts:
            days, are = day_numbers_in_year(year, parts["DDD"])
        else:
            days, are = day_numbers(year, parts["MM"], parts["DD"])
        exists &= are
        return days

    def _seconds(
        self, parts: dict[str, NDArray[np.int64]], exists: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        seconds = np.zeros(len(exists), np.int64)
        for name, (weight, end) in _CLOCK.items():
            if name in parts:
                exists &= parts[name] < end
                seconds += parts[name] * weight
        return seconds

    def _microseconds(self, parts: dict[str, NDArray[np.int64]]) -> NDArray[np.int64] | int:
        if "f" not in parts:
            return 0
        place = self._parts["f"]
        microseconds: NDArray[np.int64] = parts["f"] * 10 ** (_FRACTION - place.stop + place.start)
        return microseconds
