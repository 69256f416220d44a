"""Texts joined by NULs, whose places are then the texts' offsets in an Arrow array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lake.convert.arrow import array_of_bytes
from lake.convert.json_text.buffers import Mask, bits


class JoinedTexts:
    """Gathers texts."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._counts: list[int] = []
        self._arrays: list[pa.Array[Any]] = []  # of what came before the parts

    def add(self, joined: bytes, values: Sequence[str]) -> None:
        """Take texts of UTF-8, joined by NULs; what they were, for where there are NULs in them."""
        if joined.count(0) == len(values) - 1:
            self._parts.append(joined)
            self._counts.append(len(values))
        else:
            self._cut()
            self._arrays.append(array_of_bytes([each.encode() for each in values], pa.string()))

    def finish(self, present: Mask | None) -> pa.Array[Any]:
        """The texts since the last time."""
        self._cut()
        arrays, self._arrays = self._arrays, []
        texts = arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)
        buffers = [bits(present), *texts.buffers()[1:]]
        return pa.Array.from_buffers(pa.string(), len(texts), buffers)

    def _cut(self) -> None:
        if self._parts or not self._arrays:
            self._arrays.append(cut(b"\0".join(self._parts), sum(self._counts)))
            self._parts.clear()
            self._counts.clear()


def cut(joined: bytes, count: int) -> pa.Array[Any]:
    """Texts of UTF-8 without NULs, that are joined by them."""
    ends = np.flatnonzero(np.frombuffer(joined, np.uint8) == 0)
    if len(ends) != max(count - 1, 0):
        raise ValueError(f"{count} texts are joined by {len(ends)} NULs")
    offsets = np.zeros(count + 1, np.int32)
    offsets[1:count] = ends - np.arange(len(ends))
    offsets[count:] = len(joined) - len(ends)
    data = pa.py_buffer(joined.replace(b"\0", b""))
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), data])
