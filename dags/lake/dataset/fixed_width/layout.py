"""How a fixed-width file holds its records, and how they are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from pydantic import Field

from lake.dataset.errors import Problem
from lake.dataset.fixed_width.records import Batch, Detail, Header, Trailer
from lake.dataset.fixed_width.span import Span
from lake.dataset.layout import Layout

LONGEST_RECORD = 32_760
"""Bytes; the longest record of a z/OS data set, where such files come from."""
WIDEST_RECORD_TYPE = 7


class FixedWidthLayout(Layout):
    """Records of one length, each field at its own bytes; lines that end with LF or CRLF, or not.

    Without `record_type` every record is a row. With it, the bytes there tell the rows from a
    header, which is the first record, a trailer, which is the last, those of batches in between,
    and records that are not read. A type may have the bytes of `segment` behind it, or not, and is
    then the type of every segment. Another type makes its record a reject, and so does another
    length; a line with nothing in it is no record.
    """

    format: Literal["fixed_width"] = Field(examples=["fixed_width"])
    record_length: int = Field(ge=1, le=LONGEST_RECORD, examples=[245])
    """Bytes of a record without its line end."""
    line_end: Literal["newline", "none"] = Field(default="newline", examples=["none"])
    """What stands between records: LF or CRLF, or nothing at all."""
    pad_short: bool = Field(default=False, examples=[True])
    """Whether a line that is too short lost the spaces at its end, and is read with them. One that
    is too long is always a reject."""
    record_type: Span | None = Field(default=None, examples=[{"position": 1, "width": 2}])
    segment: Span | None = Field(default=None, examples=[{"position": 14, "width": 1}])
    """A second place that tells records apart."""
    header: Header | None = Field(default=None, examples=[{"type": "00"}])
    batch: Batch | None = Field(
        default=None, examples=[{"header": {"type": "1"}, "trailer": {"type": "5"}}]
    )
    detail: Detail | None = Field(default=None, examples=[{"type": "01"}])
    ignore: tuple[str, ...] = Field(default=(), strict=False, examples=[["3Q", "3R"]])
    """Types of records that this data set does not read; another one may."""
    trailer: Trailer | None = Field(default=None, examples=[{"type": "99"}])

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end: where there are some."""
        return self.line_end == "newline"

    def declared_types(self) -> Iterator[tuple[str, str]]:
        """Each type of record, and the key that declares it."""
        records = {
            "header": self.header,
            "batch.header": self.batch and self.batch.header,
            "batch.trailer": self.batch and self.batch.trailer,
            "trailer": self.trailer,
        }
        yield from ((f"layout.{key}.type", each.type) for key, each in records.items() if each)
        if self.detail:
            yield "layout.detail.type", self.detail.type
            for index, text in enumerate(self.detail.other_types):
                yield f"layout.detail.other_types[{index}]", text
        yield from ((f"layout.ignore[{index}]", text) for index, text in enumerate(self.ignore))

    def gaps(self, places: list[Span]) -> list[Span]:
        """The bytes of a detail record that none of these places has."""
        gaps, next_position = [], 1
        for place in sorted(places, key=lambda place: place.position):
            if place.position > next_position:
                gaps.append(Span(position=next_position, width=place.position - next_position))
            next_position = place.end + 1
        if next_position <= self.record_length:
            gaps.append(Span(position=next_position, width=self.record_length + 1 - next_position))
        return gaps

    def problems(self, places: list[tuple[str, Span]]) -> Iterator[Problem]:
        """What does not fit together in this layout and the places read with it, by their keys."""
        yield from self._record_type_problems()
        for key, place in places:
            yield from self._outside(key, place)
        places = sorted(places, key=lambda pair: pair[1].position)
        for (before_key, before), (key, place) in pairwise(places):
            if place.position <= before.end:
                message = f"overlaps {before_key}, which ends at byte {before.end}"
                yield Problem(f"{key}.position", message, f"position: {before.end + 1}")

    def _record_type_problems(self) -> Iterator[Problem]:
        if self.record_type is None:
            for key in dict.fromkeys(key.split(".")[1].split("[")[0] for key, _ in self._typed()):
                message = "needs `record_type`, the place that tells records apart"
                yield Problem(f"layout.{key}", message, "record_type: {position: 1, width: 2}")
            return
        width = self.record_type.width
        yield from self._outside("layout.record_type", self.record_type)
        if self.segment:
            width += self.segment.width
            yield from self._outside("layout.segment", self.segment)
        if width > WIDEST_RECORD_TYPE:
            message = f"{width} bytes; a record type has at most {WIDEST_RECORD_TYPE}"
            yield Problem("layout.record_type.width", message)
        if self.detail is None:
            yield Problem(
                "layout.detail", "missing; `record_type` needs it", "detail: {type: '01'}"
            )
        yield from self._type_problems()
        for key, trailer in self._trailers():
            yield from trailer.problems(key, in_batch=key != "layout.trailer")
            for name, place in trailer.places():
                yield from self._outside(f"{key}.{name}", place)

    def _typed(self) -> Iterator[tuple[str, str]]:
        yield from self.declared_types()
        if self.segment:
            yield "layout.segment", ""

    def _trailers(self) -> Iterator[tuple[str, Trailer]]:
        if self.batch:
            yield "layout.batch.trailer", self.batch.trailer
        if self.trailer:
            yield "layout.trailer", self.trailer

    def _type_problems(self) -> Iterator[Problem]:
        widths = {self.record_type.width: "record_type"} if self.record_type else {}
        if self.record_type and self.segment:
            widths[self.record_type.width + self.segment.width] = "record_type and segment"
        declared = dict(self.declared_types())
        for key, trailer in self._trailers():
            for number, count in enumerate(trailer.count):
                for text in sorted(set(count.types) - set(declared.values())):
                    yield Problem(f"{key}.count[{number}].types", f"{text!r} is no record's type")
        for index, (key, text) in enumerate(declared.items()):
            if len(text) not in widths or not text.isascii():
                expected = " or ".join(f"{width}, as {name}" for width, name in widths.items())
                message = f"{text!r} is not of so many ASCII characters: {expected}"
                yield Problem(key, message)
            for other_key, other in list(declared.items())[:index]:
                if text.startswith(other) or other.startswith(text):
                    yield Problem(key, f"{text!r} is the type of {other_key} too")
                    break

    def _outside(self, key: str, span: Span) -> Iterator[Problem]:
        if span.end > self.record_length:
            message = f"ends at byte {span.end}, outside of the record's {self.record_length} bytes"
            yield Problem(key, message)
