"""The scan: one statement that reads the rows once, however many checks there are of them.

Each check is a flag of a row, 1 where it fails; the flags are added up by day. Uniqueness is a
window over the same rows. A reference joins the other table's distinct values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from lake.dataset.check import Check, RowCheck
from lake.quality.documents import CheckedTable
from lake.quality.expressions import TABLE, RowTest, column, gathered, row_test
from lake.targets import Target

SAMPLE_ROWS = 10
"""How many failing rows a result shows."""


@dataclass(frozen=True)
class Figures:
    """What was gathered of the rows of a day, or of the table."""

    rows: int = 0
    failing: Mapping[str, int] = field(default_factory=dict)
    """Rows that fail a check, by its title."""
    gathered: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """See `expressions.gathered`, by the check's title."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The rows that are read: those of some days, or all; judged by day, or together."""

    days: Collection[date] | None
    """None for all."""
    by_day: bool

    def condition(self, table: CheckedTable) -> str:
        """The WHERE of the rows."""
        if self.days is None:
            return ""
        listed = ", ".join(f"DATE '{day}'" for day in sorted(self.days))
        return f" WHERE {column(str(table.day))} IN ({listed})"


def scan(
    target: Target, table: CheckedTable, checks: Sequence[Check], rows: Slice
) -> dict[date | None, Figures]:
    """The figures of every day that has rows, or of all rows together under None."""
    answers = target.query(scan_statement(table, checks, rows))
    found: dict[date | None, Figures] = {}
    for answer in answers:
        day = date.fromisoformat(str(answer["day_checked"])) if rows.by_day else None
        found[day] = Figures(
            rows=int(answer["rows_read"] or 0),
            failing={
                check.title: int(answer[f"failing_{number}"] or 0)
                for number, check in enumerate(checks)
                if isinstance(check, RowCheck)
            },
            gathered={
                check.title: {name: answer[f"{name}_{number}"] for name in gathered(check)}
                for number, check in enumerate(checks)
            },
        )
    return found


def scan_statement(table: CheckedTable, checks: Sequence[Check], rows: Slice) -> str:
    """The one statement: flags of each row inside, their sums outside."""
    outer, flags, joins = ["count(*) AS rows_read"], [], []
    for number, check in enumerate(checks):
        if isinstance(check, RowCheck):
            test = row_test(check, table, number)
            flags.append(f"{test.flag} AS flag_{number}")
            joins += [test.join] if test.join else []
            outer.append(f"sum(flag_{number}) AS failing_{number}")
        outer += [f"{value} AS {name}_{number}" for name, value in gathered(check).items()]
    inner = ",\n    ".join([f"{TABLE}.*", *flags])
    source = "\n  ".join([f'FROM "{table.name}" AS {TABLE}', *joins]) + rows.condition(table)
    group = ""
    if rows.by_day:
        day = column(str(table.day))
        outer.insert(0, f"{day} AS day_checked")
        group = f"\nGROUP BY {day}"
    sums = ",\n  ".join(outer)
    return f"SELECT\n  {sums}\nFROM (\n  SELECT\n    {inner}\n  {source}\n) AS {TABLE}{group}"


def failing_rows(table: CheckedTable, check: RowCheck, rows: Slice) -> str:
    """The query that lists every row that fails a check."""
    return f"SELECT * {_failing(table, row_test(check, table, 0), rows)}"


def sample(
    target: Target, table: CheckedTable, check: RowCheck, rows: Slice
) -> list[dict[str, str | None]]:
    """Some rows that fail a check: their keys, what the check is about, and the day."""
    names = list(dict.fromkeys([*table.keys, *check.columns_used, *filter(None, [table.day])]))
    names = [name for name in names if table.declared.kind(name) not in ("array", "struct", "map")]
    if not names:
        return []
    listed = ", ".join(f'"{name}"' for name in names)
    order = ", ".join(str(place + 1) for place in range(len(names)))
    statement = (
        f"SELECT {listed} {_failing(table, row_test(check, table, 0), rows)}"
        f" ORDER BY {order} LIMIT {SAMPLE_ROWS}"
    )
    return target.query(statement)


def _failing(table: CheckedTable, test: RowTest, rows: Slice) -> str:
    join = f" {test.join}" if test.join else ""
    return (
        f'FROM (SELECT {TABLE}.*, {test.flag} AS failing FROM "{table.name}" AS {TABLE}{join}'
        f"{rows.condition(table)}) AS found WHERE failing = 1"
    )
