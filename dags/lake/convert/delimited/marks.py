"""Where the fields and records of delimited bytes end, found in bulk.

A delimiter or a line end counts outside of quotes: where the number of quotes before it is even.
That holds for a doubled quote too, which closes and opens again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lake.convert.delimited.dialect import CR, LF, Dialect

type Positions = NDArray[np.intp]

NOWHERE: Positions = np.empty(0, np.intp)


@dataclass(frozen=True, slots=True)
class Marks:
    """What ends fields and records in a stretch of a file."""

    places: Positions
    """Of delimiters and line ends outside of quotes."""
    line_ends: Positions
    """Which of these are line ends, as indices."""
    inner_lines: Positions
    """Of line ends inside of quotes, or escaped."""
    faults: Positions
    """Of quotes that neither open nor close a whole field, nor are doubled."""


def find_marks(
    data: NDArray[np.uint8], start: int, stop: int, dialect: Dialect, broken: Positions = NOWHERE
) -> Marks:
    """What ends fields and records between `start`, where a record begins, and `stop`.

    Lines that begin at `broken` are whole and end at their line end, whatever else is in them.
    """
    places = np.flatnonzero(dialect.special(data[start:stop]))
    places += start
    kinds = data[places]
    if len(broken):
        line_ends = np.flatnonzero(kinds == LF)
        last = line_ends[np.searchsorted(places[line_ends], broken)]
        within = _ranges(np.searchsorted(places, broken), last)
        places, kinds = np.delete(places, within), np.delete(kinds, within)
    inner = faults = NOWHERE
    if dialect.escape is not None and (escapes := kinds == dialect.escape).any():
        hidden = _escaped(data, places, escapes)
        inner = places[hidden][kinds[hidden] == LF]
        places, kinds = np.delete(places, hidden), np.delete(kinds, hidden)
    if len(dialect.delimiter) > 1:
        hidden = _overlapping(
            places, np.where(kinds == dialect.delimiter[0], len(dialect.delimiter), 1)
        )
        places, kinds = np.delete(places, hidden), np.delete(kinds, hidden)
    if dialect.quote is not None and len(quotes := np.flatnonzero(kinds == dialect.quote)):
        faults = _faults(data, start, places, quotes, dialect)
        inside = _quoted(quotes, len(places))
        inner = np.sort(np.concatenate((inner, places[inside][kinds[inside] == LF])))
        places, kinds = np.delete(places, inside), np.delete(kinds, inside)
    return Marks(places, np.flatnonzero(kinds == LF), inner, faults)


def _quoted(quotes: Positions, count: int) -> Positions:
    """The quotes among so many marks, and the marks between the first and the second of each two.

    Where their number is odd, the last one was not closed.
    """
    stops = np.full((len(quotes) + 1) // 2, count)
    stops[: len(quotes) // 2] = quotes[1::2] + 1
    return _ranges(quotes[::2], stops)


def _ranges(starts: Positions, stops: Positions) -> Positions:
    """All numbers of some ranges."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    numbers: Positions = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return numbers


def active_escapes(escapes: Positions) -> NDArray[np.bool_]:
    """Which of these escapes are not escaped themselves: in a row of them, every second one."""
    numbers = np.arange(len(escapes))
    begins = np.diff(escapes, prepend=-2) != 1
    first = np.maximum.accumulate(np.where(begins, numbers, 0))
    active: NDArray[np.bool_] = (numbers - first) % 2 == 0
    return active


def _escaped(
    data: NDArray[np.uint8], places: Positions, escapes: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which places are escapes, or have lost their meaning to one; CRLF loses it as a whole."""
    at = places[escapes]
    targets = at[active_escapes(at)] + 1
    is_crlf = (data[targets] == CR) & (data[targets + 1] == LF)
    targets = np.union1d(targets, targets[is_crlf] + 1)
    found = np.searchsorted(places, targets)
    found = found[places[np.minimum(found, len(places) - 1)] == targets]
    hidden = escapes.copy()
    hidden[found] = True
    return hidden


def _overlapping(places: Positions, widths: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which places are inside of the delimiter before them, as the second of `|||` cut by `||`."""
    inside = np.zeros(len(places), np.bool_)
    end = 0
    near = np.flatnonzero(np.diff(places) < widths[:-1]) + 1
    for index in np.union1d(near - 1, near).tolist():
        inside[index] = places[index] < end
        if not inside[index]:
            end = places[index] + widths[index]
    return inside


def _faults(
    data: NDArray[np.uint8], start: int, places: Positions, quotes: Positions, dialect: Dialect
) -> Positions:
    """The quotes that cannot stand where they do; what follows the last mark is not known.

    An opening one stands where a field begins, a closing one where it ends; two that touch close
    and open again, which is a doubled one.
    """
    doubles = dialect.escape is None
    opening, closing = quotes[::2], quotes[1::2]
    place, before = places[opening], np.maximum(opening - 1, 0)
    kind = data[places[before]]
    width = np.where(kind == dialect.delimiter[0], len(dialect.delimiter), 1)
    opens = place == np.where(opening > 0, places[before] + width, start)
    place, after = places[closing], np.minimum(closing + 1, len(places) - 1)
    gap, kind_after = places[after] - place, data[places[after]]
    is_crlf = (data[place + 1] == CR) & (kind_after == LF)
    closes = (gap <= 1) | (is_crlf & (gap == len(b"\r\n")))
    if not doubles:
        opens &= (opening == 0) | (kind != dialect.quote)
        closes &= (gap == 0) | (kind_after != dialect.quote)
    return np.sort(np.concatenate((places[opening[~opens]], place[~closes])))
