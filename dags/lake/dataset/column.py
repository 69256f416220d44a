"""A column of a table: its name, its type, and where a record holds it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lake.dataset.declaration import Declaration, Name
from lake.dataset.errors import Problem

Kind = Literal["string", "int", "decimal", "date"]

WIDEST_INT32 = 9
WIDEST_INT64 = 18
"""Digits that always fit a signed 64-bit number."""

_TYPE = re.compile(r"string|int|date|decimal\((?P<precision>\d{1,2}),(?P<scale>\d{1,2})\)")
_DATE_FORMAT = re.compile(r"[-/. ]?".join(["(YYYY|MM|DD)"] * 3))


def _type_text(text: str) -> str:
    text = text.replace(" ", "")
    found = _TYPE.fullmatch(text)
    if not found:
        raise ValueError("should be string, int, date or decimal(precision,scale)")
    if found["precision"]:
        precision, scale = int(found["precision"]), int(found["scale"])
        if not 1 <= precision <= WIDEST_INT64 or scale > precision:
            raise ValueError(
                f"a decimal's precision is 1 to {WIDEST_INT64} digits, its scale 0 to the precision"
            )
    return text


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


class Column(Span):
    """A column of a table and the bytes of a record that hold it."""

    name: Name = Field(examples=["codneg"])
    type: Annotated[str, AfterValidator(_type_text)] = Field(examples=["decimal(13,2)"])
    """`string`, `int`, `date` or `decimal(precision,scale)`; a decimal's point is implied:
    `decimal(13,2)` reads `0000000000150` as 1.50."""
    nullable: bool = Field(default=False, examples=[True])
    """Whether a blank field is NULL; where it is not, a blank field makes its record a reject."""
    format: Annotated[str, AfterValidator(_date_format)] | None = Field(
        default=None, examples=["YYYYMMDD"]
    )
    """How a date is written; dates only."""
    description: str = Field(min_length=1, max_length=255, examples=["Paper's trading code"])
    """Becomes the column's comment in Glue, which holds 255 characters."""

    @property
    def kind(self) -> Kind:
        """The type without its parameters."""
        name: Kind = self.type.partition("(")[0]  # type: ignore[assignment]  # checked by _TYPE
        return name

    @property
    def precision(self) -> int:
        """Digits of a decimal; 0 for other types."""
        return self._decimal()[0]

    @property
    def scale(self) -> int:
        """Digits of a decimal after its implied point; 0 for other types."""
        return self._decimal()[1]

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
        found = []
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

    def _decimal(self) -> tuple[int, int]:
        found = _TYPE.fullmatch(self.type)
        return (int(found["precision"]), int(found["scale"])) if found and found[1] else (0, 0)
