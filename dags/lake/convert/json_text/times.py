"""Dates and timestamps of many texts at once, as days or microseconds since 1970."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.dates import day_numbers
from lake.convert.json_text.buffers import Mask, numbers_in
from lake.dataset.time_formats import time_parts

DAY_SECONDS = 86_400
SECOND_MICROS = 1_000_000
_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
FIRST_MICROS, END_MICROS = (
    (day.toordinal() + after - _EPOCH_ORDINAL) * DAY_SECONDS * SECOND_MICROS
    for day, after in ((datetime.date.min, 0), (datetime.date.max, 1))
)
"""Of the years 1 to 9999."""
_LONGEST = 40
_ZERO, _POINT = ord("0"), ord(".")

FIRST_DAY = datetime.date.min.toordinal() - _EPOCH_ORDINAL

type Matrix = NDArray[np.uint8]
type Numbers = NDArray[np.int64]


def parse_times(
    texts: Sequence[str], formats: Sequence[str], *, is_date: bool
) -> tuple[Numbers, Mask]:
    """Days, or microseconds, of each text, and which of them are dates or timestamps at all.

    Args:
        texts: any texts.
        formats: how they are written, tried in turn; without any, as ISO 8601 has it.
        is_date: whether they are dates; otherwise timestamps.
    """
    values, valid = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    for rows, matrix in _by_length(texts):
        if formats:
            for form in formats:
                if len(form) == matrix.shape[1]:
                    found, fits = _parse_format(matrix, form)
                    fresh = fits & ~valid[rows]
                    values[rows[fresh]], valid[rows[fresh]] = found[fresh], True
        else:
            values[rows], valid[rows] = _parse_date(matrix) if is_date else _parse_iso(matrix)
    return values, valid


def cast_dates(texts: pa.Array[Any]) -> Numbers | None:
    """Days of ISO 8601's dates, by Arrow; None where there is one that it does not read."""
    return _cast(texts, pa.date32(), FIRST_DAY)


