"""Sessions that a client keeps between statements: temporary tables and settings live in them."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field

from infra.local.redshift.engine import Session
from infra.local.redshift.errors import ApiError, invalid
from infra.local.redshift.warehouse import Warehouse

MOST_SESSIONS = 500


@dataclass(kw_only=True)
class KeptSession:
    """A session that waits for the next statement of its owner."""

    id: str
    owner: str
    """The identity without its session name."""
    warehouse: Warehouse
    database: str
    keep_alive_seconds: int
    connection: Session | None = None
    """Made with the first statement."""
    busy: bool = True
    idle_since: float = field(default_factory=time.monotonic)


class Sessions:
    """The kept sessions; they end with the process, as a restart of Redshift ends them."""

    def __init__(self) -> None:
        self._sessions: dict[str, KeptSession] = {}
        self._lock = threading.Lock()

    def open(
        self, *, owner: str, warehouse: Warehouse, database: str, keep_alive_seconds: int
    ) -> KeptSession:
        """A new session, busy with the statement that asked for it.

        Raises:
            ApiError: there are too many.
        """
        session = KeptSession(
            id=str(uuid.uuid4()),
            owner=owner,
            warehouse=warehouse,
            database=database,
            keep_alive_seconds=keep_alive_seconds,
        )
        self.end_idle()
        with self._lock:
            if len(self._sessions) >= MOST_SESSIONS:
                raise ApiError(
                    "ActiveSessionsExceededException",
                    f"Only {MOST_SESSIONS} sessions can be active at once.",
                )
            self._sessions[session.id] = session
        return session

    def take(self, session_id: str, *, owner: str, keep_alive_seconds: int | None) -> KeptSession:
        """The session, busy from now on.

        Raises:
            ApiError: it has ended, it is another's, or a statement runs in it.
        """
        self.end_idle()
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None or session.owner != owner:
                raise invalid(f"Session {session_id} is not available.")
            if session.busy:
                raise invalid(f"Session {session_id} is busy.")
            session.busy = True
            if keep_alive_seconds is not None:
                session.keep_alive_seconds = keep_alive_seconds
        return session

    def warehouse_of(self, session_id: str) -> Warehouse | None:
        """Where a session is kept, or None."""
        with self._lock:
            session = self._sessions.get(session_id)
        return session.warehouse if session else None

    def give_back(self, session: KeptSession) -> None:
        """The statement has ended; the session waits for the next one."""
        with self._lock:
            session.busy = False
            session.idle_since = time.monotonic()
        self.end_idle()

    def end_idle(self) -> None:
        """End the sessions that have waited long enough."""
        now = time.monotonic()
        with self._lock:
            ended = [
                each
                for each in self._sessions.values()
                if not each.busy and now - each.idle_since >= each.keep_alive_seconds
            ]
            for session in ended:
                del self._sessions[session.id]
        for session in ended:
            if session.connection is not None:
                session.connection.close()

    def end_of(self, namespace_id: str) -> None:
        """End every session in a namespace."""
        with self._lock:
            ended = [
                each
                for each in self._sessions.values()
                if each.warehouse.namespace_id == namespace_id
            ]
            for session in ended:
                del self._sessions[session.id]
        for session in ended:
            if session.connection is not None:
                session.connection.close()
