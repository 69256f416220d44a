"""A check of a table: what every kind of check has in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lake.dataset.check_values import condition
from lake.dataset.declaration import Declaration
from lake.dataset.errors import Problem

Severity = Literal["fail", "warn"]
Extent = Literal["days", "table"]

NUMBERS = ("int", "bigint", "double", "decimal")
TIMES = ("date", "timestamp")
NESTED = ("array", "struct", "map")

SqlCondition = Annotated[str, AfterValidator(condition)]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What checks have to know of the table that they are of."""

    types: Mapping[str, str]
    """Of each column, as its file has it or as Glue has it."""
    keys: tuple[str, ...] = ()
    day: str | None = None
    """The date column that the table is loaded by."""
    has_files: bool = False
    """Whether it is made of landed files, as a data set is."""

    def kind(self, column: str) -> str | None:
        """A column's type without its parameters; None where there is no such column."""
        text = self.types.get(column)
        return text.split("(")[0].split("<")[0] if text else None


class Check(Declaration):
    """Something that has to hold of a table."""

    name: str | None = Field(default=None, min_length=1, max_length=100, examples=["paid orders"])
    """What messages and results call it, once in a table; default: what it is about."""
    severity: Severity = Field(default="fail", examples=["warn"])
    """What becomes of a run where it does not hold: it fails, or it only warns."""

    @property
    def default_name(self) -> str:
        """What it is called without a `name`."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.default_name

    @property
    def columns_used(self) -> tuple[str, ...]:
        """The table's columns that it is about."""
        return ()

    def over_table(self, table: Declared) -> bool:  # noqa: ARG002  # some kinds ask it
        """Whether it is about the whole table, not about the days of a run."""
        return True

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """What does not fit together in the check, which stands at `key`, and its table."""
        for name in self.columns_used:
            if name not in table.types:
                message = f"{name!r} is not a column; the columns are {', '.join(table.types)}"
                yield Problem(key, message)


class RowsCheck(Check):
    """A check of rows: all of the table's, those of some days, those of a condition."""

    where: SqlCondition | None = Field(default=None, examples=["channel = 'app'"])
    """A condition in SQL: the check is about the rows that meet it."""
    over: Extent | None = Field(default=None, examples=["table"])
    """`days`: each day that the run touched; `table`: all rows. Default: `days` where the table has
    a date among its partitions, for most checks."""

    def over_table(self, table: Declared) -> bool:
        """See `Check`."""
        return table.day is None or self.over == "table"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if self.over == "days" and table.day is None:
            yield Problem(f"{key}.over", "the table has no day", "over: table")


class RowCheck(RowsCheck):
    """A check that each row meets or does not meet."""

    allowed: float = Field(default=0.0, ge=0, lt=1, examples=[0.01])
    """The share of rows that need not meet it."""
    warn_above: float | None = Field(default=None, ge=0, lt=1, examples=[0.001])
    """A share below `allowed` that warns already."""

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if self.warn_above is not None and not (
            self.severity == "fail" and self.warn_above < self.allowed
        ):
            message = "should be less than `allowed`, of a check with `severity: fail`"
            yield Problem(f"{key}.warn_above", message, "{allowed: 0.05, warn_above: 0.01}")
