"""A group of fields that repeats in a record, such as the days of a month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from lake.dataset.declaration import Declaration, Name
from lake.dataset.errors import Problem
from lake.dataset.fixed_width.column import FixedWidthColumn
from lake.dataset.fixed_width.span import Span


class Ordinal(Declaration):
    """The column that says which group of its record a row is, from 1; an int."""

    name: Name = Field(examples=["day"])
    """In the table."""
    description: str = Field(min_length=1, max_length=255, examples=["Day of the month"])
    """Becomes the column's comment in Glue."""


class Groups(Span):
    """Fields that stand in a record several times, side by side.

    The `position` is the first group's, the `width` that of each.
    """

    times: int = Field(ge=2, le=1000, examples=[31])
    """How many groups a record has."""
    to: Literal["columns", "rows"] = Field(examples=["rows"])
    """`columns`: each group has its own, `value_01`, `value_02` and so on. `rows`: each group is a
    row, with the record's other columns; a record is rejected whole."""
    ordinal: Ordinal | None = Field(
        default=None, examples=[{"name": "day", "description": "Day of the month"}]
    )
    """With `to: rows`."""
    keep_missing: bool = Field(default=False, examples=[True])
    """With `to: rows`: whether a group whose columns are all missing is a row."""
    columns: tuple[FixedWidthColumn, ...] = Field(min_length=1, strict=False)
    """Of a group; their positions count from its first byte."""

    @property
    def all(self) -> Span:
        """The bytes of all groups."""
        return Span(position=self.position, width=self.width * self.times)

    def table_columns(self) -> list[FixedWidthColumn]:
        """The columns that the table has from the groups, at their place in the record."""
        if self.to == "columns":
            return [
                self._placed(column, number)
                for number in range(1, self.times + 1)
                for column in self.columns
            ]
        first = [self._placed(column, None) for column in self.columns]
        if self.ordinal is None:
            return first
        ordinal = FixedWidthColumn(
            name=self.ordinal.name,
            type="int",
            description=self.ordinal.description,
            position=self.position,
            width=1,
        )
        return [ordinal, *first]

    def problems(self, key: str, *, record_length: int) -> Iterator[Problem]:
        """What does not fit together in these, which stand at `key` in their file."""
        if self.all.end > record_length:
            message = f"end at byte {self.all.end}, outside of the record's {record_length} bytes"
            yield Problem(key, message)
        if (self.to == "rows") != (self.ordinal is not None):
            example = "ordinal: {name: day, description: Day of the month}"
            yield Problem(f"{key}.ordinal", "belongs to `to: rows`, which needs it", example)
        for index, column in enumerate(self.columns):
            if column.end > self.width:
                message = f"ends at byte {column.end}, outside of the group's {self.width} bytes"
                yield Problem(f"{key}.columns[{index}] ({column.name})", message)

    def _placed(self, column: FixedWidthColumn, number: int | None) -> FixedWidthColumn:
        """A column of the group of this number, or of the first under its own name."""
        offset = self.position - 1 + self.width * ((number or 1) - 1)
        changes: dict[str, object] = {"position": column.position + offset}
        if number:
            digits = len(str(self.times))
            changes["name"] = f"{column.name}_{number:0{digits}}"
            changes["description"] = f"{column.description} ({number} of {self.times})"
        return column.model_copy(update=changes)
