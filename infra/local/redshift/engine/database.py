"""One database of Redshift: a file of DuckDB, opened when it is first used."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.athena.clients import ClientFactory
from infra.local.redshift.engine import catalog
from infra.local.redshift.engine.connection import Connection, open_file
from infra.local.redshift.engine.loads import LoadLog
from infra.local.redshift.engine.locks import Locks
from infra.local.redshift.engine.session import CopyCredentials, Session

if TYPE_CHECKING:
    import duckdb
    from mypy_boto3_s3 import S3Client


class Database:
    """The tables of one database, kept at `path` (a folder that the database owns).

    Thread-safe. COPY and UNLOAD reach S3 over HTTP at `endpoint`.
    """

    def __init__(
        self, path: Path, *, name: str, account_id: str, region: str, endpoint: str
    ) -> None:
        self.path = path
        self.name = name
        self.account_id = account_id
        self.region = region
        self._factory = ClientFactory(endpoint=endpoint, region=region)
        self._lock = threading.Lock()
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._loads: LoadLog | None = None
        self._locks = Locks()
        self._sessions: list[Session] = []

    def connect(self, user: str, *, copy_credentials: CopyCredentials) -> Session:
        """A session of `user`, for example `IAMR:lake-airflow` or `admin`."""

        def s3(role_arn: str | None) -> S3Client:
            return self._factory.of(copy_credentials(role_arn)).s3

        with self._lock:
            opened, loads = self._open()
            session = Session(
                user=user,
                database=self.name,
                connection=Connection(opened),
                locks=self._locks,
                loads=loads,
                s3=s3,
                scratch=self.path / "scratch",
            )
            self._sessions = [each for each in self._sessions if not each.is_closed]
            self._sessions.append(session)
        return session

    def _open(self) -> tuple[duckdb.DuckDBPyConnection, LoadLog]:
        if self._opened is None or self._loads is None:
            # Of a process that was killed.
            shutil.rmtree(self.path / "scratch", ignore_errors=True)
            self._opened = open_file(self.path)
            system = Connection(self._opened)
            catalog.prepare(system)
            self._loads = LoadLog(system)
        return self._opened, self._loads

    def close(self) -> None:
        """End all sessions and close the file; a later `connect` opens it again."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            if self._opened is not None:
                self._opened.close()
            self._opened = self._loads = None
