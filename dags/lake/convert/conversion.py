"""What a conversion gives: counts that account for every line, and the files that it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REJECTS_FILE = "rejects.parquet"


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the lines of a file went: `lines == rows + rejected + control`, always."""

    lines: int
    rows: int
    rejected: int
    control: int
    """Headers, trailers and the end-of-file mark of DOS."""
    reasons: Mapping[str, int]
    """How many lines were rejected for each reason."""

    def __post_init__(self) -> None:
        """Each line is in exactly one place, or the conversion is wrong."""
        if self.lines != self.rows + self.rejected + self.control:
            raise ValueError(f"lines are lost or counted twice: {self}")
        if self.rejected != sum(self.reasons.values()):
            raise ValueError(f"rejected lines without a reason: {self}")

    @property
    def bad_ratio(self) -> float:
        """The share of rejected lines, of all but control records; 0 where there are none."""
        records = self.rows + self.rejected
        return self.rejected / records if records else 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a conversion."""

    path: str
    """Inside the conversion's folder, for example `data=2021-06-25/part-00000.parquet`."""
    partition: Mapping[str, str]
    """The partition's columns and values as Glue has them, in the order of the path."""
    rows: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """A file that was converted."""

    counts: Counts
    size_bytes: int
    sha256: str
    """Of the source's bytes, in hexadecimal."""
    parts: tuple[Part, ...]
    """In the order of their paths."""
    rejects: str | None
    """The file of the rejected records inside the folder; None where there are none."""


class Unreadable(Exception):
    """The file as a whole is not what its layout says."""


class FileRefused(Exception):
    """A file that gives no rows at all; the message says why.

    `counts` has what was seen of it until then.
    """

    def __init__(self, reason: str, counts: Counts) -> None:
        self.reason = reason
        self.counts = counts
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[FileRefused], tuple[str, Counts]]:
        """Pickled whole; by default an exception is rebuilt from its message alone."""
        return type(self), (self.reason, self.counts)
