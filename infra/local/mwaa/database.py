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

    def version(self, url: str, image_lock: Path = IMAGE_LOCK) -> str:
        """What a database at `url` is set up for; it must be set up again when this changes."""
        parts = (url.encode(), self.users_password.encode(), image_lock.read_bytes())
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

    def version(self, url: str, image_lock: Path = IMAGE_LOCK) -> str:
        """What a database at `url` is set up for; it must be set up again when this changes."""
        return self._set_up.version(url, image_lock)

    async def set_up(
        self, airflow: Airflow, *, current_version: str | None, image_lock: Path = IMAGE_LOCK
    ) -> str:
        """Create the database of `airflow`, or migrate it from `current_version`; its version.

        What it was before it is migrated is kept until `keep`; without that, the next call begins
        with it. The components must not run meanwhile. Raises ConfigurationError with what Airflow
        said.
        """
        url, sqlite = airflow.database_url, airflow.layout.sqlite
        if not airflow.settings.database:
            await asyncio.to_thread(restore, sqlite)
            if not sqlite.exists():
                template = await self.make_template(image_lock)
                await asyncio.to_thread(_copy, template, sqlite)
                return self.version(url, image_lock)
        if current_version != self.version(url, image_lock):
            if not airflow.settings.database:
                await asyncio.to_thread(take_snapshot, sqlite)
            await self._run(url, image_lock=image_lock)
        return self.version(url, image_lock)

    def keep(self, airflow: Airflow) -> None:
        """Stay with the database as it is."""
        discard_snapshot(airflow.layout.sqlite)

    async def make_template(self, image_lock: Path = IMAGE_LOCK) -> Path:
        """An SQLite database with all tables and users, made unless it stands."""
        template = self._folder / f"{self.version('sqlite', image_lock)}.db"
        async with self._lock:
            if not template.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                    fresh = Path(folder) / "airflow.db"
                    await self._run(f"sqlite:///{fresh}", image_lock=image_lock)
                    fresh.replace(template)
        return template

    async def drop(self, airflow: Airflow) -> None:
        """Drop the database of `airflow`, whose components must not run; one that is gone is fine.

        Raises ConfigurationError when a PostgreSQL server does not let it.
        """
        if airflow.settings.database:
            await self._run(airflow.database_url, "drop")
            return
        self.keep(airflow)
        # With its journals, which SQLite would take for those of the next database.
        for path in _files(airflow.layout.sqlite):
            path.unlink()

    async def _run(self, url: str, *arguments: str, image_lock: Path = IMAGE_LOCK) -> None:
        image = await self._virtual_environments.make_image(image_lock)
        await self._set_up.run(image, url, *arguments)


def snapshot_of(sqlite: Path) -> Path:
    """The folder of a database as it was before it was migrated."""
    return sqlite.with_name("before-migration")


def take_snapshot(sqlite: Path) -> None:
    """Copy a database that nobody has open, with its journals, whole or not at all."""
    partial = _partial_of(sqlite)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    for path in _files(sqlite):
        shutil.copy2(path, partial)
    partial.rename(snapshot_of(sqlite))


def restore(sqlite: Path) -> None:
    """Put a database back as it was before a migration that was not kept, if there was one."""
    snapshot = snapshot_of(sqlite)
    if not snapshot.exists():
        return
    for path in _files(sqlite):
        path.unlink()
    for path in snapshot.iterdir():
        shutil.copy2(path, sqlite.parent)
    discard_snapshot(sqlite)


def discard_snapshot(sqlite: Path) -> None:
    """Remove a snapshot, if there is one: at once, as half of one must not be put back."""
    snapshot, partial = snapshot_of(sqlite), _partial_of(sqlite)
    shutil.rmtree(partial, ignore_errors=True)
    if snapshot.exists():
        snapshot.rename(partial)
        shutil.rmtree(partial)


def _partial_of(sqlite: Path) -> Path:
    """A snapshot that is being made or removed."""
    return snapshot_of(sqlite).with_suffix(".partial")


def _files(sqlite: Path) -> list[Path]:
    """A database and its journals."""
    return list(sqlite.parent.glob(f"{sqlite.name}*"))


def _copy(source: Path, target: Path) -> None:
    """Copy a database that nobody has open, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.chmod(0o600)
    partial.replace(target)
