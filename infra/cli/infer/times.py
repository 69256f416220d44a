"""How dates and times are written in a column, where only one reading fits every value."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from lake.dataset.time_formats import kind_of, time_parts

_ORDERS = {
    "year first": ("YYYY", "MM", "DD"),
    "day first": ("DD", "MM", "YYYY"),
    "month first": ("MM", "DD", "YYYY"),
}
_SEPARATORS = ("-", "/", ".", " ", "")
_FRACTIONS = ("", *("." + "f" * digits for digits in range(1, 7)))
_TIMES = (
    "",
    *(
        f"{gap}{time}{zone}"
        for gap in ("T", " ")
        for time in ("hh:mm", *(f"hh:mm:ss{fraction}" for fraction in _FRACTIONS))
        for zone in ("", "Z")
    ),
)
_COMPACT_TIMES = ("hhmm", "hhmmss", "Thhmmss", "ThhmmssZ")
_MOST_SHAPES = 3
_LIKELY_YEARS = range(1900, 2101)
"""Of eight digits in a row, which may as well be a number."""
_NO_END_YEAR = 9999


@dataclass(frozen=True, slots=True)
class TimeGuess:
    """What fits every value: one reading, or several that only a person can choose from."""

    kind: str
    """`date` or `timestamp`."""
    readings: Mapping[str, tuple[str, ...]]
    """The formats of each order of day, month and year that fits."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats where there is one reading; empty where it is not clear."""
        return next(iter(self.readings.values())) if len(self.readings) == 1 else ()


def guess_times(values: Iterable[str]) -> TimeGuess | None:
    """How these values are written as dates or timestamps; None where they are not."""
    by_shape: defaultdict[str, set[str]] = defaultdict(set)
    for value in values:
        by_shape[re.sub(r"[0-9]", "9", value)].add(value)
        if len(by_shape) > _MOST_SHAPES:
            return None
    if not by_shape or not by_shape.keys() <= _formats_by_shape().keys():
        return None
    readings = {}
    for order in _ORDERS:
        formats = [_formats_by_shape()[shape].get(order) for shape in by_shape]
        pairs = zip(formats, by_shape.values(), strict=True)
        if all(form and all(_reads(form, value) for value in texts) for form, texts in pairs):
            readings[order] = tuple(form for form in formats if form)
    kinds = {kind_of(form) for formats in readings.values() for form in formats}
    return TimeGuess(kinds.pop(), readings) if len(kinds) == 1 else None


@cache
def _formats_by_shape() -> Mapping[str, Mapping[str, str]]:
    """The format of each order, by what a value looks like with each digit a 9."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (order, parts), separator in product(_ORDERS.items(), _SEPARATORS):
        for time in _TIMES if separator else (*_TIMES, *_COMPACT_TIMES):
            form = separator.join(parts) + time
            found[re.sub(r"[YMDhmsf]", "9", form)][order] = form
    return found


def _reads(form: str, text: str) -> bool:
    """Whether a value of the format's shape is a day of the calendar and a time of the day."""
    parts = {name: int(text[place]) for name, place in _parts(form).items() if name != "f"}
    if text.isdigit() and parts["YYYY"] not in _LIKELY_YEARS and parts["YYYY"] != _NO_END_YEAR:
        return False
    try:
        datetime.datetime(
            parts["YYYY"],
            parts["MM"],
            parts["DD"],
            parts.get("hh", 0),
            parts.get("mm", 0),
            parts.get("ss", 0),
        )
    except ValueError:
        return False
    return True


_parts = cache(time_parts)
