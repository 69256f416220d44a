"""Fixed width: lines of one length, each field at its own bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lake.dataset.column import WIDEST_INT32, WIDEST_INT64, Column
from lake.dataset.declaration import Declaration
from lake.dataset.errors import Problem
from lake.dataset.layout import Layout
from lake.dataset.model import DataSet

LONGEST_RECORD = 32_760
"""Bytes; the longest record of a z/OS data set, where such files come from."""
WIDEST_PARTITION = 50
"""Bytes of a column that folders are named by: each may take three, and a name has 255."""


_DATE_FORMAT = re.compile(r"[-/. ]?".join(["(YYYY|MM|DD)"] * 3))


def _date_format(text: str) -> str:
    found = _DATE_FORMAT.fullmatch(text)
    if not found or set(found.groups()) != {"YYYY", "MM", "DD"}:
        raise ValueError(
            "should be YYYY, MM and DD in any order, with or without a separator of - / . or space"
        )
    return text


class Span(Declaration):
    """A place in a record."""

    position: int = Field(ge=1, examples=[13])
    """The first byte, counted from 1."""
    width: int = Field(ge=1, examples=[12])
    """Bytes."""

    @property
    def end(self) -> int:
        """The last byte, counted from 1."""
        return self.position + self.width - 1


class FixedWidthColumn(Span, Column):
    """A column and the bytes of a record that hold it.

    A decimal's point is implied: `decimal(13,2)` reads `0000000000150` as 1.50. An `int` of more
    than 9 digits is a bigint.
    """

    format: Annotated[str, AfterValidator(_date_format)] | None = Field(
        default=None, examples=["YYYYMMDD"]
    )
    """How a date is written; dates only."""

    @property
    def date_format(self) -> str:
        """How a date column is written."""
        return self.format or "YYYYMMDD"

    @property
    def glue_type(self) -> str:
        """The column's type in Glue and Athena: an int of more than 9 digits is a bigint."""
        return "bigint" if self.kind == "int" and self.width > WIDEST_INT32 else self.type

    def problems(self, key: str) -> list[Problem]:
        """What does not fit together in this column, which stands at `key` in its file."""
        found = super().problems(key)
        if self.format and self.kind != "date":
            found.append(Problem(f"{key}.format", f"only a date has a format, not {self.type}"))
        if self.kind == "date" and self.width != len(self.date_format):
            expected = f"width: {len(self.date_format)}"
            found.append(
                Problem(f"{key}.width", f"{self.width} does not hold {self.date_format}", expected)
            )
        if self.kind == "int" and self.width > WIDEST_INT64:
            message = f"{self.width} digits do not fit an int, which holds {WIDEST_INT64}"
            found.append(Problem(f"{key}.width", message, "type: string"))
        if self.kind == "decimal" and self.width > self.precision:
            message = f"{self.width} digits do not fit {self.type}"
            fits = min(self.width, WIDEST_INT64)
            found.append(Problem(f"{key}.width", message, f"type: decimal({fits},{self.scale})"))
        return found


WIDEST_RECORD_TYPE = 7


class RecordCount(Span):
    """The field of a trailer that says how many records the file should have."""

    of: Literal["lines"] = Field(default="lines", examples=["lines"])
    """What is counted: all lines, header and trailer included."""


class Header(Declaration):
    """The record that opens a file."""

    type: str = Field(min_length=1, examples=["00"])


class Detail(Declaration):
    """The records that become rows."""

    type: str = Field(min_length=1, examples=["01"])


class Trailer(Declaration):
    """The record that closes a file, and proves that it is whole."""

    type: str = Field(min_length=1, examples=["99"])
    count: RecordCount | None = Field(
        default=None, examples=[{"position": 32, "width": 11, "of": "lines"}]
    )


