"""The bytes of a file as they come, handed on as records; none is too long."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lake.convert.delimited.dialect import CR, LF, Dialect
from lake.convert.delimited.marks import NOWHERE, Positions
from lake.convert.delimited.records import (
    KEPT_BYTES,
    LONGEST_RECORD_BYTES,
    Records,
    cut_records,
)
from lake.convert.source import Source
from lake.dataset import DelimitedLayout
from lake.dataset.encoding import read_encoding

BLOCK_BYTES = 1 << 20
"""Read at a time: large enough to make numpy's overhead small, small enough for the cache."""
RETRIED_BYTES = 1 << 14
"""Looked at after a broken record where others came shortly before it, and then ever more: each
makes what was looked at behind it worthless."""
MOST_BROKEN_LINES = 1 << 12
"""Handed on at a time."""
MARGIN_BYTES = 32
"""Before and behind the bytes, so that a field may be read from further left or right."""

_LINE_END_BYTES = 2
_END_OF_FILE_MARK = b"\x1a"


class Window:
    """The records of a source in order: every byte is in one of them, a line end or `control`."""

    def __init__(self, source: Source, layout: DelimitedLayout) -> None:
        self._source = source
        self._layout = layout
        self._dialect = Dialect.of(layout)
        self._patterns = self._dialect.patterns()
        most_unread = LONGEST_RECORD_BYTES + _LINE_END_BYTES + KEPT_BYTES
        self._bytes = bytearray(MARGIN_BYTES + most_unread + BLOCK_BYTES + MARGIN_BYTES)
        self._data = np.frombuffer(self._bytes, np.uint8)
        self._offset = -MARGIN_BYTES  # of data[0] in the file
        # Unread bytes; the last line of them, which may be the file's trailer, is not in the body.
        self._start = self._stop = self._body_end = MARGIN_BYTES
        self._at_end = False
        self._last_byte = LF
        self._tail_bytes = self._tail_lines = 0  # after the body: the trailer, DOS's mark
        self.lines = 0
        """Lines of the file read so far."""
        self.control = 0
        """Those that were skipped: at the start, the trailer with what follows it, DOS's mark."""
        self.trailer: re.Match[str] | None = None
        """The file's last line that is not blank, where it is a trailer."""

    def records(self) -> Iterator[Records]:
        """All records but the control lines; overwritten when the next ones are asked for."""
        self._fill()
        if self._source.is_first:
            for _ in range(self._layout.skip_lines):
                self.control += self._line() is not None
        limit, sound_bytes = BLOCK_BYTES, 0  # since the last broken record
        while True:
            stop = min(self._body_end, self._start + limit)
            whole = stop == self._body_end
            found = cut_records(
                self._data,
                self._start,
                stop,
                self._dialect,
                first_line=self.lines + 1,
                offset=self._offset,
                at_end=whole and self._at_end,
            )
            sound_bytes += found.end - self._start
            self._start = found.end
            self.lines += found.lines
            if len(found.records):
                yield found.records
            if found.broken or (whole and self._is_too_long()):
                if (line := self._line()) is not None:
                    yield line
                yield from self._broken_lines()
                limit = min(max(sound_bytes, RETRIED_BYTES), BLOCK_BYTES)
                sound_bytes = 0
            elif not whole:
                limit = min(4 * limit, BLOCK_BYTES + LONGEST_RECORD_BYTES)
            elif self._at_end:
                break
            else:
                self._fill()
        self._close()

    def _is_too_long(self) -> bool:
        """Whether what is unread is more than a record, and still none."""
        return self._body_end - self._start > LONGEST_RECORD_BYTES + _LINE_END_BYTES

    def _line(self) -> Records | None:
        """The next line alone; None at the end."""
        while (end := self._bytes.find(LF, self._start, self._body_end)) < 0:
            if self._at_end:
                return None
            if self._is_too_long():
                return self._endless_line()
            self._fill()
        start, self._start = self._start, end + 1
        if end > start and self._bytes[end - 1] == CR:
            end -= 1
        return self._alone(self._data, np.array([start]), np.array([end]), self._offset)

    def _broken_lines(self) -> Iterator[Records]:
        """The next lines, as long as no record begins there: one by one they cost less."""
        if self._patterns is None:
            return
        whole, unclosed = self._patterns
        starts: list[int] = []
        ends: list[int] = []
        while len(starts) < MOST_BROKEN_LINES:
            end = self._bytes.find(LF, self._start, self._body_end)
            if (
                end < 0
                or whole.match(self._bytes, self._start, self._body_end)
                or unclosed.fullmatch(self._bytes, self._start, self._body_end)
            ):
                break
            starts.append(self._start)
            ends.append(end - (end > self._start and self._bytes[end - 1] == CR))
            self._start = end + 1
        if starts:
            yield self._alone(self._data, np.array(starts), np.array(ends), self._offset)

    def _endless_line(self) -> Records:
        """A line that is longer than any record: its start is kept, the rest is read past."""
        start, length = self._start, 0
        kept = self._data[start : start + KEPT_BYTES + MARGIN_BYTES].copy()
        offset, before = self._offset + start, LF
        while (end := self._bytes.find(LF, self._start, self._body_end)) < 0:
            length += self._stop - self._start
            before = self._last_byte
            self._start = self._stop
            self._fill()
        length += end - self._start
        if end > self._start:
            before = self._bytes[end - 1]
        length -= before == CR
        self._start = end + 1
        starts, ends = np.array([0]), np.array([KEPT_BYTES])
        return self._alone(kept, starts, ends, offset, length - KEPT_BYTES)

    def _alone(
        self,
        data: NDArray[np.uint8],
        starts: Positions,
        ends: Positions,
        offset: int,
        dropped_bytes: int = 0,
    ) -> Records:
        """Lines that are no records, or not read as such."""
        first_line = self.lines + 1
        self.lines += len(starts)
        return Records(
            data=data,
            starts=starts,
            ends=ends,
            marks=NOWHERE,
            counts=np.zeros(len(starts), np.intp),
            misquoted=np.ones(len(starts), np.bool_),
            inner_lines=NOWHERE,
            first_line=first_line,
            offset=offset,
            dropped_bytes=dropped_bytes,
        )

    def _fill(self) -> None:
        """Move what is unread to the front, and read behind it."""
        unread = self._stop - self._start
        self._offset += self._start - MARGIN_BYTES
        self._bytes[MARGIN_BYTES : MARGIN_BYTES + unread] = self._bytes[self._start : self._stop]
        self._start, self._stop = MARGIN_BYTES, MARGIN_BYTES + unread
        count = self._source.fill(memoryview(self._bytes)[self._stop :][:BLOCK_BYTES])
        self._stop += count
        if count:
            self._last_byte = self._bytes[self._stop - 1]
        if count < BLOCK_BYTES:
            self._at_end = True
            if self._last_byte != LF:
                self._end_last_line()
        self._body_end = self._stop
        if self._layout.trailer:
            self._hold_trailer(self._layout.trailer.pattern)

    def _end_last_line(self) -> None:
        """Give the file's last line an end, or drop it where it is DOS's end-of-file mark."""
        begin = self._bytes.rfind(LF, self._start, self._stop) + 1 or self._start
        line = self._bytes[begin : self._stop]
        if line.strip(_END_OF_FILE_MARK):
            self._bytes[self._stop] = LF
            self._stop += 1
            self._tail_bytes -= 1
        else:
            self._stop = begin
            self._tail_bytes += len(line)
            self._tail_lines += 1

    def _hold_trailer(self, pattern: str) -> None:
        """Take the last line that is not blank out of the body, until it is known to be none."""
        tail = self._bytes[max(self._start, self._stop - KEPT_BYTES) : self._stop]
        passed_over = b"\r\n" if self._at_end else b"\r\n" + _END_OF_FILE_MARK
        line_start = tail.rstrip(passed_over).rfind(LF) + 1
        begin = self._stop - len(tail) + line_start
        if line_start == 0 and begin > self._start:
            return  # too long, or too far back
        if self._at_end:
            line = tail[line_start:].rstrip(b"\r\n")
            text = line.decode(read_encoding(self._layout.encoding), "replace")
            self.trailer = re.fullmatch(pattern, text)
            if self.trailer is None:
                return
            self._tail_bytes += self._stop - begin
            self._tail_lines += tail[line_start:].count(LF)
        self._body_end = begin

    def _close(self) -> None:
        self.lines += self._tail_lines
        self.control += self._tail_lines
        handed_on = self._offset + self._start + self._tail_bytes
        if handed_on != self._source.read_bytes:
            message = f"bytes are lost: {self._source.read_bytes} read, {handed_on} in records"
            raise RuntimeError(message)
