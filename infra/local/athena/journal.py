"""Query executions on disk: what was acknowledged is there after a kill."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    work_group TEXT NOT NULL,
    state TEXT NOT NULL,
    submitted REAL NOT NULL,
    token TEXT UNIQUE,
    fingerprint TEXT NOT NULL,
    document TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS executions_of_work_group ON executions (work_group, number);
"""

KEPT_SECONDS = 45 * 24 * 3600
"""Athena keeps the history of queries for 45 days."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result, as ColumnInfo shows it."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What GetQueryResults has to know beside the object that holds the rows."""

    columns: tuple[ResultColumn, ...] = ()
    header: bool = False
    """Whether the object begins with the names of its columns."""
    update_count: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One execution: the `QueryExecution` of the API, and its outcome."""

    document: dict[str, Any]
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def id(self) -> str:
        """The execution's id."""
        return str(self.document["QueryExecutionId"])

    @property
    def state(self) -> str:
        """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
        return str(self.document["Status"]["State"])


class TokenReused(Exception):
    """A request token came again: with the same request, whose id this is, or with another."""

    def __init__(self, execution_id: str, *, same_request: bool) -> None:
        super().__init__(execution_id)
        self.execution_id = execution_id
        self.same_request = same_request


class Journal:
    """A SQLite file whose every commit reaches the disk."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        with self._transaction() as database:
            database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database:
            yield self._database

    def add(self, record: Record, *, token: str | None, fingerprint: str) -> None:
        """Write down a new execution, and drop those that are too old.

        Raises:
            TokenReused: the client's request token was used before.
        """
        submitted = record.document["Status"]["SubmissionDateTime"]
        with self._transaction() as database:
            database.execute(
                "DELETE FROM executions WHERE submitted < ?", (submitted - KEPT_SECONDS,)
            )
            if token is not None:
                found = database.execute(
                    "SELECT id, fingerprint FROM executions WHERE token = ?", (token,)
                ).fetchone()
                if found is not None:
                    raise TokenReused(found[0], same_request=found[1] == fingerprint)
            database.execute(
                "INSERT INTO executions"
                " (id, work_group, state, submitted, token, fingerprint, document, outcome)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.document["WorkGroup"],
                    record.state,
                    submitted,
                    token,
                    fingerprint,
                    json.dumps(record.document),
                    json.dumps(asdict(record.outcome)),
                ),
            )

    def save(self, record: Record) -> None:
        """Write down what became of an execution."""
        with self._transaction() as database:
            database.execute(
                "UPDATE executions SET state = ?, document = ?, outcome = ? WHERE id = ?",
                (
                    record.state,
                    json.dumps(record.document),
                    json.dumps(asdict(record.outcome)),
                    record.id,
                ),
            )

    def get(self, execution_id: str) -> Record | None:
        """The execution, or None."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT document, outcome FROM executions WHERE id = ?", (execution_id,)
            ).fetchone()
        return _record(row) if row else None

    def ids(self, work_group: str, *, before: int | None, limit: int) -> list[tuple[int, str]]:
        """Numbers and ids of a work group's executions, the newest first."""
        with self._transaction() as database:
            rows: Sequence[tuple[int, str]] = database.execute(
                "SELECT number, id FROM executions WHERE work_group = ? AND number < ?"
                " ORDER BY number DESC LIMIT ?",
                (work_group, before if before is not None else 2**62, limit),
            ).fetchall()
        return list(rows)

    def unfinished(self) -> list[Record]:
        """The executions that an earlier process left behind."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT document, outcome FROM executions WHERE state IN ('QUEUED', 'RUNNING')"
            ).fetchall()
        return [_record(row) for row in rows]


def _record(row: tuple[str, str]) -> Record:
    outcome = json.loads(row[1])
    columns = tuple(ResultColumn(**column) for column in outcome.pop("columns"))
    return Record(json.loads(row[0]), Outcome(columns=columns, **outcome))
