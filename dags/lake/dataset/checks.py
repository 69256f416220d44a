"""The key `checks`: what has to hold of a table's rows, as its file declares it.

A data set file and the head of a model file have it alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from lake.dataset.check import NUMBERS, Check, Declared, RowsCheck, Severity, SqlCondition
from lake.dataset.check_figures import Freshness, RowCount, Total
from lake.dataset.check_kinds import (
    AcceptedValues,
    Condition,
    Nulls,
    Pattern,
    Range,
    Reference,
    Unique,
)
from lake.dataset.declaration import Declaration, Name, repeated
from lake.dataset.errors import Problem

Figure = Literal["rows", "nulls", "mean", "deviation", "distinct", "share"]
FIGURES_OF_A_COLUMN = ("nulls", "mean", "deviation", "distinct")
FIGURES_OF_NUMBERS = ("mean", "deviation")
SHARES = ("nulls", "share")


class Anomaly(RowsCheck):
    """A figure of a day is near what it was on the same weekday before.

    How many deviations it is away is the modified z-score of Iglewicz and Hoaglin, "How to Detect
    and Handle Outliers" (1993), section 3.3: by the median and the median absolute deviation.
    """

    severity: Severity = Field(default="warn", examples=["fail"])
    """What becomes of a run where it does not hold."""
    of: Figure = Field(examples=["nulls"])
    """`rows`; of a column the share of `nulls`, the number of `distinct` values, the `mean` or the
    standard `deviation`; or the `share` of rows that meet `condition`."""
    column: Name | None = Field(default=None, examples=["coupon"])
    """The column, where the figure is of one."""
    condition: SqlCondition | None = Field(default=None, examples=["channel = 'app'"])
    """A condition in SQL, for `share`."""
    weeks: int = Field(default=8, ge=2, le=104, examples=[8])
    """How many of the same weekdays before it is compared with."""
    history: int = Field(default=4, ge=2, le=104, examples=[4])
    """With fewer of them known, it says nothing."""
    deviations: float = Field(default=3.5, gt=0, examples=[3.5])
    """More deviations than this are too many, up or down."""
    warn_deviations: float | None = Field(default=None, gt=0, examples=[2.5])
    """More than this warn already."""
    least_change: float | None = Field(default=None, ge=0, examples=[0.1])
    """A smaller change is none, however steady the history: a share of the median, by default 0.1;
    of `nulls` and `share` the difference itself, by default 0.05."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"anomaly({' '.join(filter(None, (self.of, self.column or self.condition)))})"

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return (self.column,) if self.column else ()

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if (self.of in FIGURES_OF_A_COLUMN) != (self.column is not None):
            said = "of a column" if self.column is None else "of the rows, not of a column"
            yield Problem(f"{key}.column", f"{self.of} is {said}", "{of: nulls, column: coupon}")
        if (self.of == "share") != (self.condition is not None):
            expected = "{of: share, condition: \"channel = 'app'\"}"
            yield Problem(f"{key}.condition", "belongs to `of: share`, and to it alone", expected)
        kind = table.kind(self.column or "")
        if self.of in FIGURES_OF_NUMBERS and kind and kind not in NUMBERS:
            yield Problem(f"{key}.column", f"is a {kind}; {self.of} is of a number")
        if self.history > self.weeks:
            yield Problem(f"{key}.history", f"is more than the {self.weeks} weeks looked at")
        if self.warn_deviations and not (
            self.severity == "fail" and self.warn_deviations < self.deviations
        ):
            message = "should be less than `deviations`, of a check with `severity: fail`"
            yield Problem(f"{key}.warn_deviations", message, "warn_deviations: 2.5")


class Source(Check):
    """The table has as many rows of the run's files as the ledger says were loaded."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return "source"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        if not table.has_files:
            message = "a model is made of tables, not of files; compare with one by `totals`"
            yield Problem(key, message)


class SchemaDrift(Check):
    """The table has the columns that its file declares and no others.

    Of a data set of JSON also: its files have no field that no column reads.
    """

    severity: Severity = Field(default="warn", examples=["fail"])
    """What becomes of a run where it does not hold."""
    ignore: tuple[str, ...] = Field(default=(), strict=False, examples=[["debug", "page.ab_test"]])
    """Columns and fields that may come and go."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return "schema_drift"


class Checks(Declaration):
    """What has to hold of the table's rows, looked at after each load.

    A check is about the days that the load touched, each judged by itself; where the table has no
    column for the day, or with `over: table`, about the whole table.
    """

    nulls: tuple[Nulls, ...] = Field(default=(), strict=False)
    unique: tuple[Unique, ...] = Field(default=(), strict=False)
    ranges: tuple[Range, ...] = Field(default=(), strict=False)
    accepted_values: tuple[AcceptedValues, ...] = Field(default=(), strict=False)
    patterns: tuple[Pattern, ...] = Field(default=(), strict=False)
    references: tuple[Reference, ...] = Field(default=(), strict=False)
    conditions: tuple[Condition, ...] = Field(default=(), strict=False)
    row_counts: tuple[RowCount, ...] = Field(default=(), strict=False)
    freshness: tuple[Freshness, ...] = Field(default=(), strict=False)
    totals: tuple[Total, ...] = Field(default=(), strict=False)
    anomalies: tuple[Anomaly, ...] = Field(default=(), strict=False)
    source: Source | None = None
    schema_drift: SchemaDrift | None = None

    @property
    def declared(self) -> tuple[tuple[str, Check], ...]:
        """Every check with the key of its kind, in the order of the keys."""
        return tuple((key.partition("[")[0], check) for key, check in self._by_key())

    def problems(self, table: Declared) -> Iterator[Problem]:
        """What does not fit together in the checks and the table that they are of."""
        found = list(self._by_key())
        for key, check in found:
            yield from check.problems(f"checks.{key}", table)
        names = [check.title for _, check in found]
        for index in repeated(names):
            message = f"{names[index]!r} is the name of another check too"
            yield Problem(f"checks.{found[index][0]}.name", message, "name: orders of the app")

    def _by_key(self) -> Iterator[tuple[str, Check]]:
        for key in type(self).model_fields:
            value = getattr(self, key)
            if isinstance(value, tuple):
                yield from ((f"{key}[{index}]", check) for index, check in enumerate(value))
            elif value is not None:
                yield key, value
