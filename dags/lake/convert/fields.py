"""Fields compared with texts, wherever in the field the text stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Placements = NDArray[np.uint8]
"""A text in a field of some width, with spaces around it, in each of the ways; one a row."""


def placed(text: bytes, width: int) -> Placements:
    """The text in a field of `width` bytes."""
    room = width - len(text)
    ways = [text.rjust(len(text) + before).ljust(width) for before in range(room + 1)]
    return np.frombuffer(b"".join(ways), np.uint8).reshape(-1, width)


def equals_any(
    records: NDArray[np.uint8], start: int, end: int, texts: list[Placements]
) -> NDArray[np.bool_]:
    """Which records have one of the texts in the field from `start` to `end`."""
    field = records[:, start:end]
    found = np.zeros(len(records), np.bool_)
    for placements in texts:
        for placement in placements:
            # The last byte tells most fields apart.
            rows = np.flatnonzero(field[:, -1] == placement[-1])
            found[rows] |= (field[rows] == placement).all(axis=1)
    return found
