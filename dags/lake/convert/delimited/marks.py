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


def find_marks(data: NDArray[np.uint8], start: int, stop: int, dialect: Dialect) -> Marks:
    """What ends fields and records between `start`, where a record begins, and `stop`."""
    places = np.flatnonzero(dialect.special(data[start:stop]))
    places += start
    kinds = data[places]
    inner = NOWHERE
    if dialect.escape is not None and (escapes := kinds == dialect.escape).any():
        hidden = _escaped(data, places, escapes)
        inner = places[hidden & (kinds == LF)]
        places, kinds = places[~hidden], kinds[~hidden]
    quotes = kinds == dialect.quote if dialect.quote is not None else None
    faults = NOWHERE
    if quotes is not None and quotes.any():
        opened = np.logical_xor.accumulate(quotes)
        shown = quotes | ~opened
        inner = np.union1d(inner, places[~shown & (kinds == LF)])
        places, kinds, quotes, opened = places[shown], kinds[shown], quotes[shown], opened[shown]
        widths = np.where(kinds == dialect.delimiter[0], len(dialect.delimiter), 1)
        if len(dialect.delimiter) > 1:
            shown = ~_overlapping(places, widths)
            places, kinds, quotes = places[shown], kinds[shown], quotes[shown]
            opened, widths = opened[shown], widths[shown]
        field_starts = np.concatenate(([start], places[:-1] + widths[:-1]))
        faults = _faults(
            data,
            places,
            field_starts=field_starts,
            quotes=quotes,
            opened=opened,
            dialect=dialect,
        )
        places, kinds = places[~quotes], kinds[~quotes]
    elif len(dialect.delimiter) > 1:
        widths = np.where(kinds == LF, 1, len(dialect.delimiter))
        shown = ~_overlapping(places, widths)
        places, kinds = places[shown], kinds[shown]
    return Marks(places, np.flatnonzero(kinds == LF), inner, faults)


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
    targets = np.union1d(targets, targets[data[targets] == CR] + 1)
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
    data: NDArray[np.uint8],
    places: Positions,
    *,
    field_starts: Positions,
    quotes: NDArray[np.bool_],
    opened: NDArray[np.bool_],
    dialect: Dialect,
) -> Positions:
    """The quotes that cannot stand where they do; what follows the last mark is not known.

    Args:
        data: bytes of the file.
        places: of all marks, quotes among them.
        field_starts: where a field would begin, were each of them the first in one.
        quotes: which marks are quotes.
        opened: whether a quote is open after each mark.
        dialect: whether quotes are doubled.
    """
    at = np.flatnonzero(quotes)
    place, after = places[at], np.minimum(at + 1, len(places) - 1)
    gap = places[after] - place
    is_crlf = (data[place + 1] == CR) & (data[places[after]] == LF)
    closes = (gap <= 1) | (is_crlf & (gap == len(b"\r\n")))
    opens = place == field_starts[at]
    if dialect.escape is not None:  # then no quote is doubled
        opens &= (at == 0) | ~quotes[at - 1]
        closes &= (gap == 0) | ~quotes[after]
    faults: Positions = place[~np.where(opened[at], opens, closes)]
    return faults
