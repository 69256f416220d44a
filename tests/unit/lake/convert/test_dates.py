"""The calendar's table is the calendar."""

from __future__ import annotations

import datetime

import numpy as np
from lake.convert.dates import day_numbers


def test_every_day_of_the_calendar_has_its_number() -> None:
    """From the first of year 1 to the last of 9999, compared with `datetime`."""
    firsts = [datetime.date(year, month, 1) for year in range(1, 10_000) for month in range(1, 13)]
    years = np.array([first.year for first in firsts])
    months = np.array([first.month for first in firsts])
    ordinals = np.array([first.toordinal() for first in firsts])
    lengths = np.append(np.diff(ordinals), 31)
    epoch = datetime.date(1970, 1, 1).toordinal()
    for day in range(100):
        numbers, exists = day_numbers(years, months, np.full(len(years), day))
        assert (exists == ((day >= 1) & (day <= lengths))).all()
        assert (numbers[exists] == (ordinals - epoch + day - 1)[exists]).all()


def test_what_is_no_month_or_year_has_no_days() -> None:
    """Year 0, months 0 and 13 to 99, and what parsing letters gives."""
    year = np.array([0, 2021, 2021, 2021, 10_000, 1 << 40, 2021])
    month = np.array([1, 0, 13, 99, 1, 1, 1 << 40])
    assert not day_numbers(year, month, np.ones_like(year))[1].any()
