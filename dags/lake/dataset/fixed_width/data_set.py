"""A data set of fixed-width files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, ValidationError, model_validator

from lake.dataset.errors import Problem
from lake.dataset.fixed_width.column import FixedWidthColumn
from lake.dataset.fixed_width.groups import Groups
from lake.dataset.fixed_width.layout import FixedWidthLayout
from lake.dataset.fixed_width.span import Span
from lake.dataset.model import DataSet

WIDEST_PARTITION = 50
"""Bytes of a column that folders are named by: each may take three, and a name has 255."""


class FixedWidthDataSet(DataSet):
    """A data set of fixed-width files."""

    layout: FixedWidthLayout = Field(examples=[{"format": "fixed_width", "record_length": 245}])
    columns: tuple[FixedWidthColumn, ...] = Field(min_length=1, strict=False)
    """The table's columns, in its order; those of `groups` come after them."""
    groups: Groups | None = Field(
        default=None, examples=[{"position": 22, "width": 8, "times": 31, "to": "rows"}]
    )
    """Fields that stand in a record several times, side by side."""

    @model_validator(mode="before")
    @classmethod
    def _with_columns_of_groups(cls, data: Any) -> Any:
        """The groups' columns are columns of the table like all others."""
        if not isinstance(data, dict) or not isinstance(data.get("columns"), list | tuple):
            return data
        try:
            groups = Groups.model_validate(data["groups"]) if data.get("groups") else None
        except ValidationError:
            return data  # which the field's own validation reports
        added = groups.table_columns() if groups else []
        return {**data, "columns": [*data["columns"], *added]}

    @property
    def rows_of_groups(self) -> Groups | None:
        """The groups, where each of them becomes a row."""
        return self.groups if self.groups and self.groups.to == "rows" else None

    @property
    def record_columns(self) -> tuple[FixedWidthColumn, ...]:
        """The columns that a record has once: all, where groups do not become rows."""
        groups = self.rows_of_groups
        return self.columns[: -len(groups.table_columns())] if groups else self.columns

    @property
    def gaps(self) -> list[Span]:
        """The bytes of a detail record that no column reads."""
        return self.layout.gaps([place for _, place in self._places()])

    def layout_problems(self) -> Iterator[Problem]:
        """What does not fit together in the layout and its columns."""
        yield from self.layout.problems(self._places())
        yield from self._sum_problems()
        if self.groups:
            yield from self.groups.problems("groups", record_length=self.layout.record_length)
        for index, name in enumerate(self.partitions):
            column = next((column for column in self.columns if column.name == name), None)
            if column and column.width > WIDEST_PARTITION:
                message = f"{name!r} has {column.width} bytes; a folder's name has room for "
                yield Problem(f"partitions[{index}]", f"{message}{WIDEST_PARTITION}")

    def _places(self) -> list[tuple[str, Span]]:
        places: list[tuple[str, Span]] = [
            (f"columns[{index}] ({column.name})", column)
            for index, column in enumerate(self.record_columns)
        ]
        return [*places, ("groups", self.rows_of_groups.all)] if self.rows_of_groups else places

    def _sum_problems(self) -> Iterator[Problem]:
        exact = {
            column.name
            for column in self.record_columns
            if column.kind in ("int", "bigint", "decimal")
        }
        for key, trailer in (
            ("layout.batch.trailer", self.layout.batch and self.layout.batch.trailer),
            ("layout.trailer", self.layout.trailer),
        ):
            for index, each in enumerate(trailer.sum if trailer else ()):
                if each.of not in exact:
                    message = f"{each.of!r} is no column of whole numbers or decimals"
                    yield Problem(f"{key}.sum[{index}].of", message)
