"""The kinds of checks of a figure of many rows: their count, their age, their sum."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from lake.dataset.check import NUMBERS, TIMES, Declared, RowsCheck, SqlCondition
from lake.dataset.declaration import Name
from lake.dataset.errors import Problem


class RowCount(RowsCheck):
    """There are as many rows as there should be, on a day or in the table."""

    at_least: int | None = Field(default=None, ge=0, examples=[1])
    """Fewer are too few."""
    at_most: int | None = Field(default=None, ge=0, examples=[1000000])
    """More are too many."""
    warn_below: int | None = Field(default=None, ge=0, examples=[1000])
    """Fewer warn already."""
    warn_above: int | None = Field(default=None, ge=0, examples=[500000])
    """More warn already."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return "row_count"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        ends = [self.at_least, self.warn_below, self.warn_above, self.at_most]
        given = [end for end in ends if end is not None]
        if not given:
            yield Problem(key, "has no limit", "at_least: 1")
        if given != sorted(given):
            message = "should be in the order at_least, warn_below, warn_above, at_most"
            yield Problem(key, f"the limits {message}")


class Freshness(RowsCheck):
    """The latest value of a date or timestamp, in UTC, is not too old when the check runs."""

    column: Name = Field(examples=["occurred_at"])
    """The column; a date counts to its end."""
    max_age_hours: float = Field(gt=0, examples=[36])
    """An older one is too old."""
    warn_age_hours: float | None = Field(default=None, gt=0, examples=[26])
    """An older one warns already."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"freshness({self.column})"

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return (self.column,)

    def over_table(self, table: Declared) -> bool:
        """See `Check`; a backfill's days are old, and the table is not."""
        return super().over_table(table) or self.over is None

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        kind = table.kind(self.column)
        if kind not in (None, *TIMES):
            yield Problem(f"{key}.column", f"is a {kind}, not a date or a timestamp")
        if self.warn_age_hours and not (
            self.severity == "fail" and self.warn_age_hours < self.max_age_hours
        ):
            message = "should be less than `max_age_hours`, of a check with `severity: fail`"
            yield Problem(f"{key}.warn_age_hours", message, "warn_age_hours: 26")


class Total(RowsCheck):
    """The rows, or the sum of a column, are those of another table."""

    column: Name | None = Field(default=None, examples=["amount"])
    """The column that is added up; default: rows are counted."""
    table: Name = Field(examples=["sales_invoices"])
    """The other table."""
    to: Name | None = Field(default=None, examples=["total"])
    """Its column; default: the one of the same name."""
    to_where: SqlCondition | None = Field(default=None, examples=["page = 'NextSong'"])
    """A condition in SQL that its rows have to meet."""
    to_day: Name | None = Field(default=None, examples=["invoiced_on"])
    """Its column for the day; without it the whole tables are compared."""
    tolerance: float = Field(default=0.0, ge=0, examples=[0.001])
    """By which share of the other's total they may differ."""
    warn_tolerance: float | None = Field(default=None, ge=0, examples=[0.0001])
    """A smaller share that warns already."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"total({self.column or 'rows'} of {self.table})"

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return (self.column,) if self.column else ()

    def over_table(self, table: Declared) -> bool:
        """See `Check`."""
        return super().over_table(table) or self.to_day is None

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if self.column and table.kind(self.column) not in (None, *NUMBERS):
            yield Problem(f"{key}.column", f"is a {table.kind(self.column)}, not a number")
        if self.to and not self.column:
            yield Problem(f"{key}.to", "without a `column`, rows are counted", "column: amount")
        if self.over == "days" and not self.to_day:
            yield Problem(f"{key}.to_day", "missing; days are compared", "to_day: invoiced_on")
        if self.warn_tolerance is not None and not (
            self.severity == "fail" and self.warn_tolerance < self.tolerance
        ):
            message = "should be less than `tolerance`, of a check with `severity: fail`"
            yield Problem(f"{key}.warn_tolerance", message, "{tolerance: 0.01, warn_tolerance: 0}")
