"""Records of a file that were read together, still as text."""

from __future__ import annotations

from dataclasses import dataclass

from lake.convert.rejects import Reject

BLOCK_BYTES = 1 << 18
"""Read at a time: large enough to make calls cheap, small enough for the processor's cache."""
LONGEST_RECORD_BYTES = 1 << 25
"""A longer record is rejected, and read past, not into memory."""
KEPT_BYTES = 1 << 20
"""Of a rejected record, so many bytes at most are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive records."""

    data: bytes
    """What they stand in."""
    texts: list[bytes]
    """Each record's own bytes."""
    offset: int
    """Of `data[0]` in what the source gives."""
    first_line: int
    """The number of the line that `data[0]` is in, from 1."""
    starts: list[int] | None = None
    """Of each record in `data`; None where they are its lines, all of them."""

    def reject(self, index: int, reason: str, column_name: str | None = None) -> Reject:
        """The record at `index` as a reject."""
        start = self._start(index)
        text = self.texts[index].removesuffix(b"\r")
        return Reject(
            line_number=self.first_line + self.data.count(b"\n", 0, start),
            byte_offset=self.offset + start,
            length_bytes=len(text),
            reason=reason,
            column_name=column_name,
            raw=text[:KEPT_BYTES],
        )

    def _start(self, index: int) -> int:
        if self.starts is not None:
            return self.starts[index]
        return sum(map(len, self.texts[:index])) + index


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """A record of more than `LONGEST_RECORD_BYTES`, of which only the start was kept."""

    raw: bytes
    length_bytes: int
    offset: int
    line_number: int

    def reject(self) -> Reject:
        """It as a reject."""
        return Reject(
            line_number=self.line_number,
            byte_offset=self.offset,
            length_bytes=self.length_bytes,
            reason=f"record_length: more than {LONGEST_RECORD_BYTES} bytes",
            column_name=None,
            raw=self.raw,
        )
