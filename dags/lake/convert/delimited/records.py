"""Delimited bytes cut into records, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lake.convert.delimited.dialect import CR, Dialect
from lake.convert.delimited.marks import NOWHERE, Positions, find_marks
from lake.convert.rejects import Reason, Reject

LONGEST_RECORD_BYTES = 1 << 20
"""A record that is longer is misquoted, or is none of the layout."""
KEPT_BYTES = 1 << 16
"""Of a rejected record, so many bytes at most are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Consecutive records of a file, in a buffer that the next ones overwrite."""

    data: NDArray[np.uint8]
    starts: Positions
    """Of each record, in `data`."""
    ends: Positions
    """Of each record, where its line end begins."""
    marks: Positions
    """The end of each field, one record's after another's."""
    counts: Positions
    """How many fields each record has."""
    misquoted: NDArray[np.bool_]
    """Which are not well quoted, or too long."""
    inner_lines: Positions
    """Line ends inside of records."""
    first_line: int
    """The number of the first record's line in the file, from 1."""
    offset: int
    """Of `data[0]` in the file."""
    dropped_bytes: int = 0
    """So many bytes of the last record's end are not in `data`."""

    @classmethod
    def joined(cls, pieces: Sequence[Records]) -> Records:
        """Records that follow each other in one buffer, and are all in it, as one piece."""
        first = pieces[0]
        if len(pieces) == 1:
            return first
        return replace(
            first,
            starts=np.concatenate([each.starts for each in pieces]),
            ends=np.concatenate([each.ends for each in pieces]),
            marks=np.concatenate([each.marks for each in pieces]),
            counts=np.concatenate([each.counts for each in pieces]),
            misquoted=np.concatenate([each.misquoted for each in pieces]),
            inner_lines=np.concatenate([each.inner_lines for each in pieces]),
        )

    def __len__(self) -> int:
        return len(self.starts)

    def content(self, index: int) -> bytes:
        """A record's bytes without its line end."""
        return self.data[self.starts[index] : self.ends[index]].tobytes()

    def raw(self, index: int) -> bytes:
        """Of these the first `KEPT_BYTES`, where there are more."""
        start, end = int(self.starts[index]), int(self.ends[index])
        return self.data[start : min(end, start + KEPT_BYTES)].tobytes()

    def reject(self, index: int, reason: Reason, column_name: str | None = None) -> Reject:
        """The record at `index` as a reject."""
        start = int(self.starts[index])
        return Reject(
            line_number=self.line_number(index),
            byte_offset=self.offset + start,
            length_bytes=int(self.ends[index]) - start + self.dropped_bytes,
            reason=reason,
            column_name=column_name,
            raw=self.raw(index),
        )

    def line_number(self, index: int) -> int:
        """The number of a record's first line in the file, from 1."""
        inner = int(np.searchsorted(self.inner_lines, self.starts[index]))
        return self.first_line + index + inner

    def misquoting(self, index: int) -> Reason:
        """Why a record that is `misquoted` is so."""
        length = int(self.ends[index] - self.starts[index]) + self.dropped_bytes
        return Reason.RECORD_LENGTH if length > LONGEST_RECORD_BYTES else Reason.QUOTING

    def starting_with(self, prefix: bytes) -> NDArray[np.bool_]:
        """Which records start so."""
        return _starting_with(self.data, self.starts, self.ends, prefix)


@dataclass(frozen=True, slots=True)
class Cut:
    """What was found in a stretch of a file."""

    records: Records
    end: int
    """Where the first record begins that is not among them."""
    lines: int
    """How many lines the records are."""
    broken: bool
    """Whether what begins at `end` is no record, so that its first line has to go alone."""


def cut_records(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    dialect: Dialect,
    *,
    first_line: int,
    offset: int,
    at_end: bool,
    broken_lines: Positions = NOWHERE,
) -> Cut:
    """The whole records of a stretch of a file, up to the first that is broken.

    A record that is misquoted inside of one line is among them: what follows it does not depend on
    how it is read. One that is misquoted and goes over several lines is broken, since a quote that
    was never closed may have taken in what follows. So is a comment with such a quote.

    Args:
        data: bytes of the file, with some of anything before `start`.
        start: where a record begins.
        stop: the end of the stretch.
        dialect: what the file is cut by.
        first_line: the number of the line at `start`.
        offset: of `data[0]` in the file.
        at_end: whether the file ends at `stop`; then a line end stands before it.
        broken_lines: where lines begin that are known to be broken, each whole and misquoted alone.
    """
    marks = find_marks(data, start, stop, dialect, broken_lines)
    line_ends = marks.places[marks.line_ends]
    starts = np.concatenate(([start], line_ends + 1))  # the last is of what is not whole
    ends = np.append(line_ends, stop - len(b"\r\n"))
    ends -= (data[ends - 1] == CR) & (ends > starts)
    too_long = np.flatnonzero(ends - starts > LONGEST_RECORD_BYTES)
    misquoted = np.union1d(np.searchsorted(line_ends, marks.faults), too_long)
    misquoted = np.union1d(misquoted, np.searchsorted(line_ends, broken_lines))
    count = len(line_ends)
    broken = at_end and int(starts[-1]) < stop
    suspects = misquoted
    if dialect.comment:
        comments = _starting_with(data, starts, ends, dialect.comment)
        suspects = np.union1d(suspects, np.flatnonzero(comments))
    if len(suspects):
        inner = np.searchsorted(marks.inner_lines, (starts[suspects], ends[suspects]))
        several = suspects[(inner[0] < inner[1]) | (suspects == count)]
        if len(several):
            count, broken = int(several[0]), True
    end = int(starts[count])
    inner_lines = marks.inner_lines[: np.searchsorted(marks.inner_lines, end)]
    closing, starts, ends = marks.line_ends[:count], starts[:count], ends[:count]
    marks.places[closing] = ends  # a record's last field ends where the record does
    bad = np.zeros(count, np.bool_)
    bad[misquoted[misquoted < count]] = True
    records = Records(
        data=data,
        starts=starts,
        ends=ends,
        marks=marks.places[: closing[-1] + 1] if count else NOWHERE,
        counts=np.diff(closing, prepend=-1),
        misquoted=bad,
        inner_lines=inner_lines,
        first_line=first_line,
        offset=offset,
    )
    return Cut(records, end, count + len(inner_lines), broken)


def _starting_with(
    data: NDArray[np.uint8], starts: Positions, ends: Positions, prefix: bytes
) -> NDArray[np.bool_]:
    found = ends - starts >= len(prefix)
    for index, byte in enumerate(prefix):
        found &= data[starts + index] == byte
    return found
