"""What a fixed-width file says of itself in its trailers, compared with what was read.

The records between two trailers or batch headers are one tally. A batch that is closed is checked
and becomes part of the tally around it, so that little is left of a file, or of a range of one:
what stood before the first record that belongs to another range, and what after the last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal, Self

from lake.convert.conversion import Unreadable
from lake.dataset import FixedWidthDataSet
from lake.dataset.fixed_width import ControlSum, RecordCount, Trailer

type Kind = Literal["batch header", "batch trailer", "trailer"]

_COUNTERS = ("records", "sums", "unread")
_NUMBER = re.compile(r" *[-+]?[0-9]+ *")


@dataclass(slots=True)
class Tally:
    """Records that follow each other."""

    lines: int = 0
    empty: int = 0
    """Lines with nothing in them, and the end-of-file mark."""
    unknown: int = 0
    """Records of another length or type, which may have been of any."""
    records: Counter[str] = field(default_factory=Counter)
    """By type."""
    batches: int = 0
    batched: int = 0
    """Details that are in these batches."""
    sums: Counter[str] = field(default_factory=Counter)
    """Of columns, without their decimal point."""
    unread: Counter[str] = field(default_factory=Counter)
    """Details whose field of the column cannot be read."""

    def add(self, other: Tally) -> None:
        """Count what follows, too."""
        self.lines += other.lines
        self.empty += other.empty
        self.unknown += other.unknown
        self.batches += other.batches
        self.batched += other.batched
        for mine, more in (
            (self.records, other.records), (self.sums, other.sums), (self.unread, other.unread)
        ):  # fmt: skip
            for name, value in more.items():
                mine[name] += value

    @property
    def facts(self) -> Mapping[str, Any]:
        """All of it, JSON-able."""
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        return {each.name: getattr(self, each.name) for each in fields(self)} | counters

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """From its facts."""
        return cls(**{**facts, **{name: Counter(facts[name]) for name in _COUNTERS}})


@dataclass(frozen=True, slots=True)
class Mark:
    """A record that opens or closes what is tallied."""

    kind: Kind
    line_number: int
    claims: tuple[str, ...] = ()
    """The texts of a trailer's counts and sums, in the order of `Trailer.places`."""


