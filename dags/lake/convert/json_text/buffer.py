"""A window on a source's bytes that grows to hold a whole record, up to a limit."""

from __future__ import annotations

from lake.convert.json_text.chunks import BLOCK_BYTES, LONGEST_RECORD_BYTES
from lake.convert.source import Source


class Buffer:
    """The bytes of a source that were read and not yet taken."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._bytes = bytearray(BLOCK_BYTES)
        self._filled = 0
        self.offset = 0
        """Of the first byte held, in what the source gives."""
        self.at_end = False
        """Whether the source has no more."""

    def __len__(self) -> int:
        return self._filled

    @property
    def is_too_long(self) -> bool:
        """Whether more is held than a record may have."""
        return self._filled > LONGEST_RECORD_BYTES

    def read(self) -> None:
        """Read on: a block, or where that much is held already, as much again."""
        room = max(BLOCK_BYTES, min(2 * self._filled, LONGEST_RECORD_BYTES + BLOCK_BYTES))
        if room != len(self._bytes):
            self._bytes = self._bytes[: self._filled].ljust(room, b"\0")
        with memoryview(self._bytes) as view:
            count = self._source.fill(view[self._filled :])
        self._filled += count
        self.at_end = self._filled < len(self._bytes)

    def find_last(self, byte: bytes, start: int) -> int:
        """Where a byte stands last, from `start` on; -1 where it does not."""
        return self._bytes.rfind(byte, start, self._filled)

    def find(self, byte: bytes) -> int:
        """Where a byte stands first; -1 where it does not."""
        return self._bytes.find(byte, 0, self._filled)

    def peek(self) -> bytes:
        """All that is held."""
        with memoryview(self._bytes) as view:
            return bytes(view[: self._filled])

    def take(self, count: int) -> bytes:
        """The first `count` bytes, which are held no longer."""
        with memoryview(self._bytes) as view:
            taken = bytes(view[:count])
            view[: self._filled - count] = view[count : self._filled]
        self._filled -= count
        self.offset += count
        return taken
