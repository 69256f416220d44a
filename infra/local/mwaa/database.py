"""Airflow's metadata database: made or migrated before the components start."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.local.mwaa.airflow import AUTH_MANAGER, PAGES_PLUGIN, Airflow
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import VirtualEnvironments, digest

SET_UP = PAGES_PLUGIN / "set_up_database.py"
LIMIT_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """Runs `set_up_database.py` with the image's packages."""

    runner: Runner
    users_password: str

    def version(self, url: str) -> str:
        """What a database at `url` is set up for; it must be set up again when this changes."""
        parts = (url.encode(), self.users_password.encode(), IMAGE_LOCK.read_bytes())
        return digest(*parts, SET_UP.read_bytes())

    async def run(self, image: Path, url: str, *arguments: str) -> None:
        """Run it with the interpreter of the virtual environment `image`.

        Raises ConfigurationError with what Airflow said.
        """
        with tempfile.TemporaryDirectory(prefix="airflow-") as home:
            try:
                await self.runner.run(
                    [str(image / "bin" / "python"), str(SET_UP), *arguments],
                    environment={
                        "PATH": f"{image}/bin:/usr/bin:/bin",
                        "HOME": home,
                        "AIRFLOW_HOME": home,
                        "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER,
                        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
                        "MWAA_USERS_PASSWORD": self.users_password,
                    },
                    folder=Path(home),
                    timeout_seconds=LIMIT_SECONDS,
                )
            except CommandError as error:
                raise ConfigurationError(
                    f"Airflow's metadata database could not be set up: {error}"
                ) from None


class Database:
    """Sets databases up; a fresh SQLite one is a copy of a template.

    Making the tables takes Airflow about 8 s of imports and DDL, with the same outcome each
    time: it depends on the image's packages and the password alone, which name the template.
    """

    def __init__(
        self,
        folder: Path,
        *,
        virtual_environments: VirtualEnvironments,
        runner: Runner,
        users_password: str,
    ) -> None:
        self._folder = folder
        self._virtual_environments = virtual_environments
        self._set_up = SetUp(runner=runner, users_password=users_password)
        self._lock = asyncio.Lock()

    def version(self, url: str) -> str:
        """What a database at `url` is set up for; it must be set up again when this changes."""
        return self._set_up.version(url)

    async def set_up(self, airflow: Airflow, *, current_version: str | None) -> str:
        """Create the database of `airflow`, or migrate it from `current_version`; its version.

        The components must not run meanwhile. Raises ConfigurationError with what Airflow said.
        """
        url = airflow.database_url
        if not airflow.settings.database and not airflow.layout.sqlite.exists():
            template = await self.make_template()
            await asyncio.to_thread(_copy, template, airflow.layout.sqlite)
        elif current_version != self.version(url):
            await self._run(url)
        return self.version(url)

    async def make_template(self) -> Path:
        """An SQLite database with all tables and users, made unless it stands."""
        template = self._folder / f"{self.version('sqlite')}.db"
        async with self._lock:
            if not template.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                    fresh = Path(folder) / "airflow.db"
                    await self._run(f"sqlite:///{fresh}")
                    fresh.replace(template)
        return template

    async def drop(self, airflow: Airflow) -> None:
        """Drop the database of `airflow`, whose components must not run; one that is gone is fine.

        Raises ConfigurationError when a PostgreSQL server does not let it.
        """
        if airflow.settings.database:
            await self._run(airflow.database_url, "drop")
            return
        # With its journals, which SQLite would take for those of the next database.
        sqlite = airflow.layout.sqlite
        for path in sqlite.parent.glob(f"{sqlite.name}*"):
            path.unlink()

    async def _run(self, url: str, *arguments: str) -> None:
        image = await self._virtual_environments.make_image()
        await self._set_up.run(image, url, *arguments)


def _copy(source: Path, target: Path) -> None:
    """Copy a database that nobody has open, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.chmod(0o600)
    partial.replace(target)
