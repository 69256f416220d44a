"""The model of a model file's head: a table that is computed from other tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from lake.dataset.check import Declared
from lake.dataset.checks import Checks
from lake.dataset.column import Column
from lake.dataset.declaration import Declaration, Name, repeated
from lake.dataset.errors import Problem, ProblemsFound
from lake.targets.table import TableDefinition
from pydantic import AfterValidator, Field, model_validator

_PARTITION = re.compile(r"(?:(year|month|day)\()?([a-z][a-z0-9_]*)(?(1)\))")


def _partition(text: str) -> str:
    if not _PARTITION.fullmatch(text):
        raise ValueError("should be a column, or year(column), month(column) or day(column)")
    return text


class Model(Declaration):
    """A table of the lake, its meaning, and how it follows the tables that it reads.

    `domain`, `table` and `query` come from the file's place and its SQL, never from its head.
    """

    domain: Name
    table: Name
    query: str
    """A SELECT in Athena's dialect, without its head."""
    description: str = Field(min_length=1, max_length=2048, examples=["Songs played, a row a play"])
    """Becomes the table's description in Glue."""
    owner: str = Field(min_length=1, examples=["music-analytics"])
    """Who answers for the table."""
    columns: tuple[Column, ...] = Field(min_length=1, strict=False)
    """The table's columns, in its order; the query gives the same names, in any order."""
    keys: tuple[str, ...] = Field(strict=False, min_length=1, examples=[["songplay_id"]])
    """Columns that tell one row from every other. A load that would break this changes nothing."""
    by_day: str | None = Field(default=None, examples=["day"])
    """The date column that the table is computed by, a set of days at a time: the query then reads
    only `… IN (:days)`. Default: the whole table is computed each time."""
    partitions: tuple[Annotated[str, AfterValidator(_partition)], ...] | None = Field(
        default=None, strict=False, examples=[["month(day)"]]
    )
    """What the table is partitioned by; default: the column of `by_day`, if there is one."""
    rebuild_when_changed: tuple[str, ...] = Field(
        default=(), strict=False, examples=[["music_song_metadata"]]
    )
    """Tables without days of their own: when one of them changes, every day is computed again."""

    checks: Checks = Checks()
    """What has to hold of the rows after a load; a run in which it does not goes no further."""

    @property
    def table_name(self) -> str:
        """The table's name in the environment's database."""
        return f"{self.domain}_{self.table}"

    @property
    def partitioning(self) -> tuple[str, ...]:
        """What the table is partitioned by, with the default."""
        if self.partitions is not None:
            return self.partitions
        return (self.by_day,) if self.by_day else ()

    @property
    def definition(self) -> TableDefinition:
        """The table, as a target makes it."""
        return TableDefinition(
            name=self.table_name,
            folder=f"{self.domain}/{self.table}/",
            description=self.description,
            columns=self.columns,
            partitioning=self.partitioning,
        )

    @property
    def column_types(self) -> dict[str, str]:
        """The columns' types in Glue, by name."""
        return {column.name: column.glue_type for column in self.columns}

    @model_validator(mode="after")
    def _fits_together(self) -> Model:
        if problems := list(self._problems()):
            raise ProblemsFound(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        names = [column.name for column in self.columns]
        for index in repeated(names):
            yield Problem(f"columns[{index}].name", f"{names[index]!r} is listed twice")
        for index, name in enumerate(self.keys):
            if name not in names:
                yield Problem(f"keys[{index}]", _no_column(name, names))
        types = self.column_types
        for name in filter(None, (self.by_day,)):
            if types.get(name) != "date":
                message = "is no date" if name in types else _no_column(name, names)
                yield Problem("by_day", f"{name}: {message}", "by_day: day")
        for index, text in enumerate(self.partitioning):
            name = re.sub(r".*\(|\)", "", text)
            if name not in names:
                yield Problem(f"partitions[{index}]", _no_column(name, names))
        yield from self.checks.problems(Declared(types=types, keys=self.keys, day=self.by_day))
        if self.rebuild_when_changed and not self.by_day:
            message = "is for tables with `by_day`; every other is computed whole each time"
            yield Problem("rebuild_when_changed", message)


def _no_column(name: str, names: list[str]) -> str:
    return f"{name!r} is not a column; the columns are {', '.join(names)}"
