"""One database of Redshift: a file of DuckDB, opened when it is first used."""

from __future__ import annotations

from pathlib import Path

from infra.local.redshift.engine.session import CopyCredentials, Session


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
        self.endpoint = endpoint

    def connect(self, user: str, *, copy_credentials: CopyCredentials) -> Session:
        """A session of `user`, for example `IAMR:lake-airflow` or `admin`."""
        return Session(user, copy_credentials)

    def close(self) -> None:
        """End all sessions and close the file; a later `connect` opens it again."""
