"""Delimited text: records of fields with a delimiter between them, quoted or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lake.dataset.column import Column
from lake.dataset.declaration import Declaration, repeated
from lake.dataset.errors import Problem
from lake.dataset.layout import Layout
from lake.dataset.model import DataSet
from lake.dataset.time_formats import TimeFormats, formats_of, kind_of

_LINE_ENDS = "\r\n"


class DelimitedColumn(Column):
    """A column and the field of a record that holds it."""

    header: str | None = Field(default=None, min_length=1, examples=["Order number"])
    """What the header calls it; default: the column's name. With `header: by_name` only."""
    optional: bool = Field(default=False, examples=[True])
    """Whether a file may lack the column, which then is NULL: one added later, which old files do
    not have. By position only the last columns may lack, and each record may end before them."""
    format: TimeFormats = Field(default=(), examples=["DD/MM/YYYY"])
    """How a date or a timestamp is written, one format or a list; by default as ISO 8601 has it."""
    true_values: tuple[str, ...] = Field(
        default=("true",), min_length=1, strict=False, examples=[["S"]]
    )
    """What a boolean's true is written as; letter case counts."""
    false_values: tuple[str, ...] = Field(
        default=("false",), min_length=1, strict=False, examples=[["N"]]
    )
    """What a boolean's false is written as."""
    missing: tuple[str, ...] = Field(default=(), strict=False, examples=[["-9999"]])
    """What else stands for a missing value here, besides the layout's `null_values`."""

    @property
    def header_name(self) -> str:
        """What the header calls this column."""
        return self.header or self.name

    @property
    def formats(self) -> tuple[str, ...]:
        """How a date or a timestamp is written."""
        return formats_of(self.kind, self.format)

    def problems(self, key: str) -> list[Problem]:
        """What does not fit together in this column, which stands at `key` in its file."""
        found = super().problems(key)
        if self.optional and not self.nullable:
            message = "a column that a file may lack is NULL there"
            found.append(Problem(f"{key}.optional", message, "nullable: true"))
        for form in self.format:
            if kind_of(form) != self.kind:
                message = f"{form!r} is written for a {kind_of(form)}, not for a {self.type}"
                found.append(Problem(f"{key}.format", message))
        words = {"true_values", "false_values"} & self.model_fields_set
        if self.kind != "boolean":
            found += [
                Problem(f"{key}.{name}", f"only a boolean has it, not {self.type}")
                for name in sorted(words)
            ]
        for word in sorted(set(self.true_values) & set(self.false_values)):
            found.append(Problem(f"{key}.false_values", f"{word!r} is true already"))
        return found


def _pattern(text: str) -> str:
    try:
        found = re.compile(text)
    except re.error as error:
        raise ValueError(f"should be a regular expression: {error}") from None
    if set(found.groupindex) - {"count"}:
        raise ValueError("has a named group other than `count`")
    return text


class DelimitedTrailer(Declaration):
    """The last line that is not blank, which proves that the file is whole."""

    pattern: Annotated[str, AfterValidator(_pattern)] = Field(
        min_length=1, examples=[r"T;(?P<count>\d+)"]
    )
    """A regular expression for the whole line; its group `count`, if any, is compared."""
    of: Literal["records", "lines"] = Field(default="records", examples=["records"])
    """What is counted: records, good and bad, without control records; or the file's lines, all of
    them, header and trailer included."""


