"""The lines that begin in a byte range of a file."""

from __future__ import annotations

from lake.convert.source import SourceFile, Stream

_LF = b"\n"


class RecordRange:
    """The lines of a stream that begin in a byte range of it, whole."""

    def __init__(self, stream: Stream, file: SourceFile) -> None:
        self._stream = stream
        self._position = file.first_byte_read
        self._end = file.end
        self._inside = file.start == 0
        self._done = file.end is not None and file.end <= file.start
        self.offset_bytes = file.start
        """Of the first byte given, in the file; known when it was read."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        while not self._done:
            count = self._stream.readinto(buffer) or 0
            if not count:
                break
            first, self._position = self._position, self._position + count
            begin, end = 0, count
            if not self._inside:
                begin = bytes(buffer[:count]).find(_LF) + 1
                if not begin:
                    continue
                self._inside = True
                self.offset_bytes = first + begin
                self._done = self._end is not None and self.offset_bytes >= self._end
                if self._done:
                    break
            if self._end is not None and self._position >= self._end:
                last = max(begin, self._end - 1 - first)
                found = bytes(buffer[last:count]).find(_LF)
                if found >= 0:
                    end = last + found + 1
                    self._done = True
            if begin:
                buffer[: end - begin] = buffer[begin:end]
            if end > begin:
                return end - begin
        return 0
