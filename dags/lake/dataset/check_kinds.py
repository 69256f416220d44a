"""The kinds of checks that each row meets or does not meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from lake.dataset.check import (
    NESTED,
    NUMBERS,
    TIMES,
    Declared,
    RowCheck,
    SqlCondition,
)
from lake.dataset.check_values import Value, pattern, unfit
from lake.dataset.declaration import Name
from lake.dataset.errors import Problem


class ColumnCheck(RowCheck):
    """A check of the values of one column; but for `nulls`, NULL meets it."""

    column: Name = Field(examples=["quantity"])
    """The column."""

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return (self.column,)


class Nulls(ColumnCheck):
    """A column has a value."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"nulls({self.column})"


class Unique(RowCheck):
    """No two rows have the same values in some columns; two NULLs are the same."""

    columns: tuple[Name, ...] = Field(default=(), strict=False, examples=[["order_id", "item"]])
    """The columns; default: the table's `keys`. Where the day is not among them, the check is about
    the whole table by default, because the same values may stand in two days."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"unique({', '.join(self.columns) or 'keys'})"

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return self.columns

    def over_table(self, table: Declared) -> bool:
        """See `Check`."""
        columns = self.columns or table.keys
        return super().over_table(table) or (self.over is None and table.day not in columns)

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if not (self.columns or table.keys):
            yield Problem(f"{key}.columns", "missing; the table has no keys", "columns: [order_id]")
        for name in self.columns:
            if table.kind(name) in NESTED:
                yield Problem(
                    f"{key}.columns", f"{name!r} is a {table.kind(name)}; compare scalars"
                )


class Range(ColumnCheck):
    """The values of a column lie between two values."""

    at_least: Value | None = Field(default=None, examples=[1])
    """The least value: a number, a date or a timestamp."""
    at_most: Value | None = Field(default=None, examples=[1000])
    """The greatest value."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"range({self.column})"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        ends = tuple(end for end in (self.at_least, self.at_most) if end is not None)
        if not ends:
            yield Problem(key, "has neither an `at_least` nor an `at_most`", "at_least: 1")
        yield from _unfit(key, ends, self.column, table, (*NUMBERS, *TIMES))


class AcceptedValues(ColumnCheck):
    """The values of a column are some of a list."""

    values: tuple[Value, ...] = Field(
        strict=False, min_length=1, max_length=1000, examples=[["shop", "site", "app"]]
    )
    """All that a value may be."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"accepted_values({self.column})"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        kinds = ("string", "boolean", *NUMBERS, *TIMES)
        yield from _unfit(f"{key}.values", self.values, self.column, table, kinds)


class Pattern(ColumnCheck):
    """The texts of a column match a regular expression, each as a whole."""

    matches: Annotated[str, AfterValidator(pattern)] = Field(
        min_length=1, max_length=500, examples=["[A-Z]{2}"]
    )
    """Of what every engine reads alike: characters, `.`, `[a-z]`, `[^a-z]`, `( )`, `|`, `*`, `+`,
    `?` and `{2,3}`; `[.]` is a point."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"pattern({self.column})"

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        kind = table.kind(self.column)
        if kind not in (None, "string"):
            yield Problem(f"{key}.column", f"is a {kind}; only texts have a pattern")


class Reference(RowCheck):
    """The values of some columns are those of a row of another table; a row with a NULL among them
    refers to none."""

    columns: tuple[Name, ...] = Field(strict=False, min_length=1, examples=[["song_id"]])
    """The columns."""
    table: Name = Field(examples=["music_songs"])
    """The other table, by its name in the environment's database."""
    to: tuple[Name, ...] = Field(default=(), strict=False, examples=[["song_id"]])
    """Its columns, in the same order; default: those of the same names."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"references({', '.join(self.columns)})"

    @property
    def columns_used(self) -> tuple[str, ...]:
        """See `Check`."""
        return self.columns

    def problems(self, key: str, table: Declared) -> Iterator[Problem]:
        """See `Check`."""
        yield from super().problems(key, table)
        if self.to and len(self.to) != len(self.columns):
            yield Problem(f"{key}.to", f"has {len(self.to)} columns for {len(self.columns)}")


class Condition(RowCheck):
    """Every row meets a condition in SQL; as with SQL's CHECK, a row for which it is NULL does."""

    sql: SqlCondition = Field(examples=["amount = quantity * unit_price"])
    """In Athena's SQL, of the columns of one row."""

    @property
    def default_name(self) -> str:
        """See `Check`."""
        return f"condition({self.sql[:80]})"


def _unfit(
    key: str, values: tuple[Value, ...], column: str, table: Declared, kinds: tuple[str, ...]
) -> Iterator[Problem]:
    """Values that the column cannot have, and columns that cannot have such a check."""
    kind = table.kind(column)
    if kind is None:
        return
    if kind not in kinds:
        yield Problem(key, f"{column} is a {kind}; only {', '.join(kinds)} have such a check")
    elif wrong := unfit(values, kind):
        yield Problem(key, f"{wrong[0]!r} is no value of a {kind}, which {column} is")
