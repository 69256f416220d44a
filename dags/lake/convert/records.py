"""The records of a fixed-width file: which lines are rows, which are control, which are neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.convert.conversion import Unreadable
from lake.convert.digits import WORD_BYTES, words
from lake.convert.lines import Lines
from lake.convert.rejects import Reason, Reject
from lake.dataset import FixedWidthLayout
from lake.dataset.fixed_width import Trailer

_UNTYPED = np.uint64(0)
"""The type of every record where the layout has no record types."""
_NO_TYPE = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
"""The type of a line of another length; no record's, since a type has a byte less than a word."""
_SHOWN_BYTES = 40


class RecordSorter:
    """Tells details from header, trailer and what is no record, through one file."""

    def __init__(self, layout: FixedWidthLayout) -> None:
        self._layout = layout
        self._header = _type_word(layout.header.type) if layout.header else _NO_TYPE
        self._detail = _type_word(layout.detail.type) if layout.detail else _UNTYPED
        self._trailer = _type_word(layout.trailer.type) if layout.trailer else _NO_TYPE
        self._closing: tuple[int, bytes] | None = None  # the trailer's line number and bytes
        self.lines = 0
        """Lines seen so far."""
        self.control = 0
        """Headers, trailers and end-of-file marks among them."""
        self._is_first = True

    def begin(self, *, is_first: bool) -> None:
        """Say whether the file's first line is the first to come."""
        self._is_first = is_first

    def sort(
        self, lines: Lines, records: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], list[Reject]]:
        """Which of the file's next lines are details, and those that are no record at all.

        Args:
            lines: the lines.
            records: their bytes, one line a row, followed by `WORD_BYTES` bytes of anything.

        Raises:
            Unreadable: the file does not start with its header.
        """
        types = self._types(lines, records)
        if self._starts(lines, 0) and self._layout.header and types[0] != self._header:
            raise Unreadable(
                f"no readable header: line 1 has {lines.lengths[0]} bytes and starts with "
                f"{lines.raw(0)[:_SHOWN_BYTES]!r}; a header has {self._layout.record_length} "
                f"bytes and the type {self._layout.header.type!r}"
            )
        detail = types == self._detail
        if lines.ends_with_mark:
            detail[-1] = False
        if self._closing:
            detail[:] = False
        elif self._layout.trailer and (types == self._trailer).any():
            detail[np.argmax(types == self._trailer) :] = False
        rejects = []
        for index in np.flatnonzero(~detail).tolist():
            reason = self._other(lines, index, types[index])
            if reason is None:
                self.control += 1
            else:
                rejects.append(lines.reject(index, reason))
        self.lines += len(lines)
        return detail, rejects

    @property
    def facts(self) -> Mapping[str, Any]:
        """How many lines there are, and the trailer's number and text."""
        if self._closing is None:
            return {"lines": self.lines, "trailer": None}
        number, record = self._closing
        text = record.decode("latin-1")
        return {"lines": self.lines, "trailer": {"number": number, "text": text}}

    def _starts(self, lines: Lines, index: int) -> bool:
        return self._is_first and lines.first_number + index == 1

    def _types(self, lines: Lines, records: NDArray[np.uint8]) -> NDArray[np.uint64]:
        whole = lines.lengths == self._layout.record_length
        place = self._layout.record_type
        types = words(records, place.position - 1, place.width) if place else _UNTYPED
        return np.where(whole, types, _NO_TYPE)

    def _other(self, lines: Lines, index: int, record_type: np.uint64) -> Reason | None:
        """Why a line that is no detail is rejected; None for a control record."""
        if lines.ends_with_mark and index == len(lines) - 1:
            return None
        if self._closing:
            return Reason.AFTER_TRAILER
        if record_type == _NO_TYPE:
            return Reason.RECORD_LENGTH
        if record_type == self._header:
            return None if self._starts(lines, index) else Reason.MISPLACED_HEADER
        if record_type == self._trailer:
            self._closing = lines.first_number + index, lines.raw(index)
            return None
        return Reason.RECORD_TYPE


def reconcile(layout: FixedWidthLayout, facts: Sequence[Mapping[str, Any]]) -> None:
    """Compare a file's lines with its trailer's count.

    Args:
        layout: of the file.
        facts: of the file, or of each of its ranges in order.

    Raises:
        Unreadable: the layout has a trailer and the file none, or one whose count disagrees.
    """
    if layout.trailer is None:
        return
    before = 0
    for each in facts:
        if trailer := each["trailer"]:
            _reconcile_count(layout.trailer, trailer["text"], before + trailer["number"])
            return
        before += each["lines"]
    raise Unreadable(f"no trailer of type {layout.trailer.type!r}: the file was cut off")


def _reconcile_count(trailer: Trailer, record: str, number: int) -> None:
    if trailer.count is None:
        return
    text = record[trailer.count.position - 1 : trailer.count.end].strip(" ")
    if not text.isdecimal():
        raise Unreadable(f"the trailer's count, {text!r}, is no number")
    if int(text) != number:
        raise Unreadable(f"the trailer counts {int(text)} lines, but it is line {number}")


def _type_word(text: str) -> np.uint64:
    """A record type as `words` reads it."""
    return np.uint64(int.from_bytes(text.encode("ascii").rjust(WORD_BYTES, b"\0"), "little"))
