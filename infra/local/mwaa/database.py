"""Airflow's metadata database: made or migrated before the components start."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

from infra.local.mwaa.airflow import AUTH_MANAGER, PAGES_PLUGIN, Airflow
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK

SET_UP = PAGES_PLUGIN / "set_up_database.py"
LIMIT_SECONDS = 600.0


class Database:
    """Sets databases up; a fresh SQLite one is a copy of a template.

    Making the tables takes Airflow about 8 s of imports and DDL, with the same outcome each
    time: it depends on the image's packages and the password alone, which name the template.
    """

    def __init__(self, folder: Path, *, runner: Runner, users_password: str) -> None:
        self._folder = folder
        self._runner = runner
        self._users_password = users_password
        self._lock = asyncio.Lock()

    @property
    def version(self) -> str:
        """Changes when a database must be migrated."""
        return _digest(IMAGE_LOCK.read_bytes() + SET_UP.read_bytes())

    async def set_up(self, airflow: Airflow, *, venv: Path, current_version: str | None) -> str:
        """Create the database of `airflow`, or migrate it from `current_version`; its version.

        The components must not run meanwhile. Raises ConfigurationError with what Airflow said.
        """
        if airflow.settings.database or airflow.layout.sqlite.exists():
            if current_version != self.version:
                await self._run(venv, airflow.database_url)
        else:
            template = await self.make_template(venv)
            await asyncio.to_thread(_copy, template, airflow.layout.sqlite)
        return self.version

    async def make_template(self, venv: Path) -> Path:
        """An SQLite database with all tables and users, made unless it stands."""
        name = f"{self.version}-{_digest(self._users_password.encode())}.db"
        template = self._folder / name
        async with self._lock:
            if not template.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                    fresh = Path(folder) / "airflow.db"
                    await self._run(venv, f"sqlite:///{fresh}")
                    fresh.replace(template)
        return template

    async def _run(self, venv: Path, url: str) -> None:
        with tempfile.TemporaryDirectory(prefix="airflow-") as home:
            try:
                await self._runner.run(
                    [str(venv / "bin" / "python"), str(SET_UP)],
                    environment={
                        "PATH": f"{venv}/bin:/usr/bin:/bin",
                        "HOME": home,
                        "AIRFLOW_HOME": home,
                        "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER,
                        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
                        "MWAA_USERS_PASSWORD": self._users_password,
                    },
                    folder=Path(home),
                    timeout_seconds=LIMIT_SECONDS,
                )
            except CommandError as error:
                raise ConfigurationError(
                    f"Airflow's metadata database could not be set up: {error}"
                ) from None


def _copy(source: Path, target: Path) -> None:
    """Copy a database that nobody has open, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.chmod(0o600)
    partial.replace(target)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
