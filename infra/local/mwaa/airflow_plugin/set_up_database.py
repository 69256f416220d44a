"""Bring Airflow's metadata database up to date, with a user for each of MWAA's roles.

This file runs in Airflow's own virtual environment, alone. The password is in
`MWAA_USERS_PASSWORD`, which only this process is given. Safe to run again. On a PostgreSQL server
the database is created first; the argument `drop` removes it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url  # where SQLAlchemy 1.4 has them, too
from sqlalchemy.pool import Pool

ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's default roles, to which MWAA maps callers; a user is its role in lower case."""


def main() -> None:
    """Create or migrate the database, or drop it."""
    url = make_url(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    if sys.argv[1:] == ["drop"]:
        drop(url)
        return
    if url.get_backend_name() == "postgresql":
        create(url)
    else:
        event.listen(Pool, "checkout", ignore_foreign_keys)
    fill()


def ignore_foreign_keys(connection: Any, *_: object) -> None:
    """Let a migration of SQLite replace a table without deleting the rows that refer to its rows.

    SQLite changes a table by making it anew; with foreign keys, dropping the old task instances
    deletes their XComs. https://alembic.sqlalchemy.org/en/latest/batch.html
    """
    connection.execute("PRAGMA foreign_keys=OFF")


def create(url: URL) -> None:
    """Create the database of a PostgreSQL server unless it is there."""
    exists = text("SELECT 1 FROM pg_database WHERE datname = :name")
    with _maintenance(url).connect() as connection:
        if not connection.execute(exists, {"name": url.database}).scalar():
            connection.execute(text(f"CREATE DATABASE {_quoted(url)}"))


def drop(url: URL) -> None:
    """Drop the database of a PostgreSQL server, whoever is still connected."""
    with _maintenance(url).connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {_quoted(url)} WITH (FORCE)"))


def _maintenance(url: URL) -> Engine:
    return create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")


def _quoted(url: URL) -> str:
    return '"' + str(url.database).replace('"', '""') + '"'


def fill() -> None:
    """Create or migrate the tables, then create the users or set their password."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import (  # noqa: PLC0415  # slow
        get_application_builder,
    )
    from airflow.providers_manager import ProvidersManager  # noqa: PLC0415  # as above
    from airflow.utils.db import initdb  # noqa: PLC0415  # as above

    # Before 3.2 only commands do it.
    providers = ProvidersManager()  # type: ignore[no-untyped-call]  # Airflow's has no types
    providers.initialize_providers_configuration()
    initdb()
    password = os.environ["MWAA_USERS_PASSWORD"]
    with get_application_builder() as builder:
        manager = builder.sm
        for role in ROLES:
            name = role.lower()
            user = manager.find_user(name)
            if user:
                manager.reset_password(user.id, password)
            elif not manager.add_user(
                name, role, "User", f"{name}@localhost", manager.find_role(role), password
            ):
                raise SystemExit(f"the user {name} could not be created")


if __name__ == "__main__":
    main()
