"""The records of a fixed-width file: which lines are rows, which are control, which are neither."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lake.convert.conversion import Unreadable
from lake.convert.digits import WORD_BYTES, words
from lake.convert.lines import Lines
from lake.convert.rejects import Reason, Reject
from lake.convert.structure import Kind, Mark, Structure, Tally
from lake.dataset import FixedWidthDataSet, FixedWidthLayout

_NO_TYPE = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
"""The type of a line of another length; no record's, since a type has a byte less than a word."""
_SHOWN_BYTES = 40


class _Type(NamedTuple):
    """A type of record, as a word that is compared in the bytes which the type has."""

    text: str
    role: str
    mask: np.uint64
    word: np.uint64


class Told(NamedTuple):
    """Consecutive lines, told apart."""

    details: NDArray[np.intp]
    """The lines that become rows."""
    rejects: list[Reject]
    """Those that are no record at all."""
    tallies: list[Tally]
    """Of what stands between the marks."""
    marks: list[Mark]
    starts: NDArray[np.intp]
    """Of each tally, among the details."""


class RecordSorter:
    """Tells details from header, trailers and what is no record, through one file."""

    def __init__(self, dataset: FixedWidthDataSet, structure: Structure) -> None:
        self._layout = dataset.layout
        self._structure = structure
        self._types = _types(dataset.layout)
        details = [kind for kind in self._types if kind.role == "detail"]
        self._only_detail = details[0] if len(details) == 1 else None
        self.lines = 0
        """Lines seen so far."""
        self.control = 0
        """Those among them that are neither details nor rejected."""

    def tell(self, lines: Lines, records: NDArray[np.uint8], *, begins_file: bool) -> Told:
        """Tell the file's next lines apart.

        Args:
            lines: the lines.
            records: their bytes, one line a row, followed by `WORD_BYTES` bytes of anything.
            begins_file: whether they are the file's first.

        Raises:
            Unreadable: the file does not start with its header.
        """
        words_ = self._words(lines, records)
        if begins_file:
            self._require_header(lines, words_[0])
        count = len(lines)
        self.lines += count
        only = self._only_detail
        if only and ((words_ & only.mask) == only.word).all() and not lines.ends_with_mark:
            tally = Tally(lines=count)
            tally.records[only.text] = count
            return Told(np.arange(count), [], [tally], [], np.zeros(1, np.intp))
        roles = np.full(count, -1)
        for number, kind in enumerate(self._types):
            roles[(words_ & kind.mask) == kind.word] = number
        return self._told(lines, roles, begins_file=begins_file)

    def _told(self, lines: Lines, roles: NDArray[np.intp], *, begins_file: bool) -> Told:
        """Lines by their type's number, -1 for those that have none."""
        empty = lines.lengths == 0
        empty[-1] |= lines.ends_with_mark
        detail, header, marked = (
            np.array([kind.role in some for kind in self._types] + [False])[roles] & ~empty
            for some in (("detail",), ("header",), ("batch header", "batch trailer", "trailer"))
        )
        if begins_file:
            header[0] = False
        unknown = ((roles < 0) & ~empty) | header
        rejects = [
            lines.reject(index, self._reason(lines, index, is_header=bool(header[index])))
            for index in np.flatnonzero(unknown).tolist()
        ]
        self.control += len(lines) - int(detail.sum()) - len(rejects)
        marks = [
            self._mark(lines, index, self._types[roles[index]].role)
            for index in np.flatnonzero(marked).tolist()
        ]
        section = np.cumsum(marked)
        details = np.flatnonzero(detail)
        tallies = self._tallies(section, roles, marked=marked, empty=empty, unknown=unknown)
        starts = np.searchsorted(section[details], np.arange(len(tallies)))
        return Told(details, rejects, tallies, marks, starts)

    def _tallies(
        self,
        section: NDArray[np.intp],
        roles: NDArray[np.intp],
        *,
        marked: NDArray[np.bool_],
        empty: NDArray[np.bool_],
        unknown: NDArray[np.bool_],
    ) -> list[Tally]:
        """Of each section, the line that opens it left out."""
        count = int(section[-1]) + 1
        lines, empties, unknowns, *types = (
            np.bincount(section[some], minlength=count).tolist()
            for some in (
                ~marked, empty, unknown,
                *((roles == n) & ~(marked | empty | unknown) for n in range(len(self._types))),
            )
        )  # fmt: skip
        tallies = []
        for index in range(count):
            tally = Tally(lines=lines[index], empty=empties[index], unknown=unknowns[index])
            for kind, counts in zip(self._types, types, strict=True):
                if counts[index]:
                    tally.records[kind.text] = counts[index]
            tallies.append(tally)
        return tallies

    def _mark(self, lines: Lines, index: int, role: str) -> Mark:
        kind: Kind = role  # type: ignore[assignment]  # the roles that are marks have its names
        claims = self._structure.claims(kind, lines.raw(index))
        return Mark(kind, lines.first_number + index, claims)

    def _require_header(self, lines: Lines, word: np.uint64) -> None:
        header = next((kind for kind in self._types if kind.role == "header"), None)
        if header and (word & header.mask) != header.word:
            raise Unreadable(
                f"no readable header: line 1 has {lines.lengths[0]} bytes and starts with "
                f"{lines.raw(0)[:_SHOWN_BYTES]!r}; a header has {self._layout.record_length} "
                f"bytes and the type {header.text!r}"
            )

    def _words(self, lines: Lines, records: NDArray[np.uint8]) -> NDArray[np.uint64]:
        """The type of each line, as a word."""
        place, segment = self._layout.record_type, self._layout.segment
        whole = lines.lengths == self._layout.record_length
        if self._layout.pad_short:
            whole = (lines.lengths > 0) & (lines.lengths <= self._layout.record_length)
        if place is None:
            types = np.zeros(len(lines), np.uint64)
        else:
            types = words(records, place.position - 1, place.width)
        if segment:
            types >>= np.uint64(8 * segment.width)
            types |= words(records, segment.position - 1, segment.width)
        if not whole.all():
            types[~whole] = _NO_TYPE
        return types

    def _reason(self, lines: Lines, index: int, *, is_header: bool) -> Reason:
        if is_header:
            return Reason.MISPLACED_HEADER
        length, expected = lines.lengths[index], self._layout.record_length
        fits = length == expected or (self._layout.pad_short and length < expected)
        return Reason.RECORD_TYPE if fits else Reason.RECORD_LENGTH


def _types(layout: FixedWidthLayout) -> list[_Type]:
    if layout.record_type is None:
        return [_Type("", "detail", _NO_TYPE, np.uint64(0))]
    width = layout.record_type.width + (layout.segment.width if layout.segment else 0)
    roles = {"layout.header": "header", "layout.trailer": "trailer"}
    roles |= {"layout.batch.header": "batch header", "layout.batch.trailer": "batch trailer"}
    types = []
    for key, text in layout.declared_types():
        role = roles.get(key.removesuffix(".type"), "ignored" if "ignore" in key else "detail")
        after = b"\0" * (width - len(text))
        before = WORD_BYTES - width
        mask = b"\xff" * (before + len(text)) + after
        word = b"\0" * before + text.encode("ascii") + after
        types.append(_Type(text, role, _word(mask), _word(word)))
    return types


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))
