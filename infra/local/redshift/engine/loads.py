"""What was loaded and what could not be: kept whatever becomes of the COPY's transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from infra.local.redshift.engine.connection import Connection

USER_ID, SLICE = 100, 0
_RAW_LINE, _RAW_FIELD, _REASON = 1024, 1024, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadError:
    """A row that COPY refuses, as `stl_load_errors` shows it."""

    filename: str
    line_number: int
    colname: str
    type: str
    col_length: str
    position: int
    raw_line: str
    raw_field_value: str
    err_code: int
    err_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """An object that COPY read."""

    filename: str
    lines_scanned: int
    errors: int


class LoadLog:
    """The system tables of COPY, written on a connection of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def next_query(self) -> int:
        """The number of a new COPY."""
        with self._lock:
            return int(self._connection.value("nextval('catalog.queries')"))

    def record_errors(
        self, errors: Sequence[LoadError], *, query: int, table: int, started: datetime
    ) -> None:
        """Keep the rows that were refused."""
        with self._lock:
            for each in errors:
                self._connection.execute(
                    f"INSERT INTO catalog.load_errors VALUES ({', '.join('?' * 16)})",
                    [
                        USER_ID, SLICE, table, started.replace(tzinfo=None), query, query,
                        each.filename, each.line_number, each.colname, each.type,
                        each.col_length, each.position, each.raw_line[:_RAW_LINE],
                        each.raw_field_value[:_RAW_FIELD], each.err_code,
                        each.err_reason[:_REASON],
                    ],
                )  # fmt: skip

    def record_files(
        self,
        files: Sequence[LoadedFile],
        *,
        query: int,
        table: tuple[int, str],
        started: datetime,
        ended: datetime,
        status: str,
    ) -> None:
        """Keep which objects were read."""
        oid, name = table
        with self._lock:
            for each in files:
                self._connection.execute(
                    f"INSERT INTO catalog.loads VALUES ({', '.join('?' * 10)})",
                    [
                        USER_ID, query, oid, name, started.replace(tzinfo=None),
                        ended.replace(tzinfo=None), each.filename, each.lines_scanned,
                        each.errors, status,
                    ],
                )  # fmt: skip
