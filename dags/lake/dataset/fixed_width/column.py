"""A column of a fixed-width file: its bytes, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from lake.dataset.column import WIDEST_INT32, WIDEST_INT64, Column
from lake.dataset.errors import Problem
from lake.dataset.fixed_width.span import Span
from lake.dataset.fixed_width.time_format import TimeFormat, default_format, holds, parts_of

Sign = Literal["leading", "trailing", "overpunch"]

_WHOLE_NUMBERS = ("int", "bigint")
_EXACT_NUMBERS = (*_WHOLE_NUMBERS, "decimal")


class FixedWidthColumn(Span, Column):
    """A column and the bytes of a record that hold it.

    Numbers are digits, with spaces around them, and a sign before them, or not. A decimal's point
    is implied: `decimal(13,2)` reads `0000000000150` as 1.50. An `int` of more than 9 digits is a
    bigint. Nothing but spaces is a missing value; zeros are zero.
    """

    format: TimeFormat | None = Field(default=None, examples=["YYYYMMDD"])
    """How a date or a timestamp is written; default: `YYYYMMDD` and `YYYYMMDDhhmmss`. An `int` of a
    time, such as `hhmmss`, is its seconds since midnight."""
    pivot: int | None = Field(default=None, ge=0, le=99, examples=[70])
    """Two digits of a year from this on are of 19xx, those before of 20xx; needed by `YY`."""
    sign: Sign | None = Field(default=None, examples=["trailing"])
    """Where a number's sign has a byte of its own: `leading`, or `trailing`, `+`, `-` or a space;
    `overpunch`: in its last digit, `{` and `A` to `I` for +0 to +9, `}` and `J` to `R`, or `p` to
    `y`, for -0 to -9."""
    decimal_point: Literal[".", ","] | None = Field(default=None, examples=["."])
    """Of a decimal whose point is written, or of a double, which has a `.` by default."""
    missing: tuple[str, ...] = Field(default=(), strict=False, examples=[["-9999"]])
    """What stands for a missing value besides spaces, such as `-9999`, or `00000000` for a date;
    compared without the spaces around it."""
    true_values: tuple[str, ...] = Field(
        default=("1",), min_length=1, strict=False, examples=[["S"]]
    )
    """What a boolean's true is written as, without the spaces around it."""
    false_values: tuple[str, ...] = Field(
        default=("0",), min_length=1, strict=False, examples=[["N"]]
    )
    """What a boolean's false is written as."""

    @property
    def date_format(self) -> str:
        """How a date column is written."""
        return self.format or "YYYYMMDD"

    @property
    def time_format(self) -> str | None:
        """How the date, the timestamp or the time is written; None for other columns."""
        return self.format or default_format(self.kind)

    @property
    def glue_type(self) -> str:
        """The column's type in Glue and Athena: an int of more than 9 digits is a bigint."""
        is_wide = self.kind == "int" and self.format is None and self.most_digits > WIDEST_INT32
        return "bigint" if is_wide else self.type

    @property
    def most_digits(self) -> int:
        """Digits that a number has at most."""
        own = (self.sign in ("leading", "trailing")) + (self.decimal_point is not None)
        return self.width - own

    def problems(self, key: str) -> list[Problem]:
        """What does not fit together in this column, which stands at `key` in its file."""
        return [
            *super().problems(key),
            *self._time_problems(key),
            *self._number_problems(key),
            *self._value_problems(key),
        ]

    def _time_problems(self, key: str) -> Iterator[Problem]:
        form = self.time_format
        if form is None:
            if self.pivot is not None:
                yield Problem(f"{key}.pivot", "only a `format` with YY has one")
            return
        fitting = {"date": "date", "timestamp": "timestamp", "time": "int"}[holds(form)]
        if fitting != self.kind:
            message = f"{form} is the format of type {fitting}, not {self.type}"
            yield Problem(f"{key}.format", message)
        elif self.width != len(form):
            message = f"{self.width} does not hold {form}"
            yield Problem(f"{key}.width", message, f"width: {len(form)}")
        if ("YY" in parts_of(form)) != (self.pivot is not None):
            message = "belongs to YY: years from it on are of 19xx, those before of 20xx"
            yield Problem(f"{key}.pivot", message, "pivot: 70")

    def _number_problems(self, key: str) -> Iterator[Problem]:
        if self.sign and (self.kind not in _EXACT_NUMBERS or self.format):
            yield Problem(
                f"{key}.sign", f"only a whole number or a decimal has one, not {self.type}"
            )
        if self.decimal_point and self.kind not in ("decimal", "double"):
            yield Problem(
                f"{key}.decimal_point", f"only a decimal or a double has one, not {self.type}"
            )
        if self.decimal_point and self.sign == "overpunch":
            yield Problem(f"{key}.decimal_point", "a number with an overpunched sign has none")
        if self.kind in _EXACT_NUMBERS and self.most_digits < 1:
            yield Problem(f"{key}.width", "has no room for a digit", "width: 2")
        if self.kind in _WHOLE_NUMBERS and not self.format and self.most_digits > WIDEST_INT64:
            message = (
                f"{self.most_digits} digits do not fit an {self.kind}, which holds {WIDEST_INT64}"
            )
            yield Problem(f"{key}.width", message, "type: string")
        if self.kind == "decimal" and self.most_digits > self.precision:
            message = f"{self.most_digits} digits do not fit {self.type}"
            fits = min(self.most_digits, WIDEST_INT64)
            yield Problem(f"{key}.width", message, f"type: decimal({fits},{self.scale})")

    def _value_problems(self, key: str) -> Iterator[Problem]:
        if self.missing and not self.nullable:
            yield Problem(f"{key}.missing", "a missing value is NULL", "nullable: true")
        lists = {"missing": self.missing}
        if self.kind == "boolean":
            lists |= {"true_values": self.true_values, "false_values": self.false_values}
        seen: dict[str, str] = {}
        for name, values in lists.items():
            for value in values:
                if not 1 <= len(value) <= self.width or value != value.strip(" "):
                    message = f"{value!r} is not 1 to {self.width} bytes without spaces around them"
                    yield Problem(f"{key}.{name}", message)
                if value in seen:
                    yield Problem(f"{key}.{name}", f"{value!r} is in {seen[value]} too")
                seen[value] = name
        for name in sorted({"true_values", "false_values"} & self.model_fields_set):
            if self.kind != "boolean":
                yield Problem(f"{key}.{name}", f"only a boolean has them, not {self.type}")