def cast_timestamps(texts: pa.Array[Any]) -> Numbers | None:
    """Microseconds of ISO 8601's timestamps, by Arrow: all with an offset, or all without one.

    None where there is one that it does not read, or without seconds, which it takes for none.
    """
    at = len("YYYY-MM-DDThh:mm")
    starts = numbers_in(texts, 1, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    region = numbers_in(texts, 2, np.uint8)
    if np.diff(starts).min() <= at or (region[starts[:-1] + at] != ord(":")).any():
        return None
    is_utc = region[starts[-1] - 1] == ord("Z")
    return _cast(texts, pa.timestamp("us", "UTC" if is_utc else None), FIRST_MICROS)


def _cast(texts: pa.Array[Any], kind: pa.DataType, first: int) -> Numbers | None:
    try:
        times = texts.cast(kind)
    except pa.ArrowInvalid:
        return None
    numbers = numbers_in(times, 1, f"i{kind.bit_width // 8}")[times.offset :][: len(times)]
    return numbers if numbers.min() >= first else None  # Arrow knows a year 0


def _by_length(texts: Sequence[str]) -> Iterator[tuple[NDArray[np.intp], Matrix]]:
    """The texts of each length as a matrix of bytes, and which they are; none that is too long."""
    encoded = "".join(texts).encode("ascii", "replace")  # one byte a character
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(lengths)
    region = np.frombuffer(encoded, np.uint8)
    for length in sorted(set(lengths.tolist())):  # `numpy.unique` imports `numpy.ma`, at 60 ms
        if 0 < length <= _LONGEST:
            rows = np.flatnonzero(lengths == length)
            if len(rows) == len(texts):
                yield rows, region.reshape(-1, length)
            else:
                yield rows, region[(ends[rows] - length)[:, None] + np.arange(length)]


def _number(matrix: Matrix, place: slice) -> tuple[Numbers, Mask]:
    """The digits at a place as a number, and which of them are digits only."""
    digits = matrix[:, place] - np.uint8(_ZERO)  # wraps below zero
    powers = 10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    return digits @ powers, (digits <= 9).all(axis=1)  # noqa: PLR2004  # digits


def _parse_format(matrix: Matrix, form: str) -> tuple[Numbers, Mask]:
    """Texts of exactly this format."""
    parts = time_parts(form)
    literal = np.ones(len(form), np.bool_)
    for place in parts.values():
        literal[place] = False
    text = np.frombuffer(form.encode(), np.uint8)
    valid = (matrix[:, literal] == text[literal]).all(axis=1)
    numbers = {}
    for name, place in parts.items():
        numbers[name], digits = _number(matrix, place)
        valid &= digits
    days, exists = day_numbers(numbers["YYYY"], numbers["MM"], numbers["DD"])
    if "hh" not in parts:
        return days.astype(np.int64), valid & exists
    fraction = parts.get("f", slice(0, 0))
    micros = numbers.get("f", 0) * 10 ** (6 - (fraction.stop - fraction.start))
    seconds, in_day = _seconds(numbers["hh"], numbers.get("mm", 0), numbers.get("ss", 0))
    seconds += days * np.int64(DAY_SECONDS)
    return seconds * SECOND_MICROS + micros, valid & exists & in_day


def _parse_date(matrix: Matrix) -> tuple[Numbers, Mask]:
    form = "YYYY-MM-DD"
    if matrix.shape[1] != len(form):
        return np.zeros(len(matrix), np.int64), np.zeros(len(matrix), np.bool_)
    return _parse_format(matrix, form)


def _parse_iso(matrix: Matrix) -> tuple[Numbers, Mask]:
    """`YYYY-MM-DDThh:mm:ss`, a space for the T, a fraction or not, an offset or not."""
    shortest = len("YYYY-MM-DDThh:mm:ss")
    if matrix.shape[1] < shortest:
        return np.zeros(len(matrix), np.int64), np.zeros(len(matrix), np.bool_)
    head, tail = matrix[:, :shortest], matrix[:, shortest:]
    values, valid = _parse_format(head, "YYYY-MM-DDThh:mm:ss")
    if not valid.all():
        found, fits = _parse_format(head, "YYYY-MM-DD hh:mm:ss")
        values, valid = np.where(fits, found, values), valid | fits
    for rows, zone_bytes in _zones(tail):
        some = tail[rows]
        micros, fits = _fraction(some[:, : some.shape[1] - zone_bytes])
        if zone_bytes > 1:
            minutes, known = _offset_minutes(some[:, -zone_bytes:])
            micros, fits = micros - minutes * (60 * SECOND_MICROS), fits & known
        values[rows] += micros
        valid[rows] &= fits
    return values, valid & (values >= FIRST_MICROS) & (values < END_MICROS)


def _zones(tail: Matrix) -> Iterator[tuple[Mask, int]]:
    """Which texts end in an offset of each length, 0 for none."""
    others = np.ones(len(tail), np.bool_)
    for zone in ("Z", "+hh:mm", "+hhmm", "+hh"):
        if tail.shape[1] >= len(zone):
            first = tail[:, -len(zone)]
            rows = (first == ord("Z")) if zone == "Z" else np.isin(first, (ord("+"), ord("-")))
            if rows.any():
                yield rows, len(zone)
                others &= ~rows
    if others.any():
        yield others, 0


def _fraction(text: Matrix) -> tuple[Numbers, Mask]:
    """Microseconds of a point and one to nine digits, or of nothing."""
    count = text.shape[1] - 1
    if count < 0:
        return np.zeros(len(text), np.int64), np.ones(len(text), np.bool_)
    if not 1 <= count <= 9:  # noqa: PLR2004  # nanoseconds
        return np.zeros(len(text), np.int64), np.zeros(len(text), np.bool_)
    nanos, digits = _number(text, slice(1, None))
    return nanos * 10 ** (9 - count) // 1000, digits & (text[:, 0] == _POINT)


def _offset_minutes(text: Matrix) -> tuple[Numbers, Mask]:
    """Minutes east of Greenwich, of `+hh`, `+hhmm` or `+hh:mm`."""
    hours, valid = _number(text, slice(1, 3))
    minutes = np.zeros_like(hours)
    if text.shape[1] > len("+hh"):
        minutes, digits = _number(text, slice(-2, None))
        valid &= digits
    if text.shape[1] == len("+hh:mm"):
        valid &= text[:, 3] == ord(":")
    seconds, in_day = _seconds(hours, minutes, 0)
    return np.where(text[:, 0] == ord("-"), -1, 1) * (seconds // 60), valid & in_day


def _seconds(
    hours: Numbers, minutes: Numbers | int, seconds: Numbers | int
) -> tuple[Numbers, Mask]:
    """Seconds since midnight, and which times of day exist."""
    sixty = 60
    exists = (hours < 24) & (minutes < sixty) & (seconds < sixty)  # noqa: PLR2004  # a clock
    return (hours * sixty + minutes) * sixty + seconds, exists
