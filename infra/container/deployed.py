"""What the `mwaa` container and Airflow's containers tell each other, on two volumes.

On the one, which Airflow's can only read, is the environment that is deployed, with its bundle. On
the other is what each of them reports: which deployment it runs, or why it cannot.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.local.mwaa.layout import Layout
from infra.local.supervisor.durable import sync_folder, write_durably

AIRFLOW_HOME = Path("/usr/local/airflow")
VOLUME = AIRFLOW_HOME / "environment"
DOCUMENT = VOLUME / "environment.json"
REPORTS = AIRFLOW_HOME / "reports"

POLL_SECONDS = 1.0
"""How often a container looks whether another deployment is wanted, and reports that it lives."""
ALIVE_SECONDS = 20.0
"""A report that is older is of a container that has gone."""
KEPT_SECONDS = 3600.0
"""Such a report may help a person for so long."""

log = logging.getLogger(__name__)


class Deployed(BaseModel):
    """The environment that Airflow's containers run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    generation: str
    """Another each time that the containers are to start anew."""
    name: str
    region: str
    build: str
    """The key of its plugins, requirements and startup script."""
    options: dict[str, str]
    credentials_token: str

    @classmethod
    def read(cls) -> Self | None:
        """What is deployed; None where nothing is, or nothing that this version can read.

        The service `mwaa` then writes it anew from its own record.
        """
        with contextlib.suppress(FileNotFoundError, ValidationError):
            return cls.model_validate_json(DOCUMENT.read_bytes())
        return None

    def publish(self) -> None:
        """Let the containers run it."""
        write_durably(DOCUMENT, self.model_dump_json(indent=2).encode())

    def bundle(self) -> Bundle:
        """Where its bundle is."""
        layout = Layout(VOLUME)
        build = layout.builds / self.build
        return Bundle(
            dags=layout.dags,
            plugins=build / "plugins",
            requirements=build / "requirements.txt",
            startup_script=build / "startup.sh",
        )


def withdraw() -> None:
    """Let the containers run nothing."""
    DOCUMENT.unlink(missing_ok=True)
    sync_folder(DOCUMENT.parent)


def awaited() -> str:
    """What a component waits for while nothing is deployed."""
    if DOCUMENT.exists():
        return (
            f"until `mwaa` writes {DOCUMENT} anew, which another version wrote; if it never does, "
            "`lake compose down --volumes` removes it with all that the containers keep"
        )
    return "for an environment, which `cdk deploy --all` creates"


class Bundle(BaseModel):
    """Where the parts of a bundle are in a container."""

    model_config = ConfigDict(frozen=True)

    dags: Path
    plugins: Path
    requirements: Path
    startup_script: Path


MOUNTED = Bundle(
    dags=AIRFLOW_HOME / "dags",
    plugins=AIRFLOW_HOME / "plugins",
    requirements=AIRFLOW_HOME / "requirements" / "requirements.txt",
    startup_script=AIRFLOW_HOME / "startup" / "startup.sh",
)
"""MWAA's paths, where the folders of the repository are mounted."""


class Report(BaseModel):
    """What a container of Airflow says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    container: str
    generation: str
    problem: str = ""
    """Why the component cannot run; empty while it does."""

    @property
    def _path(self) -> Path:
        return REPORTS / f"{self.component}-{self.container}.json"

    def write(self) -> None:
        """Report it."""
        write_durably(self._path, self.model_dump_json().encode())

    def repeat(self) -> None:
        """Say that it is still so, also after a sleep in which the report was discarded."""
        try:
            os.utime(self._path)
        except FileNotFoundError:
            self.write()


def reports(generation: str) -> Iterator[Report]:
    """What the containers that live say of a deployment."""
    oldest = time.time() - ALIVE_SECONDS
    for path in REPORTS.glob("*.json"):
        if path.stat().st_mtime >= oldest:
            report = _read(path)
            if report and report.generation == generation:
                yield report


def discard_old_reports() -> None:
    """Remove those of containers that have long gone, and of other versions."""
    oldest = time.time() - KEPT_SECONDS
    for path in REPORTS.iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was a part, and is whole by now
            of_another_version = path.suffix == ".json" and not _read(path)
            if of_another_version:
                log.warning("%s was written by another version: removed", path)
            if of_another_version or path.stat().st_mtime < oldest:
                path.unlink()


def _read(path: Path) -> Report | None:
    """A report; None where another version wrote it."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except ValidationError:
        return None
