"""What a conversion gives: counts that account for every record, and the files that it wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

REJECTS_FOLDER = "rejects"
"""Where the rejected records go, inside of a conversion's folder."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the records of a file went: `lines + expanded == rows + rejected + control`, always."""

    lines: int
    """Records read: lines, or where a record spans several of them, the records."""
    rows: int
    rejected: int
    control: int
    """Headers, trailers, records that the layout ignores, empty lines, DOS's end-of-file mark."""
    reasons: Mapping[str, int]
    """How many records were rejected for each reason."""
    expanded: int = 0
    """Rows beyond one a record, where repeated groups become rows: a record that becomes 31 rows
    adds 30, one whose groups are all missing takes 1 away."""

    def __post_init__(self) -> None:
        """Each record is in exactly one place, or the conversion is wrong."""
        if self.lines + self.expanded != self.rows + self.rejected + self.control:
            raise ValueError(f"records are lost or counted twice: {self}")
        if self.rejected != sum(self.reasons.values()):
            raise ValueError(f"rejected records without a reason: {self}")

    @property
    def bad_ratio(self) -> float:
        """The share of rejected records, of all but control records; 0 where there are none."""
        records = self.lines - self.control
        return self.rejected / records if records else 0.0

    @classmethod
    def total(cls, counts: Sequence[Self]) -> Self:
        """Of several conversions together."""
        reasons: Counter[str] = Counter()
        for each in counts:
            reasons.update(each.reasons)
        return cls(
            lines=sum(each.lines for each in counts),
            rows=sum(each.rows for each in counts),
            rejected=sum(each.rejected for each in counts),
            control=sum(each.control for each in counts),
            reasons=dict(reasons),
            expanded=sum(each.expanded for each in counts),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a conversion."""

    path: str
    """Inside the conversion's folder, for example `data=2021-06-25/part-00000.parquet`."""
    partition: Mapping[str, str]
    """The partition's columns and values as Glue has them, in the order of the path."""
    rows: int
    size_bytes: int
    first_source_key: str
    """The least of the source keys of its rows."""
    last_source_key: str
    """The greatest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A file, or a byte range of one, that was converted."""

    counts: Counts
    size_bytes: int
    """Of the object or the range, as it landed."""
    sha256: str
    """Of these bytes, in hexadecimal; of ranges together, of the ranges' hashes."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What a range saw that only the whole file can be judged by; JSON-able, for `reconcile`."""
    parts: tuple[Part, ...] = ()
    """Of `convert`, in the order of their paths. A `BatchConverter` has the parts itself, since
    files share them."""
    rejects: tuple[Part, ...] = ()
    """Likewise, the files of rejected records."""


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
