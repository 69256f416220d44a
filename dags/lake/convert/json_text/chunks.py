"""Records of a file that were read together, still as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lake.convert.rejects import Reject

BLOCK_BYTES = 1 << 18
"""Read at a time: large enough to make calls cheap, small enough for the processor's cache."""
LONGEST_RECORD_BYTES = 20 << 20
"""A longer record is rejected, and read past, not into memory."""
KEPT_BYTES = 1 << 20
"""Of a rejected record, so many bytes at most are kept."""


class Why(NamedTuple):
    """Why a record is rejected."""

    reason: str
    column_name: str | None
    """The first column that cannot be read; None where the record as a whole is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive records."""

    data: bytes
    """What they stand in."""
    offset: int
    """Of `data[0]` in what the source gives."""
    first_line: int
    """The number of the line that `data[0]` is in, from 1."""
    starts: NDArray[np.intp]
    """Where in `data` each record starts."""
    ends: NDArray[np.intp]
    """Where it ends."""
    are_lines: bool
    """Whether the records are the lines of `data`, all of them."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def look_like_objects(self) -> bool:
        """Whether each record begins and ends as an object does."""
        region = np.frombuffer(self.data, np.uint8)
        begin, end = region[self.starts] == ord("{"), region[self.ends - 1] == ord("}")
        return bool(begin.all() and end.all())

    def texts(self) -> list[bytes]:
        """Each record's own bytes."""
        places = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [self.data[start:end] for start, end in places]

    def rejects(self, whys: Mapping[int, Why]) -> Iterator[Reject]:
        """Some of the records as rejects, by their index."""
        line, counted = self.first_line, 0
        for index in sorted(whys):
            start, end = int(self.starts[index]), int(self.ends[index])
            line += self.data.count(b"\n", counted, start)
            counted = start
            text = self.data[start:end].removesuffix(b"\r")
            yield Reject(
                line_number=line,
                byte_offset=self.offset + start,
                length_bytes=len(text),
                reason=whys[index].reason,
                column_name=whys[index].column_name,
                raw=text[:KEPT_BYTES],
            )


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
