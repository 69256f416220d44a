"""A format's rules as expressions, the same for both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lake.dataset.column import SOURCE_KEY
from lake.engines.sql.dialect import Dialect

CONTROL = "control"
"""The verdict on a record that is neither a row nor rejected."""
EMPTY, END_MARK, HEADER, IGNORED, TRAILER = "empty", "end_mark", "header", "ignored", "trailer"
SKIPPED, COMMENT = "skipped", "comment"
"""The kinds of control records."""
MOST_RAW_CHARACTERS = 1 << 16
"""Of a longer record, the quarantine has this many bytes, as where a worker converts."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a record is no row."""

    condition: str
    reason: str
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Value:
    """A column of the table: the expression of a row's value."""

    name: str
    glue_type: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that is added up over all lines of a file."""

    name: tuple[str, str]
    condition: str
    """Of the lines that count."""
    value: str | None = None
    """What each adds; None for one."""

    @property
    def sql(self) -> str:
        """The aggregate."""
        if self.value is None:
            return f"sum(CASE WHEN {self.condition} THEN 1 ELSE 0 END)"
        return f"sum(CASE WHEN {self.condition} THEN {self.value} END)"


@dataclass(frozen=True, kw_only=True)
class Derived:
    """What is computed once of each line, for the other expressions to refer to by its name."""

    name: str
    sql: str
    """Of the line, and of what was derived before."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What becomes of a record called `line`."""

    dialect: Dialect
    derived: tuple[Derived, ...] = ()
    faults: tuple[Fault, ...]
    """In the order in which they are tried; one with `CONTROL` for a reason is a control record,
    whose kind is in place of the column."""
    values: tuple[Value, ...]
    """Of a record without a fault."""
    measures: tuple[Measure, ...] = ()
    unread: str | None = None
    """Whether a line is one that only a worker reads: then all of its file is left to one."""
    opening: str | None = None
    """Whether the record is a header, where the file has to begin with one."""
    closing: str | None = None
    """Whether the record is a trailer, after which no other is read."""
    raw: str
    """The record as text, for the quarantine."""
    raw_bytes: str
    """The record as it came."""

    @property
    def verdict(self) -> str:
        """NULL for a row, `control:kind`, `reason`, or `reason:column`."""
        cases = " ".join(
            f"WHEN {fault.condition} THEN {self.dialect.literal(_label(fault))}"
            for fault in self.faults
        )
        return f"CASE {cases} END" if cases else self.dialect.null("string")

    def row(self, source_key: str) -> list[str]:
        """The columns of the table, of a row of one file."""
        key = f"{self.dialect.literal(source_key)} AS {SOURCE_KEY}"
        name = self.dialect.name
        return [*(f"{value.sql} AS {name(value.name)}" for value in self.values), key]

    @property
    def control(self) -> str:
        """Whether a verdict is that on a control record."""
        return f"verdict LIKE '{CONTROL}:%'"

    def partition(self, names: Sequence[str]) -> list[str]:
        """The values of the partition's columns as text, as Glue has them."""
        text = self.dialect.type_name("string")
        by_name = {value.name: value.sql for value in self.values}
        return [f"CAST({by_name[name]} AS {text})" for name in names]


def _label(fault: Fault) -> str:
    return f"{fault.reason}:{fault.column}" if fault.column else fault.reason


def reason_and_column(verdict: str) -> tuple[str, str | None]:
    """A verdict taken apart."""
    reason, _, column = verdict.partition(":")
    return reason, column or None
