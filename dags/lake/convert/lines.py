"""A file's bytes cut into lines, a block at a time; no line is too long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lake.convert.rejects import Reason, Reject
from lake.convert.source import Source

BLOCK_BYTES = 4 << 20
"""Read at a time: large enough to make numpy's overhead small, small enough for memory."""
KEPT_BYTES = 1 << 16
"""Of a longer line, these first bytes are kept; the rest is read and counted. No record of any
layout is longer."""
MOST_LINES = 1 << 15
"""Handed on at a time; fewer where the windows on them would take more than two blocks, so that a
file of nothing but line ends takes no more memory either."""

_LF, _CR, _END_OF_FILE_MARK = 0x0A, 0x0D, 0x1A


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a file, in a buffer that the next ones overwrite."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    """Of each line, in `data`."""
    lengths: NDArray[np.int64]
    """Bytes of each line, without LF or CRLF."""
    first_number: int
    """The first line's number in the file, from 1."""
    offset: int
    """Of `data[0]` in the file."""
    terminated: bool = True
    """False for the file's last line where no line end follows it."""

    def __len__(self) -> int:
        return len(self.starts)

    def raw(self, index: int) -> bytes:
        """A line's bytes, its first `KEPT_BYTES` where it is longer."""
        start = self.starts[index]
        return self.data[start : start + min(self.lengths[index], KEPT_BYTES)].tobytes()

    def windows(self, width: int) -> NDArray[np.uint8]:
        """The `width` bytes from each line's start on, as rows; without a copy where they can be.

        A row of a shorter line goes on with what follows it.
        """
        windows = sliding_window_view(self.data, width)
        first, last, count = int(self.starts[0]), int(self.starts[-1]), len(self)
        stride = (last - first) // (count - 1) if count > 1 else 1
        if stride and np.array_equal(self.starts, np.arange(first, last + 1, stride)):
            return windows[first : last + 1 : stride]
        return windows[self.starts]

    def reject(self, index: int, reason: Reason, column_name: str | None = None) -> Reject:
        """The line at `index` as a reject."""
        return Reject(
            line_number=self.first_number + index,
            byte_offset=self.offset + int(self.starts[index]),
            length_bytes=int(self.lengths[index]),
            reason=reason,
            column_name=column_name,
            raw=self.raw(index),
        )

    @property
    def ends_with_mark(self) -> bool:
        """Whether the last line is the end-of-file mark of DOS, 0x1A once or more: no record."""
        return not self.terminated and set(self.raw(-1)) == {_END_OF_FILE_MARK}


def read_lines(source: Source, *, window_bytes: int) -> Iterator[Lines]:
    """The lines of a file in order, every byte in exactly one of them or in a line end.

    `window_bytes` is the widest that will be asked of `Lines.windows`.
    """
    # One byte more than is kept of a long line: its last so far, which may be the CR of its end.
    most_carried = KEPT_BYTES + 1
    most_lines = min(MOST_LINES, max(1, 2 * BLOCK_BYTES // window_bytes))
    buffer = np.zeros(most_carried + BLOCK_BYTES + window_bytes, np.uint8)
    view = memoryview(buffer)
    carried = 0  # bytes of an unfinished line, at the front of the buffer
    dropped = 0  # bytes of that line that are no longer in the buffer
    offset, number = 0, 1
    while count := source.fill(view[carried : carried + BLOCK_BYTES]):
        filled = carried + count
        ends = np.flatnonzero(buffer[carried:filled] == _LF) + carried
        rest = 0
        if len(ends):
            starts = np.concatenate(([0], ends[:-1] + 1))
            lengths = ends - starts
            lengths -= (lengths > 0) & (buffer[ends - 1] == _CR)
            if dropped:
                yield Lines(buffer, starts[:1], lengths[:1] + dropped, number, offset)
                starts, lengths = starts[1:], lengths[1:]
                number, offset, dropped = number + 1, offset + dropped, 0
            for first in range(0, len(starts), most_lines):
                some = slice(first, first + most_lines)
                yield Lines(buffer, starts[some], lengths[some], number + first, offset)
            number += len(starts)
            rest = int(ends[-1]) + 1
            offset += rest
        carried = filled - rest
        buffer[:carried] = buffer[rest:filled]
        if carried > most_carried:
            dropped += carried - most_carried
            buffer[KEPT_BYTES] = buffer[carried - 1]
            carried = most_carried
    if carried:
        length = carried + dropped - int(buffer[carried - 1] == _CR)
        start, lengths = np.zeros(1, np.int64), np.array([length], np.int64)
        yield Lines(buffer, start, lengths, number, offset, terminated=False)
    if offset + carried + dropped != source.read_bytes:
        raise RuntimeError(f"bytes are lost: {source.read_bytes} read, {offset} in lines")


def read_records(source: Source, *, record_bytes: int, window_bytes: int) -> Iterator[Lines]:
    """The records of a file that has nothing between them, as if they were lines.

    A last one that is shorter is not terminated; it may be a line end or the end-of-file mark.
    """
    count = max(1, min(MOST_LINES, BLOCK_BYTES // record_bytes))
    buffer = np.zeros(count * record_bytes + window_bytes, np.uint8)
    view = memoryview(buffer)[: count * record_bytes]
    offset, number = 0, 1
    while filled := source.fill(view):
        starts = np.arange(0, filled, record_bytes, dtype=np.int64)
        lengths = np.minimum(filled - starts, record_bytes)
        rest = int(lengths[-1]) if lengths[-1] < record_bytes else 0
        if rest and set(buffer[filled - rest : filled].tolist()) <= {_LF, _CR}:
            lengths[-1] = 0
        terminated = not rest
        yield Lines(buffer, starts, lengths, number, offset, terminated=terminated)
        offset += filled
        number += len(starts)
