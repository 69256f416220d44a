"""A column of a table: its name and its type. Where a record holds it is for the format to say."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lake.dataset.declaration import Declaration, Name
from lake.dataset.errors import Problem

Kind = Literal[
    "string", "int", "bigint", "double", "boolean", "decimal", "date", "timestamp",
    "array", "struct",
]  # fmt: skip

WIDEST_INT32 = 9
WIDEST_INT64 = 18
"""Digits that always fit a signed 64-bit number."""

SOURCE_KEY = "source_key"
"""The column that every table has besides its own: the landed object that a row came from."""

_TYPE = re.compile(
    r"string|int|bigint|double|boolean|date|timestamp"
    r"|decimal\((?P<precision>\d{1,2}),(?P<scale>\d{1,2})\)"
)


def type_text(text: str) -> str:
    """A scalar type as a data set file has it, without spaces.

    Raises:
        ValueError: it is none; the message says what it should be.
    """
    text = text.replace(" ", "")
    found = _TYPE.fullmatch(text)
    if not found:
        raise ValueError(
            "should be string, int, bigint, double, boolean, date, timestamp or "
            "decimal(precision,scale)"
        )
    if found["precision"]:
        precision, scale = int(found["precision"]), int(found["scale"])
        if not 1 <= precision <= WIDEST_INT64 or scale > precision:
            raise ValueError(
                f"a decimal's precision is 1 to {WIDEST_INT64} digits, its scale 0 to the precision"
            )
    return text


class Column(Declaration):
    """A column of a table; each format adds where its records hold it."""

    name: Name = Field(examples=["codneg"])
    """In the table: a letter first, then letters, digits and _, all of them lower case."""
    type: Annotated[str, AfterValidator(type_text)] = Field(examples=["decimal(13,2)"])
    """`string`, `int` (32 bits), `bigint` (64 bits), `double`, `boolean`, `date`, `timestamp`
    (without zone, microseconds) or `decimal(precision,scale)`."""
    nullable: bool = Field(default=False, examples=[True])
    """Whether a missing value is NULL; where it is not, it makes its record a reject."""
    description: str = Field(min_length=1, max_length=255, examples=["Paper's trading code"])
    """Becomes the column's comment in Glue, which holds 255 characters."""

    @property
    def kind(self) -> Kind:
        """The type without its parameters."""
        name: Kind = re.split("[(<]", self.type)[0]  # type: ignore[assignment]  # checked before
        return name

    @property
    def precision(self) -> int:
        """Digits of a decimal; 0 for other types."""
        return self._decimal()[0]

    @property
    def scale(self) -> int:
        """Digits of a decimal after its point; 0 for other types."""
        return self._decimal()[1]

    @property
    def glue_type(self) -> str:
        """The column's type in Glue and Athena."""
        return self.type

    def problems(self, key: str) -> list[Problem]:
        """What does not fit together in this column, which stands at `key` in its file."""
        if self.name == SOURCE_KEY:
            return [Problem(f"{key}.name", f"{SOURCE_KEY!r} is the lake's own column")]
        return []

    def _decimal(self) -> tuple[int, int]:
        found = _TYPE.fullmatch(self.type)
        return (int(found["precision"]), int(found["scale"])) if found and found[1] else (0, 0)