class DelimitedLayout(Layout):
    """How a delimited file holds its records.

    A record ends at LF or CRLF outside of quotes. A field is quoted from its first character to its
    last, or not at all. An empty field is missing; an empty one in quotes is an empty text.
    """

    format: Literal["delimited"] = Field(examples=["delimited"])
    delimiter: str = Field(default=",", min_length=1, max_length=8, examples=[";"])
    """Between fields: any character, or several."""
    quote: str | None = Field(default='"', examples=['"'])
    """Around a field that holds delimiters, quotes or line ends; null: none is ever quoted."""
    escape: str | None = Field(default=None, examples=["\\"])
    """Takes the meaning from the character after it, quoted or not. null: a quote inside of quotes
    is doubled."""
    header: Literal["by_name", "by_position", "none"] = Field(
        default="by_name", examples=["by_position"]
    )
    """`by_name`: the header says where each column stands, which may change from file to file.
    `by_position`: there is a header, and columns stand in the order of `columns`. `none`: so they
    do, and the first record is data."""
    header_match: Literal["exact", "ignore_case"] = Field(default="exact", examples=["ignore_case"])
    """How names are compared with the header's."""
    extra_columns: Literal["refuse", "ignore"] = Field(default="refuse", examples=["ignore"])
    """What becomes of a file whose header has more columns than are declared; by position, of a
    record that has more fields."""
    skip_lines: int = Field(default=0, ge=0, le=1000, examples=[3])
    """Lines before the header, or before the first record, that are no data."""
    comment: str | None = Field(default=None, min_length=1, examples=["#"])
    """What a line that is no data starts with."""
    blank_lines: Literal["skip", "record"] = Field(default="skip", examples=["record"])
    """Whether an empty line is no data, or a record of one missing field."""
    trailer: DelimitedTrailer | None = Field(
        default=None, examples=[{"pattern": r"T;(?P<count>\d+)", "of": "records"}]
    )
    decimal_point: Literal[".", ","] = Field(default=".", examples=[","])
    """Between a number's whole part and its decimals."""
    thousands: Literal[".", ",", " ", "'"] | None = Field(default=None, examples=["."])
    """Between groups of three digits, in any number; a number may also be without."""
    null_values: tuple[str, ...] = Field(default=(), strict=False, examples=[["NULL", "\\N"]])
    """What else than an empty field stands for a missing value; in quotes it is a text."""
    trim: bool = Field(default=False, examples=[True])
    """Whether spaces around what is not quoted are dropped."""

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end, and need not have seen the header."""
        return not (self.quote or self.escape or self.header == "by_name" or self.trailer)

    def problems(self, columns: Sequence[DelimitedColumn]) -> Iterator[Problem]:
        """What does not fit together in this layout and the columns read with it."""
        yield from self._character_problems()
        if self.thousands == self.decimal_point:
            yield Problem("layout.thousands", "is the decimal point too")
        if self.header == "by_name":
            names = [self.comparable(column.header_name) for column in columns]
            for index in repeated(names):
                message = f"columns[{names.index(names[index])}] is called so in the header too"
                yield Problem(f"columns[{index}] ({columns[index].name}).header", message)
            return
        for index, column in enumerate(columns):
            key = f"columns[{index}] ({column.name})"
            if column.header:
                yield Problem(f"{key}.header", f"means nothing with `header: {self.header}`")
            if column.optional and not all(after.optional for after in columns[index:]):
                message = f"with `header: {self.header}` only the last columns can lack"
                yield Problem(f"{key}.optional", message)

    def comparable(self, name: str) -> str:
        """A name as it is compared with another of the header."""
        return name.casefold() if self.header_match == "ignore_case" else name

    def _character_problems(self) -> Iterator[Problem]:
        singles = {"quote": self.quote, "escape": self.escape}
        for name, text in singles.items():
            if text is not None and (len(text) != 1 or not text.isascii() or text in _LINE_ENDS):
                yield Problem(f"layout.{name}", f"{text!r} should be one ASCII character or null")
        if self.quote and self.quote == self.escape:
            message = "is the quote; null means that quotes are doubled"
            yield Problem("layout.escape", message, "escape: null")
        if self.escape and self.trim:
            yield Problem("layout.trim", "with an `escape`, a space may be escaped", "trim: false")
        texts = {"delimiter": self.delimiter, "comment": self.comment}
        for name, text in texts.items():
            if text is None:
                continue
            if set(text) & {*_LINE_ENDS, self.quote, self.escape}:
                yield Problem(f"layout.{name}", f"{text!r} has a quote, an escape or a line end")
            if not self._encodes(text):
                yield Problem(f"layout.{name}", f"{text!r} does not exist in {self.encoding}")
        if self.comment and self.comment.startswith(self.delimiter):
            yield Problem("layout.comment", "starts with the delimiter")

    def _encodes(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


class DelimitedDataSet(DataSet):
    """A data set of delimited files."""

    layout: DelimitedLayout = Field(examples=[{"format": "delimited", "delimiter": ";"}])
    columns: tuple[DelimitedColumn, ...] = Field(min_length=1, strict=False)

    def layout_problems(self) -> Iterator[Problem]:
        """What does not fit together in the layout and its columns."""
        yield from self.layout.problems(self.columns)
