"""Statements on disk: what was acknowledged is there after a kill, for a day."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS statements (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    name TEXT,
    batch INTEGER NOT NULL,
    status TEXT NOT NULL,
    submitted REAL NOT NULL,
    token TEXT,
    fingerprint TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS statement_of_token ON statements (owner, token);
"""

KEPT_SECONDS = 24 * 3600
"""The Data API keeps a statement and its result for a day."""
UNFINISHED = ("SUBMITTED", "PICKED", "STARTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One statement or batch: what DescribeStatement answers, and whose it is."""

    document: dict[str, Any]
    owner: str
    """The `aws:userid` of who sent it."""
    name: str | None
    batch: bool

    @property
    def id(self) -> str:
        """The statement's id."""
        return str(self.document["Id"])

    @property
    def status(self) -> str:
        """SUBMITTED, PICKED, STARTED, FINISHED, FAILED or ABORTED."""
        return str(self.document["Status"])


class TokenReused(Exception):
    """A client token came again: with the same request, whose id this is, or with another."""

    def __init__(self, statement_id: str, *, same_request: bool) -> None:
        super().__init__(statement_id)
        self.statement_id = statement_id
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
        """Write down a new statement.

        Raises:
            TokenReused: the client's token was used before.
        """
        with self._transaction() as database:
            if token is not None:
                found = database.execute(
                    "SELECT id, fingerprint FROM statements WHERE owner = ? AND token = ?",
                    (record.owner, token),
                ).fetchone()
                if found is not None:
                    raise TokenReused(found[0], same_request=found[1] == fingerprint)
            database.execute(
                "INSERT INTO statements"
                " (id, owner, name, batch, status, submitted, token, fingerprint, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.owner,
                    record.name,
                    record.batch,
                    record.status,
                    record.document["CreatedAt"],
                    token,
                    fingerprint,
                    json.dumps(record.document),
                ),
            )

    def save(self, record: Record) -> None:
        """Write down what became of a statement."""
        with self._transaction() as database:
            database.execute(
                "UPDATE statements SET status = ?, document = ? WHERE id = ?",
                (record.status, json.dumps(record.document), record.id),
            )

    def get(self, statement_id: str) -> Record | None:
        """The statement, or None."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT document, owner, name, batch FROM statements WHERE id = ?", (statement_id,)
            ).fetchone()
        return _record(row) if row else None

    def listed(
        self, *, owner: str, role_level: bool, before: int | None
    ) -> Iterator[tuple[int, Record]]:
        """Numbers and statements of one identity, the newest first."""
        principal = owner.partition(":")[0]
        while True:
            with self._transaction() as database:
                rows: Sequence[tuple[Any, ...]] = database.execute(
                    "SELECT document, owner, name, batch, number FROM statements"
                    " WHERE number < ? AND (owner = ? OR ? AND (owner = ? OR owner LIKE ?))"
                    " ORDER BY number DESC LIMIT 100",
                    (
                        before if before is not None else 2**62,
                        owner,
                        role_level,
                        principal,
                        f"{principal}:%",
                    ),
                ).fetchall()
            for row in rows:
                before = row[4]
                yield before, _record(row)
            if not rows:
                return

    def unfinished(self) -> list[Record]:
        """The statements that an earlier process left behind."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT document, owner, name, batch FROM statements"
                " WHERE status IN ('SUBMITTED', 'PICKED', 'STARTED')"
            ).fetchall()
        return [_record(row) for row in rows]

    def drop_before(self, moment: float) -> list[str]:
        """Forget the statements that were sent before `moment`; their ids come back."""
        with self._transaction() as database:
            rows = database.execute(
                "DELETE FROM statements WHERE submitted < ?"
                " AND status NOT IN ('SUBMITTED', 'PICKED', 'STARTED') RETURNING id",
                (moment,),
            ).fetchall()
        return [row[0] for row in rows]


def _record(row: Sequence[Any]) -> Record:
    return Record(document=json.loads(row[0]), owner=row[1], name=row[2], batch=bool(row[3]))
