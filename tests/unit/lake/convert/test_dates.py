"""The calendar's table is the calendar."""

from __future__ import annotations

import datetime

import numpy as np
from lake.convert.dates import day_numbers, day_numbers_in_year


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


def test_days_are_counted_in_their_year() -> None:
    """From 1 to 365 or 366, in every year of the calendar."""
    years = np.arange(0, 10_001)
    for day in (0, 1, 59, 60, 365, 366, 367):
        numbers, exists = day_numbers_in_year(years, np.full(len(years), day))
        for year in (1, 1900, 2000, 2023, 2024, 9999):
            first = datetime.date(year, 1, 1).toordinal()
            last = datetime.date(year, 12, 31).toordinal()
            assert exists[year] == (1 <= day <= last - first + 1)
            if exists[year]:
                epoch = datetime.date(1970, 1, 1).toordinal()
                assert numbers[year] == first + day - 1 - epoch
        assert not exists[[0, 10_000]].any()
