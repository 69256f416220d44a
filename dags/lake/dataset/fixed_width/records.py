"""The records of a file: which of them become rows, and what the others say of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lake.dataset.column import WIDEST_INT64
from lake.dataset.declaration import Declaration
from lake.dataset.errors import Problem
from lake.dataset.fixed_width.span import Span


def _several(value: object) -> object:
    return (value,) if isinstance(value, dict) else value


class RecordCount(Span):
    """The field of a trailer that says how many records there should be."""

    of: Literal["lines", "details", "batches", "records"] = Field(
        default="lines", examples=["lines"]
    )
    """What is counted: all lines from the header to the trailer, both included; the records that
    become rows; in a file's trailer its batches; or the records of `types`."""
    types: tuple[str, ...] = Field(default=(), strict=False, examples=[["3P", "3Q"]])
    """With `of: records`: these."""


class ControlSum(Span):
    """The field of a trailer that says what a column's values should add up to.

    Digits, with the decimals of the column.
    """

    of: str = Field(min_length=1, examples=["amount"])
    """A column of whole numbers or decimals."""


Counts = Annotated[tuple[RecordCount, ...], BeforeValidator(_several), Field(strict=False)]
Sums = Annotated[tuple[ControlSum, ...], BeforeValidator(_several), Field(strict=False)]


class Header(Declaration):
    """The record that opens a file, or a batch in it."""

    type: str = Field(min_length=1, examples=["00"])
    """What it has at `record_type`, and at `segment`."""


class Detail(Declaration):
    """The records that become rows."""

    type: str = Field(min_length=1, examples=["01"])
    """What they have at `record_type`, and at `segment`."""
    other_types: tuple[str, ...] = Field(default=(), strict=False, examples=[["02"]])
    """Of records with the same columns, which become rows, too."""

    @property
    def types(self) -> tuple[str, ...]:
        """All of them."""
        return (self.type, *self.other_types)


class Trailer(Declaration):
    """The record that closes a file, or a batch in it, and proves that it is whole."""

    type: str = Field(min_length=1, examples=["99"])
    """What it has at `record_type`, and at `segment`."""
    count: Counts = Field(default=(), examples=[{"position": 32, "width": 11, "of": "lines"}])
    """One count, or a list."""
    sum: Sums = Field(default=(), examples=[{"position": 24, "width": 18, "of": "amount"}])
    """One sum, or a list."""

    def places(self) -> Iterator[tuple[str, Span]]:
        """Each field, and its key below the trailer's."""
        yield from ((f"count[{index}]", each) for index, each in enumerate(self.count))
        yield from ((f"sum[{index}]", each) for index, each in enumerate(self.sum))

    def problems(self, key: str, *, in_batch: bool) -> Iterator[Problem]:
        """What does not fit together in this trailer, which stands at `key` in its file."""
        for name, place in self.places():
            if place.width > WIDEST_INT64:
                message = f"{place.width} digits; a count or a sum has at most {WIDEST_INT64}"
                yield Problem(f"{key}.{name}.width", message)
        for index, count in enumerate(self.count):
            if (count.of == "records") != bool(count.types):
                message = "belongs to `of: records`, which needs it"
                yield Problem(f"{key}.count[{index}].types", message, "types: ['3P']")
            if count.of == "batches" and in_batch:
                yield Problem(f"{key}.count[{index}].of", "a batch has no batches in it")


class Batch(Declaration):
    """A part of a file with a header and a trailer of its own; batches follow each other."""

    header: Header = Field(examples=[{"type": "1"}])
    trailer: Trailer = Field(examples=[{"type": "5"}])
