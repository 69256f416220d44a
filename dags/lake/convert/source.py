"""The bytes of one file, counted and hashed while they are read."""

from __future__ import annotations

import hashlib
from typing import Protocol


class Stream(Protocol):
    """What a file is read from: an open binary file, or the body of an S3 object."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        ...


class Source:
    """A stream that knows what was read of it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def fill(self, buffer: memoryview) -> int:
        """Read until `buffer` is full or the stream ends; return how many bytes."""
        filled = 0
        while filled < len(buffer) and (count := self._stream.readinto(buffer[filled:])):
            filled += count
        self._hash.update(buffer[:filled])
        self.size_bytes += filled
        return filled
