"""The results of all checks of all tables, in the table `quality_results`.

A row a check, run and day, or a row a check and run for the whole table. It is also the history
that anomalies are measured by, and what says which problems are open.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lake.dataset.column import Column
from lake.pipeline.athena import QueryFailed
from lake.quality.documents import CheckResult, OpenProblem
from lake.quality.expressions import quoted
from lake.targets import TableDefinition, Target

log = logging.getLogger(__name__)

NAME = "quality_results"


def _column(name: str, kind: str, description: str) -> Column:
    return Column(name=name, type=kind, nullable=True, description=description)


QUALITY_RESULTS = TableDefinition(
    name=NAME,
    folder="_tables/quality_results/",
    description="What the checks of each table found: a row a check, run and day",
    columns=(
        _column("table_name", "string", "Table that was looked at"),
        _column("check_name", "string", "Check, as its file or its default calls it"),
        _column("kind", "string", "Key of `checks` that declares it"),
        _column("severity", "string", "fail or warn"),
        _column("status", "string", "ok, warn, fail or skipped"),
        _column("day", "date", "Day of the rows; NULL for the whole table"),
        _column("measured", "double", "What was measured"),
        _column("threshold", "string", "What it was held to"),
        _column("rows_checked", "bigint", "How many rows were looked at"),
        _column("failing_rows", "bigint", "How many of them fail"),
        _column("sample", "string", "Keys of some of them, as a JSON list"),
        _column("query", "string", "Lists all of them"),
        _column("message", "string", "What was found, in words"),
        _column("run_id", "string", "Run that looked"),
        _column("checked_at", "timestamp", "When, in UTC"),
    ),
    partitioning=("table_name",),
)
COLUMNS = tuple(column.name for column in QUALITY_RESULTS.columns)
MOST_STATEMENT_CHARACTERS = 150_000
"""Athena takes 262,144 bytes (https://docs.aws.amazon.com/athena/latest/ug/service-limits.html)."""
MOST_MESSAGE_CHARACTERS = 4_000
COLLISIONS = ("ICEBERG_COMMIT_ERROR", "erializable isolation violation", "(1023)")
"""What Athena and Redshift say where another writer's commit was first."""
TRIES = 12
OLDEST = timedelta(days=800)
"""How far back results are looked at."""


@dataclass(frozen=True)
class Results:
    """The results of one table's checks."""

    target: Target
    table: str

    def write(self, results: Sequence[CheckResult], *, run_id: str, checked_at: datetime) -> None:
        """Write what a run found; what an earlier try of it found is replaced.

        Rows are only added, but for such a repetition: additions do not collide.
        """
        self.target.ensure(QUALITY_RESULTS)
        own = f"table_name = {quoted(self.table)} AND run_id = {quoted(run_id)}"
        if self.target.query(f"SELECT 1 AS there FROM {NAME} WHERE {own} LIMIT 1"):
            self._execute(f"DELETE FROM {NAME} WHERE {own}")
        for values in _chunks(
            _values(self.table, result, run_id, checked_at) for result in results
        ):
            columns = ", ".join(COLUMNS)
            self._execute(f"INSERT INTO {NAME} ({columns}) VALUES\n{values}")  # as above

    def history(self, checks: Collection[str], now: datetime) -> dict[str, dict[date, float]]:
        """What was last measured on each day, by check; of the whole table, the day of the run."""
        found: dict[str, dict[date, float]] = defaultdict(dict)
        if not checks or self.target.columns(NAME) is None:
            return found
        on = "coalesce(day, CAST(checked_at AS date))"
        for row in self.target.query(
            "SELECT check_name, measured_on, measured FROM ("
            f"SELECT check_name, {on} AS measured_on, measured, row_number() OVER ("
            f"PARTITION BY check_name, {on} ORDER BY checked_at DESC) AS place FROM {NAME} "
            f"WHERE {self._recent(now)} AND kind = 'anomalies' AND measured IS NOT NULL"
            ") AS measurements WHERE place = 1"
        ):
            if row["check_name"] in checks:
                day = date.fromisoformat(str(row["measured_on"]))
                found[str(row["check_name"])][day] = float(row["measured"] or 0)
        return found

    def open(self, checks: Collection[str], now: datetime) -> tuple[OpenProblem, ...]:
        """The checks that do not hold on some day, as it was last looked at."""
        days: dict[str, list[CheckResult]] = defaultdict(list)
        if self.target.columns(NAME) is None:
            return ()
        for row in self.target.query(
            "SELECT * FROM (SELECT *, row_number() OVER ("
            f"PARTITION BY check_name, day ORDER BY checked_at DESC) AS place FROM {NAME} "
            f"WHERE {self._recent(now)} AND status <> 'skipped'"
            ") AS latest WHERE place = 1 AND status <> 'ok'"
        ):
            if row["check_name"] in checks:
                days[str(row["check_name"])].append(_result(row))
        return tuple(_problem(name, days[name]) for name in sorted(days))

    def _recent(self, now: datetime) -> str:
        return f"table_name = {quoted(self.table)} AND checked_at > {_timestamp(now - OLDEST)}"

    def _execute(self, statement: str) -> None:
        """Run a statement that writes, again where another writer was first."""
        for attempt in range(1, TRIES + 1):
            try:
                self.target.execute(statement)
            except QueryFailed as failed:
                if attempt == TRIES or not any(text in str(failed) for text in COLLISIONS):
                    raise
                log.info("another writer was first: %s", str(failed)[:200])
                time.sleep(random.uniform(0, min(0.2 * 2**attempt, 10.0)))  # noqa: S311  # no secret
            else:
                return


def _values(table: str, result: CheckResult, run_id: str, checked_at: datetime) -> str:
    """A row, as VALUES has it."""
    values = {
        "table_name": quoted(table),
        "check_name": quoted(result.check),
        "kind": quoted(result.kind),
        "severity": quoted(result.severity),
        "status": quoted(result.status),
        "day": _typed(f"'{result.day}'" if result.day else None, "date"),
        "measured": _typed(result.measured, "double"),
        "threshold": quoted(result.threshold),
        "rows_checked": _typed(result.rows, "bigint"),
        "failing_rows": _typed(result.failing_rows, "bigint"),
        "sample": quoted(result.sample),
        "query": quoted(result.query),
        "message": quoted(result.message[:MOST_MESSAGE_CHARACTERS]),
        "run_id": quoted(run_id),
        "checked_at": _timestamp(checked_at),
    }
    return f"({', '.join(values[name] for name in COLUMNS)})"


def _typed(value: object | None, kind: str) -> str:
    return f"CAST({'NULL' if value is None else value} AS {kind})"


def _chunks(rows: Iterator[str]) -> Iterator[str]:
    """Rows as VALUES has them, as many as a statement takes."""
    chunk: list[str] = []
    size = 0
    for row in rows:
        if chunk and size + len(row.encode()) > MOST_STATEMENT_CHARACTERS:
            yield ",\n".join(chunk)
            chunk, size = [], 0
        chunk.append(row)
        size += len(row.encode())
    if chunk:
        yield ",\n".join(chunk)


def _result(row: Mapping[str, str | None]) -> CheckResult:
    def number(name: str) -> int | None:
        value = row[name]
        return None if value is None else int(value)

    return CheckResult.model_validate(
        {
            "check": row["check_name"],
            "kind": row["kind"],
            "severity": row["severity"],
            "status": row["status"],
            "day": row["day"],
            "measured": row["measured"],
            "threshold": row["threshold"] or "",
            "rows": number("rows_checked"),
            "failing_rows": number("failing_rows"),
            "sample": row["sample"] or "",
            "query": row["query"] or "",
            "message": row["message"] or "",
        }
    )


def _problem(name: str, results: Sequence[CheckResult]) -> OpenProblem:
    ordered = sorted(results, key=lambda result: result.day or date.min)
    worst = "fail" if any(result.status == "fail" for result in ordered) else "warn"
    return OpenProblem(
        check=name,
        status=worst,
        days=tuple(result.day for result in ordered),
        latest=ordered[-1],
    )


def samples(text: str) -> list[dict[str, str | None]]:
    """The rows of a `sample`."""
    rows: list[dict[str, str | None]] = json.loads(text) if text else []
    return rows


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}'"
