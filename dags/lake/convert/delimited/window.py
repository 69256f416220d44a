"""The bytes of a file as they come, handed on as records; none is too long."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lake.convert.delimited.dialect import CR, LF, Dialect
from lake.convert.delimited.ends import NEVER, RecordEnds
from lake.convert.delimited.marks import NOWHERE, Positions
from lake.convert.delimited.records import (
    KEPT_BYTES,
    LONGEST_RECORD_BYTES,
    Cut,
    Records,
    cut_records,
)
from lake.convert.source import Source
from lake.dataset import DelimitedLayout
from lake.dataset.encoding import read_encoding

BLOCK_BYTES = 1 << 21
"""Read at a time: large enough to make numpy's overhead small, small enough for the cache."""
RETRIED_BYTES = 1 << 14
"""Without a broken record, after which they are cut in bulk again: first as many, then ever more,
since each broken one makes what was found behind it worthless."""
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
        most_unread = LONGEST_RECORD_BYTES + _LINE_END_BYTES + KEPT_BYTES
        self._bytes = bytearray(MARGIN_BYTES + most_unread + BLOCK_BYTES + MARGIN_BYTES)
        self._data = np.frombuffer(self._bytes, np.uint8)
        self._offset = -MARGIN_BYTES  # of data[0] in the file
        # Unread bytes; the last line of them, which may be the file's trailer, is not in the body.
        self._start = self._stop = self._body_end = MARGIN_BYTES
        self._at_end = False
        self._last_byte = LF
        self._tail_bytes = self._tail_lines = 0  # after the body: the trailer, DOS's mark
        self._found: list[Records] = []
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
            found = self._cut(stop, at_end=whole and self._at_end)
            sound_bytes += found.end - self._start
            self._take(found)
            if found.broken or (whole and self._is_too_long()):
                lines = self.lines
                if self._bytes.find(LF, self._start, self._body_end) >= 0:
                    self._take(self._broken())
                else:
                    yield from self._taken()
                    if (line := self._line()) is not None:
                        yield line
                if self.lines == lines:
                    raise RuntimeError(f"nothing can be read after line {lines}")
                limit = min(max(sound_bytes, RETRIED_BYTES), BLOCK_BYTES)
                sound_bytes = 0
            elif not whole:
                limit = min(4 * limit, BLOCK_BYTES + LONGEST_RECORD_BYTES)
            else:
                yield from self._taken()
                if self._at_end:
                    break
                self._fill()
        self._close()

    def _cut(self, stop: int, *, at_end: bool = False, broken_lines: Positions = NOWHERE) -> Cut:
        return cut_records(
            self._data,
            self._start,
            stop,
            self._dialect,
            first_line=self.lines + 1,
            offset=self._offset,
            at_end=at_end,
            broken_lines=broken_lines,
        )

    def _take(self, found: Cut) -> None:
        """Keep records until others overwrite them: many are read at less cost than a few."""
        self._start = found.end
        self.lines += found.lines
        if len(found.records):
            self._found.append(found.records)

    def _taken(self) -> Iterator[Records]:
        """What was kept."""
        if self._found:
            yield Records.joined(self._found)
            self._found.clear()

    def _is_too_long(self, start: int | None = None) -> bool:
        """Whether what is unread, or begins at `start`, is more than a record, and still none."""
        unread = self._body_end - (self._start if start is None else start)
        return unread > LONGEST_RECORD_BYTES + _LINE_END_BYTES

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
        return self._alone(self._data, start, end, self._offset)

    def _broken(self) -> Cut:
        """The first line of a broken record, and what follows as long as more broken ones do.

        These are told line by line and then cut together: one by one, each would have to be cut
        out of bytes of which the next makes what was found behind it worthless.
        """
        ends = RecordEnds(self._dialect, self._bytes, self._body_end, at_end=self._at_end)
        broken_lines = [self._start]
        at = sound = self._bytes.find(LF, self._start, self._body_end) + 1
        most = min(self._start + BLOCK_BYTES, self._body_end)
        while at < min(sound + RETRIED_BYTES, most):
            end = ends.end(at)
            line_end = self._bytes.find(LF, at, self._body_end)
            if line_end >= 0 and self._is_broken(at, end):
                broken_lines.append(at)
                at = sound = line_end + 1
            elif end is None:
                break
            else:
                at = end + 1
        return self._cut(at, broken_lines=np.array(broken_lines))

    def _is_broken(self, start: int, end: int | None) -> bool:
        """Whether the record at `start` is none, so that its first line goes alone, as comments."""
        if self._dialect.comment and self._bytes.startswith(self._dialect.comment, start):
            return True
        if end is None:
            return self._is_too_long(start)
        return end == NEVER or end - start - (self._bytes[end - 1] == CR) > LONGEST_RECORD_BYTES

    def _endless_line(self) -> Records:
        """A line that is longer than any record: its start is kept, the rest is read past."""
        kept = self._data[self._start : self._start + KEPT_BYTES + MARGIN_BYTES].copy()
        offset = self._offset + self._start
        while (end := self._bytes.find(LF, self._start, self._body_end)) < 0:
            self._start = self._stop - 1  # it may be the CR of the line's end
            self._fill(inside_line=True)
        self._start = end + 1
        length = self._offset + end - offset - (self._bytes[end - 1] == CR)
        return self._alone(kept, 0, KEPT_BYTES, offset, length - KEPT_BYTES)

    def _alone(
        self,
        data: NDArray[np.uint8],
        start: int,
        end: int,
        offset: int,
        dropped_bytes: int = 0,
    ) -> Records:
        """A line that is no record, or not read as such."""
        self.lines += 1
        return Records(
            data=data,
            starts=np.array([start]),
            ends=np.array([end]),
            marks=NOWHERE,
            counts=np.zeros(1, np.intp),
            misquoted=np.ones(1, np.bool_),
            inner_lines=NOWHERE,
            first_line=self.lines,
            offset=offset,
            dropped_bytes=dropped_bytes,
        )

    def _fill(self, *, inside_line: bool = False) -> None:
        """Move what is unread to the front, and read behind it.

        Args:
            inside_line: whether what is unread begins inside of a line.
        """
        if self._at_end:
            raise RuntimeError(f"a line has no end: {self._source.read_bytes} bytes were read")
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
                self._end_last_line(inside_line=inside_line)
        self._body_end = self._stop
        if self._layout.trailer:
            self._hold_trailer(self._layout.trailer.pattern, inside_line=inside_line)

    def _end_last_line(self, *, inside_line: bool) -> None:
        """Give the file's last line an end, or drop it where it is DOS's end-of-file mark."""
        last = self._bytes.rfind(LF, self._start, self._stop)
        begin = self._start if last < 0 else last + 1
        line = self._bytes[begin : self._stop]
        if line.strip(_END_OF_FILE_MARK) or (inside_line and last < 0):
            self._bytes[self._stop] = LF
            self._stop += 1
            self._tail_bytes -= 1
        else:
            self._stop = begin
            self._tail_bytes += len(line)
            self._tail_lines += 1

    def _hold_trailer(self, pattern: str, *, inside_line: bool) -> None:
        """Take the last line that is not blank out of the body, until it is known to be none."""
        tail = self._bytes[max(self._start, self._stop - KEPT_BYTES) : self._stop]
        passed_over = b"\r\n" if self._at_end else b"\r\n" + _END_OF_FILE_MARK
        line_start = tail.rstrip(passed_over).rfind(LF) + 1
        begin = self._stop - len(tail) + line_start
        if line_start == 0 and (inside_line or begin > self._start):
            return  # too long, or too far back
        if self._at_end:
            line = tail[line_start:].partition(b"\n")[0].removesuffix(b"\r")
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
