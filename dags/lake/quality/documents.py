"""What is checked, over which days, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from lake.dataset import DataSet
from lake.dataset.check import Declared, Severity
from lake.dataset.checks import Checks
from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import Document

Status = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """A table and the checks that its file declares."""

    name: str
    """In the environment's database."""
    keys: tuple[str, ...]
    """What samples of failing rows show."""
    columns: Mapping[str, str]
    """Every column that it should have, with its type in Glue."""
    checks: Checks
    day: str | None
    """The date column that it is loaded by."""
    owner: str

    @classmethod
    def of(cls, data_set: DataSet) -> CheckedTable:
        """The table of a data set."""
        types = {column.name: column.glue_type for column in data_set.columns}
        return cls(
            name=data_set.table_name,
            keys=data_set.keys,
            columns=types | {SOURCE_KEY: "string"},
            checks=data_set.checks,
            day=data_set.day_column,
            owner=data_set.owner,
        )

    @property
    def declared(self) -> Declared:
        """As the checks see it."""
        return Declared(types=self.columns, keys=self.keys, day=self.day)


class Scope(Document):
    """What a run touched."""

    days: tuple[date, ...] | None = None
    """The days; None where it was, or may have been, the whole table. Without a day, only checks of
    the whole table are run."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a load says of its files."""

    data_set: str
    """As the ledger has it, `<domain>/<table>`."""
    run_id: str
    rows: int | None
    """How many of the table's rows should be theirs; None where another run changed the table."""
    is_current: Callable[[], bool] = lambda: True
    """Whether no other run has changed the table since `rows` was known."""
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields that no column reads, by their path: how many of the records looked at have them."""


class CheckResult(Document):
    """What one check gave, for one day or for the table."""

    check: str
    kind: str
    """The key of `checks` that declares it."""
    severity: Severity
    status: Status
    day: date | None = None
    """None for the whole table."""
    measured: float | None = None
    threshold: str = ""
    rows: int | None = None
    """How many rows it looked at."""
    failing_rows: int | None = None
    sample: str = ""
    """The keys of some failing rows, as a JSON list of objects."""
    query: str = ""
    """Lists all failing rows."""
    message: str = ""
    """What was found, in words."""


class OpenProblem(Document):
    """A check that does not hold, on the days on which it did not when it was last looked at."""

    check: str
    status: Status
    days: tuple[date | None, ...]
    latest: CheckResult
    """Of the last of these days."""


class CheckReport(Document):
    """What the checks of a table gave in a run."""

    target: str = "athena"
    """Where the table is."""
    table: str
    owner: str
    run_id: str
    checked_at: datetime
    results: tuple[CheckResult, ...]
    open: tuple[OpenProblem, ...]
    """All of the table's that are open now, those of other days too."""

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The results that should fail the run."""
        return tuple(result for result in self.results if result.status == "fail")

    @property
    def summary(self) -> str:
        """The failed checks and what they found, for the log and for the task's error."""
        lines = [f"{each.check}{_on(each.day)}: {each.message}" for each in self.failed]
        more = f"\nand {len(lines) - 10} more" if len(lines) > 10 else ""  # noqa: PLR2004  # enough
        counted = "1 check" if len(lines) == 1 else f"{len(lines)} checks"
        return "\n".join([f"{self.table}: {counted} failed", *lines[:10]]) + more


def _on(day: date | None) -> str:
    return f" of {day}" if day else ""
