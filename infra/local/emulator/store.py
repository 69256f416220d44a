"""The control plane on disk: one SQLite file, written in transactions that are synced."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from infra.local.emulator.start import CannotStart

_SCHEMA = """
CREATE TABLE IF NOT EXISTS service_state (service TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sts_session (
    access_key_id TEXT PRIMARY KEY, expires_at REAL NOT NULL, session TEXT NOT NULL) STRICT;
"""


_LOCK_SECONDS = 2.0
"""How long a process that is just ending may still hold the state."""


class StateInUse(CannotStart):
    """Another process holds the state; the text names its file."""


class StateStore:
    """The state of every service and the STS sessions, each a JSON text; held by one process.

    A write is atomic over all services that it names, and on disk when the call returns.
    Every method raises `sqlite3.Error` when the disk refuses, and the first of a second process
    raises `StateInUse`.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None, timeout=_LOCK_SECONDS
        )
        path.chmod(0o600)  # it holds secret access keys
        # Write-ahead log, synced at each commit: a kill or a power cut loses nothing acknowledged.
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise StateInUse(
                f"another embedded AWS uses {path}. "
                "Stop it, or choose another folder with LAKE_STATE_DIR."
            ) from error

    def load(self, service: str) -> str | None:
        """The saved state of `service`, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT state FROM service_state WHERE service = ?", (service,)
            ).fetchone()
        return row[0] if row else None

    def save(self, states: Mapping[str, str]) -> None:
        """Save the states of several services in one transaction."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO service_state VALUES (?, ?)"
                " ON CONFLICT (service) DO UPDATE SET state = excluded.state",
                states.items(),
            )

    def add_session(self, *, access_key_id: str, expires_at: float, session: str) -> None:
        """Save one STS session and drop those that have expired."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM sts_session WHERE expires_at < ?", (time.time(),))
            self._connection.execute(
                "INSERT OR REPLACE INTO sts_session VALUES (?, ?, ?)",
                (access_key_id, expires_at, session),
            )

    def sessions(self) -> dict[str, str]:
        """The STS sessions that have not expired, by access key."""
        with self._lock:
            return dict(
                self._connection.execute(
                    "SELECT access_key_id, session FROM sts_session WHERE expires_at >= ?",
                    (time.time(),),
                )
            )

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        with self._lock:
            self._connection.close()