class FixedWidthLayout(Layout):
    """Lines of one length, each field at its own bytes, ended by LF or CRLF.

    Without `record_type` every line is a row. With it, the bytes there tell a header, which is the
    first line, and a trailer, which is the last, from the rows.
    """

    format: Literal["fixed_width"] = Field(examples=["fixed_width"])
    record_length: int = Field(ge=1, le=LONGEST_RECORD, examples=[245])
    """Bytes of a line without its line end."""
    record_type: Span | None = Field(default=None, examples=[{"position": 1, "width": 2}])
    header: Header | None = Field(default=None, examples=[{"type": "00"}])
    detail: Detail | None = Field(default=None, examples=[{"type": "01"}])
    trailer: Trailer | None = Field(default=None, examples=[{"type": "99"}])

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end: always, here."""
        return True

    def gaps(self, columns: Sequence[FixedWidthColumn]) -> list[Span]:
        """The bytes of a detail record that no column reads."""
        gaps, next_position = [], 1
        for column in sorted(columns, key=lambda column: column.position):
            if column.position > next_position:
                gaps.append(Span(position=next_position, width=column.position - next_position))
            next_position = column.end + 1
        if next_position <= self.record_length:
            gaps.append(Span(position=next_position, width=self.record_length + 1 - next_position))
        return gaps

    def problems(self, columns: Sequence[FixedWidthColumn]) -> Iterator[Problem]:
        """What does not fit together in this layout and the columns read with it."""
        yield from self._record_type_problems()
        keyed = [(f"columns[{i}] ({column.name})", column) for i, column in enumerate(columns)]
        for key, column in keyed:
            yield from self._outside(key, column)
        keyed.sort(key=lambda pair: pair[1].position)
        for (before_key, before), (key, column) in pairwise(keyed):
            if column.position <= before.end:
                message = f"overlaps {before_key}, which ends at byte {before.end}"
                yield Problem(f"{key}.position", message, f"position: {before.end + 1}")

    def _record_type_problems(self) -> Iterator[Problem]:
        records = {"header": self.header, "detail": self.detail, "trailer": self.trailer}
        types = {name: record.type for name, record in records.items() if record}
        if self.record_type is None:
            for name in types:
                message = "needs `record_type`, the place that tells records apart"
                yield Problem(f"layout.{name}", message, "record_type: {position: 1, width: 2}")
            return
        yield from self._outside("layout.record_type", self.record_type)
        width = self.record_type.width
        if width > WIDEST_RECORD_TYPE:
            message = f"{width} bytes; a record type has at most {WIDEST_RECORD_TYPE}"
            yield Problem("layout.record_type.width", message)
        if self.detail is None:
            yield Problem(
                "layout.detail", "missing; `record_type` needs it", "detail: {type: '01'}"
            )
        for index, (name, text) in enumerate(types.items()):
            if len(text) != width or not text.isascii():
                message = f"{text!r} is not {width} ASCII characters, as `record_type` says"
                yield Problem(f"layout.{name}.type", message)
            if text in list(types.values())[:index]:
                yield Problem(f"layout.{name}.type", f"{text!r} is another record's type too")
        count = self.trailer.count if self.trailer else None
        if count:
            yield from self._outside("layout.trailer.count", count)
            if count.width > WIDEST_INT64:
                message = f"{count.width} digits; a count has at most {WIDEST_INT64}"
                yield Problem("layout.trailer.count.width", message)

    def _outside(self, key: str, span: Span) -> Iterator[Problem]:
        if span.end > self.record_length:
            message = f"ends at byte {span.end}, outside of the record's {self.record_length} bytes"
            yield Problem(key, message)


class FixedWidthDataSet(DataSet):
    """A data set of fixed-width files."""

    layout: FixedWidthLayout = Field(examples=[{"format": "fixed_width", "record_length": 245}])
    columns: tuple[FixedWidthColumn, ...] = Field(min_length=1, strict=False)

    def layout_problems(self) -> Iterator[Problem]:
        """What does not fit together in the layout and its columns."""
        yield from self.layout.problems(self.columns)
        for index, name in enumerate(self.partitions):
            column = next((column for column in self.columns if column.name == name), None)
            if column and column.width > WIDEST_PARTITION:
                message = f"{name!r} has {column.width} bytes; a folder's name has room for "
                yield Problem(f"partitions[{index}]", f"{message}{WIDEST_PARTITION}")
