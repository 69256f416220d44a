"""The bytes of one file, counted and hashed while they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from lake.convert.conversion import Unreadable

_LF = b"\n"


class Stream(Protocol):
    """What a file is read from: an open binary file, or the body of an S3 object."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """What is converted: an object, or a byte range of one."""

    key: str
    version_id: str
    size_bytes: int | None = None
    """Of the whole object, where it is known."""
    start: int = 0
    """The range's first byte. A record belongs to the range that its first byte is in."""
    end: int | None = None
    """The byte after the range's last; None for the object's end."""

    @property
    def is_range(self) -> bool:
        """Whether this is less than the object, or may be."""
        return self.start > 0 or self.end is not None

    @property
    def first_byte_read(self) -> int:
        """Where the stream of a range has to stand: a byte early, to see whether a record begins.

        The stream may go on to the object's end: a record that begins in the range can end past it.
        """
        return max(0, self.start - 1)

    @property
    def range_bytes(self) -> int | None:
        """How many bytes the object or the range has, where that is known."""
        end = self.size_bytes if self.end is None else self.end
        return None if end is None else end - self.start


class Landed:
    """A stream whose bytes are counted and hashed as they are read; of a range, its own bytes."""

    def __init__(self, stream: Stream, file: SourceFile) -> None:
        self._stream = stream
        self._file = file
        self._position = file.first_byte_read
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        count = self._stream.readinto(buffer) or 0
        first = max(0, self._file.start - self._position)
        end = count if self._file.end is None else min(count, self._file.end - self._position)
        if end > first:
            self._hash.update(buffer[first:end])
            self.size_bytes += end - first
        self._position += count
        return count

    def reconcile(self) -> None:
        """Compare the bytes read with the file's.

        Raises:
            Unreadable: the file is empty, or bytes did not arrive.
        """
        if not self.size_bytes and not self._file.is_range:
            raise Unreadable("the file is empty")
        expected = self._file.range_bytes
        if expected is not None and self.size_bytes != expected:
            raise Unreadable(f"{self.size_bytes} bytes were read of {expected}")


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


class Source:
    """What a reader of a format reads: the bytes of one file's records, from the first."""

    def __init__(self, stream: Stream, *, is_first: bool = True) -> None:
        self._stream = stream
        self.is_first = is_first
        """Whether the file's first record is the first of these."""
        self.read_bytes = 0
        """Bytes given so far."""

    @property
    def offset_bytes(self) -> int:
        """Of the first byte given, in the file; known when it was read."""
        return self._stream.offset_bytes if isinstance(self._stream, RecordRange) else 0

    def fill(self, buffer: memoryview) -> int:
        """Read until `buffer` is full or the stream ends; return how many bytes."""
        filled = 0
        while filled < len(buffer) and (count := self._stream.readinto(buffer[filled:])):
            filled += count
        self.read_bytes += filled
        return filled
