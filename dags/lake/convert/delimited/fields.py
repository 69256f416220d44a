"""The fields of one column in many records, where they stand in a buffer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import array_of
from lake.convert.delimited.marks import Positions

WORD_BYTES = 8
_SPACE = 0x20
_TRIMMED_TOGETHER = 40
"""Spaces of fields that are trimmed in bulk; longer paddings are looked at one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One field a record. Around them in the buffer are 32 bytes of anything."""

    data: NDArray[np.uint8]
    starts: Positions
    ends: Positions
    quoted: NDArray[np.bool_] | None
    """Which had quotes around them; None where none had."""

    @property
    def words(self) -> NDArray[np.uint64]:
        """The eight bytes from each place on, as one little-endian number."""
        count = len(self.data) - WORD_BYTES + 1
        return np.ndarray((count,), "<u8", self.data, strides=(1,))

    def equal_to(self, texts: Iterable[bytes]) -> NDArray[np.bool_]:
        """Which are one of these texts, quoted or not."""
        equal = np.zeros(len(self.starts), np.bool_)
        lengths = self.ends - self.starts
        for text in texts:
            rows = np.flatnonzero(lengths == len(text))
            for index, byte in enumerate(text):
                rows = rows[self.data[self.starts[rows] + index] == byte]
            equal[rows] = True
        return equal

    def gathered(self) -> pa.Array[Any]:
        """The bytes of the fields, copied together."""
        count = len(self.starts)
        offsets = np.empty(2 * count + 1, np.int32)  # a field, what stands before the next, ...
        offsets[:-1:2] = self.starts
        offsets[1::2] = self.ends
        offsets[-1] = self.ends[-1]
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        between: Any = pa.Array.from_buffers(pa.binary(), 2 * count, buffers)
        fields: pa.Array[Any] = between.take(
            array_of(np.arange(0, 2 * count, 2, dtype=np.int32), pa.int32())
        )
        return fields


def fields_of(
    data: NDArray[np.uint8], starts: Positions, ends: Positions, *, quote: int | None, trim: bool
) -> Fields:
    """Fields from their delimiters: without their quotes, and trimmed where they have none."""
    quoted = None
    if quote is not None:
        quoted = (data[starts] == quote) & (starts < ends)
        if quoted.any():
            starts, ends = starts + quoted, ends - quoted
        else:
            quoted = None
    if trim:
        starts, ends = _trimmed(data, starts, ends, quoted)
    return Fields(data=data, starts=starts, ends=ends, quoted=quoted)


def _trimmed(
    data: NDArray[np.uint8], starts: Positions, ends: Positions, quoted: NDArray[np.bool_] | None
) -> tuple[Positions, Positions]:
    starts, ends = starts.copy(), ends.copy()
    free = np.ones(len(starts), np.bool_) if quoted is None else ~quoted
    rows = np.flatnonzero(free & (data[starts] == _SPACE) & (starts < ends))
    for _ in range(_TRIMMED_TOGETHER):
        starts[rows] += 1
        rows = rows[(starts[rows] < ends[rows]) & (data[starts[rows]] == _SPACE)]
    for row in rows.tolist():
        text = data[starts[row] : ends[row]].tobytes()
        starts[row] += len(text) - len(text.lstrip(b" "))
    rows = np.flatnonzero(free & (data[ends - 1] == _SPACE) & (starts < ends))
    for _ in range(_TRIMMED_TOGETHER):
        ends[rows] -= 1
        rows = rows[(starts[rows] < ends[rows]) & (data[ends[rows] - 1] == _SPACE)]
    for row in rows.tolist():
        ends[row] = starts[row] + len(data[starts[row] : ends[row]].tobytes().rstrip(b" "))
    return starts, ends
