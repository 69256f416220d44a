"""Where the elements of an array end, found without reading what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_QUOTE, _COMMA = ord('"'), ord(",")


def _steps() -> NDArray[np.int8]:
    """By how much each byte changes the depth."""
    steps = np.zeros(256, np.int8)
    steps[list(b"[{")] = 1
    steps[list(b"]}")] = -1
    return steps


_STEPS = _steps()
_IS_SPECIAL = (_STEPS != 0) | np.isin(np.arange(256), (_QUOTE, _COMMA))


@dataclass(frozen=True, slots=True)
class Inside:
    """Where in an array some bytes begin."""

    depth: int = 0
    """How many brackets are open inside of the array's own."""
    in_string: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in some bytes of an array."""

    commas: list[int]
    """Where the commas between elements stand."""
    end: int
    """Where the array's own bracket closes; -1 where it does not."""
    after: Inside
    """Where in the array the bytes end; of no use where the array ends in them."""


def find_elements(data: bytes, inside: Inside) -> Found:
    """The ends of elements in `data`, by counting brackets outside of strings.

    A bracket of either kind closes one of either kind, so brackets that do not match are inside of
    an element, and for its reader to see. So is a backslash outside of a string; a quote behind it
    begins none.

    Args:
        data: bytes of an array, where they do not end in a backslash, whole escapes.
        inside: where in the array they begin.
    """
    if b"\\" in data:  # of the same length, without quotes that end no string
        data = data.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    region = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(_IS_SPECIAL[region])
    kinds = region[places]
    quotes = np.cumsum(kinds == _QUOTE) + inside.in_string
    outside = np.flatnonzero((quotes & 1 == 0) & (kinds != _QUOTE))
    places, kinds = places[outside], kinds[outside]
    depths = np.cumsum(_STEPS[kinds], dtype=np.int64) + inside.depth
    closing = np.flatnonzero(depths < 0)
    end = int(places[closing[0]]) if len(closing) else -1
    between = (kinds == _COMMA) & (depths == 0)
    if len(closing):
        between[closing[0] :] = False
    return Found(
        commas=places[between].tolist(),
        end=end,
        after=Inside(
            depth=int(depths[-1]) if len(depths) else inside.depth,
            in_string=bool(quotes[-1] & 1) if len(quotes) else inside.in_string,
        ),
    )
