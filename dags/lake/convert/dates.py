"""Dates from their year, month and day, by table, so that 31 February is none."""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import NDArray

_FIRST_YEAR, _LAST_YEAR, _MONTHS = datetime.MINYEAR, datetime.MAXYEAR, 12
_YEAR_DAYS = 365

# At [year, month]: the first day's number since 1970-01-01, and how many days the month has.
# Year 0, month 0 and those past the last year and month have none.
_FIRST_DAY = np.zeros((_LAST_YEAR + 2, _MONTHS + 2), np.int32)
_DAYS = np.zeros_like(_FIRST_DAY, dtype=np.int8)

_first_days = np.arange(
    f"{_FIRST_YEAR:04}-01", f"{_LAST_YEAR + 1}-02", dtype="datetime64[M]"
).astype("datetime64[D]")
_REAL = (slice(_FIRST_YEAR, _LAST_YEAR + 1), slice(1, _MONTHS + 1))
_FIRST_DAY[_REAL] = _first_days[:-1].astype(np.int64).reshape(-1, _MONTHS)
_DAYS[_REAL] = np.diff(_first_days).astype(np.int64).reshape(-1, _MONTHS)


def day_numbers(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Days since 1970-01-01 in the Gregorian calendar, years 1 to 9999, and which dates exist.

    The numbers are meaningless where the date does not exist. Nothing may be negative.
    """
    at = np.minimum(year, _LAST_YEAR + 1) * (_MONTHS + 2) + np.minimum(month, _MONTHS + 1)
    exists = (day >= 1) & (day <= _DAYS.take(at))
    return _FIRST_DAY.take(at) + (day.astype(np.int32) - np.int32(1)), exists


def day_numbers_in_year(
    year: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Likewise of the day's number in its year, from 1."""
    first, exists = day_numbers(year, np.ones_like(year), np.ones_like(year))
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    exists &= (day >= 1) & (day <= _YEAR_DAYS + is_leap)
    return first + (day.astype(np.int32) - np.int32(1)), exists
