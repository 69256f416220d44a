"""The bytes of one file, counted and hashed while they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from lake.convert.conversion import Unreadable


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


class Peeked:
    """A stream whose first bytes are looked at before they are read."""

    def __init__(self, stream: Stream, size_bytes: int) -> None:
        """Read `size_bytes`, fewer where the stream is shorter."""
        self._stream = stream
        head = memoryview(bytearray(size_bytes))
        self.head = bytes(head[: filled(stream, head)])
        """The first bytes; what is taken off it is not read."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        if not self.head:
            return self._stream.readinto(buffer) or 0
        count = min(len(buffer), len(self.head))
        buffer[:count], self.head = self.head[:count], self.head[count:]
        return count


class Source:
    """What a reader of a format reads: the bytes of one file's records, from the first.

    They are decompressed, and without a byte order mark; UTF-16 is UTF-8 here.
    """

    def __init__(self, stream: Stream, *, offset_bytes: int = 0, is_first: bool = True) -> None:
        self._stream = stream
        self.offset_bytes = offset_bytes
        """Of the first byte given, in the file as it is decompressed and UTF-16 transcoded."""
        self.is_first = is_first
        """Whether the file's first record is the first of these."""
        self.read_bytes = 0
        """Bytes given so far."""

    def fill(self, buffer: memoryview) -> int:
        """Read until `buffer` is full or the stream ends; return how many bytes.

        Raises:
            Unreadable: what is compressed is damaged.
        """
        count = filled(self._stream, buffer)
        self.read_bytes += count
        return count


def filled(stream: Stream, buffer: memoryview) -> int:
    """Read until `buffer` is full or the stream ends; return how many bytes."""
    count = 0
    while count < len(buffer) and (more := stream.readinto(buffer[count:])):
        count += more
    return count
