"""The databases of namespaces: opened when they are first used, removed with their namespace."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from infra.local.redshift.data.copy_roles import CopyRoles
from infra.local.redshift.engine import Database, RedshiftError, Session
from infra.local.redshift.warehouse import Warehouse

type MakeDatabase = Callable[..., Database]
"""The engine's `Database`, or what a test has in its place."""

UNDEFINED_DATABASE = "3D000"


class Databases:
    """Opens sessions; thread-safe."""

    def __init__(
        self, folder: Path, *, endpoint: str, roles: CopyRoles, make: MakeDatabase = Database
    ) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._roles = roles
        self._make = make
        self._open: dict[str, Database] = {}
        self._lock = threading.Lock()

    def connect(self, warehouse: Warehouse, *, database: str, user: str) -> Session:
        """A session of `user` in a database of the warehouse.

        Raises:
            RedshiftError: there is no such database.
        """
        if database != warehouse.database:
            raise RedshiftError(f'database "{database}" does not exist', UNDEFINED_DATABASE)
        with self._lock:
            held = self._open.get(warehouse.namespace_id)
            if held is None:
                folder = self._folder / warehouse.namespace_id
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                held = self._make(
                    folder / "database",
                    name=database,
                    account_id=warehouse.account_id,
                    region=warehouse.region,
                    endpoint=self._endpoint,
                )
                self._open[warehouse.namespace_id] = held
        return held.connect(user, copy_credentials=lambda role: self._roles.assume(warehouse, role))

    def drop(self, namespace_id: str) -> None:
        """Remove what a namespace has; nothing where it has nothing."""
        with self._lock:
            held = self._open.pop(namespace_id, None)
        if held is not None:
            held.close()
        shutil.rmtree(self._folder / namespace_id, ignore_errors=True)

    def keep_only(self, namespace_ids: set[str]) -> None:
        """Remove what a killed process left of namespaces that are no more."""
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                if folder.name not in namespace_ids:
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            held, self._open = self._open, {}
        for database in held.values():
            database.close()
