"""Airflow's metadata database: made or migrated before the components start."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.mwaa.airflow import PAGES_PLUGIN, Airflow
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK

SET_UP = PAGES_PLUGIN / "set_up_database.py"
LIMIT_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Database:
    """Sets databases up; a fresh SQLite one is a copy of a template.

    Making the tables takes Airflow about 8 s of imports and DDL, with the same outcome each
    time: it depends on the image's packages and the password alone, which name the template.
    """

    templates: Path
    runner: Runner

    @property
    def version(self) -> str:
        """Changes when a database must be migrated."""
        return _digest(IMAGE_LOCK.read_bytes() + SET_UP.read_bytes())

    async def set_up(
        self,
        airflow: Airflow,
        *,
        venv: Path,
        environment: Mapping[str, str],
        current_version: str | None,
    ) -> str:
        """Create the database of `airflow`, or migrate it from `current_version`; its version.

        The components must not run meanwhile. Raises ConfigurationError with what Airflow said.
        """
        if airflow.settings.database or airflow.layout.sqlite.exists():
            if current_version != self.version:
                await self._run(airflow, airflow.database_url, venv, environment)
            return self.version
        template = self.templates / f"{self.version}-{_digest(airflow.admin_password.encode())}.db"
        if not template.exists():
            template.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=template.parent) as folder:
                fresh = Path(folder) / "airflow.db"
                await self._run(airflow, f"sqlite:///{fresh}", venv, environment)
                fresh.replace(template)
        await asyncio.to_thread(_copy, template, airflow.layout.sqlite)
        return self.version

    async def _run(
        self, airflow: Airflow, url: str, venv: Path, environment: Mapping[str, str]
    ) -> None:
        try:
            await self.runner.run(
                [str(venv / "bin" / "python"), str(SET_UP)],
                environment={
                    **environment,
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
                    "MWAA_ADMIN_PASSWORD": airflow.admin_password,
                },
                folder=airflow.layout.root,
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