class Structure:
    """The tallies of a file and the marks between them."""

    def __init__(self, dataset: FixedWidthDataSet) -> None:
        self._dataset = dataset
        self._layout = dataset.layout
        self._tallies = [Tally()]  # one more than marks
        self._marks: list[Mark] = []
        self._problem: tuple[int, str] | None = None  # the line, and what is wrong there

    @property
    def facts(self) -> Mapping[str, Any]:
        """All of it, JSON-able."""
        return {
            "tallies": [tally.facts for tally in self._tallies],
            "marks": [asdict(mark) for mark in self._marks],
            "lines": self._lines,
            "problem": self._problem,
        }

    @classmethod
    def joined(cls, dataset: FixedWidthDataSet, facts: Sequence[Mapping[str, Any]]) -> Self:
        """The structure of a file from the facts of its ranges, in order."""
        whole = cls(dataset)
        lines_before = 0
        for each in facts:
            if each["problem"] and not whole._problem:
                line_number, problem = each["problem"]
                whole._problem = line_number + lines_before, problem
            first, *tallies = map(Tally.of, each["tallies"])
            whole.add(first)
            for mark, tally in zip(each["marks"], tallies, strict=True):
                line_number = mark["line_number"] + lines_before
                whole.mark(Mark(mark["kind"], line_number, tuple(mark["claims"])))
                whole.add(tally)
            lines_before += each["lines"]
        return whole

    def add(self, tally: Tally) -> None:
        """Count records that follow."""
        self._tallies[-1].add(tally)

    def mark(self, mark: Mark) -> None:
        """Open or close a batch, or the file."""
        self._marks.append(mark)
        self._tallies.append(Tally())
        kinds = [each.kind for each in self._marks[-2:]]
        if kinds == ["batch header", "batch trailer"]:
            self._close_batch()

    def claims(self, kind: Kind, record: bytes) -> tuple[str, ...]:
        """The texts of the counts and sums in a trailer."""
        trailer = self._trailer(kind)
        text = record.decode("latin-1")
        places = trailer.places() if trailer else iter(())
        return tuple(text[place.position - 1 : place.end] for _, place in places)

    def reconcile(self) -> None:
        """Compare the whole file with its trailers.

        Raises:
            Unreadable: they disagree, or one is missing, or records stand outside of what they
                close.
        """
        if self._problem:
            line_number, problem = self._problem
            raise Unreadable(f"line {line_number}: {problem}")
        for mark in self._marks:
            if mark.kind == "batch header":
                raise Unreadable(f"the batch of line {mark.line_number} has no trailer")
            if mark.kind == "batch trailer":
                raise Unreadable(f"the trailer of line {mark.line_number} closes no batch")
        first = self._tallies[0]
        if self._layout.batch and self._details(first) != first.batched:
            raise Unreadable(f"{self._details(first) - first.batched} details are in no batch")
        if self._layout.trailer:
            self._reconcile_trailer(self._layout.trailer)

    def _reconcile_trailer(self, trailer: Trailer) -> None:
        if not self._marks:
            raise Unreadable(f"no trailer of type {trailer.type!r}: the file was cut off")
        after = sum(tally.lines - tally.empty for tally in self._tallies[1:])
        after += len(self._marks) - 1
        if after:
            number = self._marks[0].line_number
            raise Unreadable(f"{after} records stand after the trailer of line {number}")
        self._tallies[0].lines += 1
        if problem := self._disagreement(trailer, self._marks[0], self._tallies[0]):
            raise Unreadable(f"the trailer {problem}")

    @property
    def _lines(self) -> int:
        return sum(tally.lines for tally in self._tallies) + len(self._marks)

    def _trailer(self, kind: Kind) -> Trailer | None:
        if kind == "trailer":
            return self._layout.trailer
        return self._layout.batch.trailer if self._layout.batch and "trailer" in kind else None

    def _close_batch(self) -> None:
        """Check the last batch and count it in what stands around it."""
        batch = self._tallies[-2]
        mark = self._marks[-1]
        batch.lines += 2
        trailer = self._trailer(mark.kind)
        if self._layout.batch:
            batch.records.update([self._layout.batch.header.type, self._layout.batch.trailer.type])
        problem = self._disagreement(trailer, mark, batch) if trailer else None
        if problem and not self._problem:
            self._problem = mark.line_number, f"the batch's trailer {problem}"
        batch.batches, batch.batched = 1, self._details(batch)
        self._tallies[-3].add(batch)
        del self._marks[-2:], self._tallies[-2:]

    def _details(self, tally: Tally) -> int:
        types = self._layout.detail.types if self._layout.detail else ("",)
        return sum(tally.records[text] for text in types)

    def _disagreement(self, trailer: Trailer, mark: Mark, tally: Tally) -> str | None:
        """What a trailer says that is not so."""
        for (_, place), text in zip(trailer.places(), mark.claims, strict=True):
            if not _NUMBER.fullmatch(text):
                return f"says {text!r} at byte {place.position}, which is no number"
            if problem := self._compared(place, int(text), tally):
                return problem
        return None

    def _compared(self, place: object, claimed: int, tally: Tally) -> str | None:
        if isinstance(place, RecordCount):
            least, most = self._counted(place, tally)
            if not least <= claimed <= most:
                of = f"records of {', '.join(place.types)}" if place.types else place.of
                return f"counts {claimed} {of}, but there are {least}"
        # A record that cannot be read may have any value.
        elif isinstance(place, ControlSum) and not (tally.unknown or tally.unread[place.of]):
            column = next(each for each in self._dataset.columns if each.name == place.of)
            values = [
                Decimal(each).scaleb(-column.scale) for each in (claimed, tally.sums[place.of])
            ]
            if values[0] != values[1]:
                return f"says that {place.of} adds up to {values[0]}, but it is {values[1]}"
        return None

    def _counted(self, count: RecordCount, tally: Tally) -> tuple[int, int]:
        """How many there are, and how many there may have been: any record that is unknown."""
        match count.of:
            case "lines":
                return tally.lines, tally.lines
            case "batches":
                return tally.batches, tally.batches
            case "details":
                found = self._details(tally)
            case "records":
                found = sum(tally.records[text] for text in count.types)
        return found, found + tally.unknown
