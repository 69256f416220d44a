"""JSON lines: a record a line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lake.convert.json_text.buffer import Buffer
from lake.convert.json_text.chunks import KEPT_BYTES, Chunk, Oversized
from lake.convert.source import Source


def read_lines(source: Source) -> Iterator[Chunk | Oversized]:
    """The lines of a source in order, empty ones too; every byte in one of them or in a line end.

    A line ends at LF; a CR before it is white space to JSON, and so is left there.
    """
    buffer = Buffer(source)
    line = 1
    while not buffer.at_end:
        searched = len(buffer)
        buffer.read()
        end = buffer.find_last(b"\n", searched) + 1
        if end or buffer.at_end:
            offset, data = buffer.offset, buffer.take(end or len(buffer))
            if data:
                chunk = _chunk(data, offset=offset, line=line)
                yield chunk
                line += len(chunk)
        elif buffer.is_too_long:
            yield _skip_line(buffer, line)
            line += 1
    if len(buffer):
        yield _chunk(buffer.peek(), offset=buffer.offset, line=line)


def _chunk(data: bytes, *, offset: int, line: int) -> Chunk:
    """Lines, the last of which may have no end."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate([np.zeros(1, np.intp), ends[:-1] + 1])
    return Chunk(
        data=data, offset=offset, first_line=line, starts=starts, ends=ends, are_lines=True
    )


def _skip_line(buffer: Buffer, line: int) -> Oversized:
    """Read past a line that is too long."""
    offset, raw, length = buffer.offset, b"", 0
    while True:
        end = buffer.find(b"\n")
        text = buffer.take(len(buffer) if end < 0 else end)
        raw, length = raw or text[:KEPT_BYTES], length + len(text)
        if end >= 0:
            buffer.take(1)
        if end >= 0 or buffer.at_end:
            return Oversized(raw=raw, length_bytes=length, offset=offset, line_number=line)
        buffer.read()
