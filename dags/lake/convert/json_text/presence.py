"""Which values are there, and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lake.convert.json_text.buffers import Mask


class Presence:
    """Gathers which values are there."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._some_missing = False

    def add_all(self, count: int) -> None:
        """So many values that are all there."""
        self._parts.append(b"\1" * count)

    def add(self, values: Sequence[Any], filler: object) -> Sequence[Any]:
        """Values of which some may be None; the values with a filler in its place."""
        part = bytes([value is not None for value in values])
        self._parts.append(part)
        if 0 not in part:
            return values
        self._some_missing = True
        return [filler if value is None else value for value in values]

    def finish(self) -> Mask | None:
        """Which of the values since the last time are there; None: all."""
        mask = np.frombuffer(b"".join(self._parts), np.bool_) if self._some_missing else None
        self._parts.clear()
        self._some_missing = False
        return mask
