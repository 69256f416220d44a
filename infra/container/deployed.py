"""What the `mwaa` container and Airflow's containers tell each other, on two volumes.

On the one, which Airflow's can only read, is the environment that is deployed, with its bundle. On
the other is what each of them reports: which deployment it runs, or why it cannot.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

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
        """What is deployed; None where nothing is."""
        try:
            return cls.model_validate_json(DOCUMENT.read_bytes())
        except FileNotFoundError:
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

    model_config = ConfigDict(frozen=True)

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
        """Say that it is still so."""
        os.utime(self._path)


def reports(generation: str) -> Iterator[Report]:
    """What the containers that live say of a deployment."""
    oldest = time.time() - ALIVE_SECONDS
    for path in REPORTS.glob("*.json"):
        if path.stat().st_mtime >= oldest:
            report = Report.model_validate_json(path.read_bytes())
            if report.generation == generation:
                yield report
