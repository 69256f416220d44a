"""Where an environment keeps what on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders of one environment, below `<home>/environments/<name>`."""

    root: Path

    @property
    def dags(self) -> Path:
        """The DAGs, synced from the Airflow bucket."""
        return self.root / "dags"

    @property
    def builds(self) -> Path:
        """A folder for each set of plugins, requirements and startup script."""
        return self.root / "builds"

    @property
    def airflow_home(self) -> Path:
        """Airflow's AIRFLOW_HOME."""
        return self.root / "airflow"

    @property
    def sqlite(self) -> Path:
        """The metadata database, unless PostgreSQL is used."""
        return self.airflow_home / "airflow.db"

    @property
    def logs(self) -> Path:
        """The logs of tasks and of DAG parsing."""
        return self.root / "logs"

    @property
    def user_home(self) -> Path:
        """The HOME of every process: nothing of the person's own is in it."""
        return self.root / "home"

    def make(self) -> None:
        """Make the folders that must exist before Airflow starts, closed to other users."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.dags, self.builds, self.airflow_home, self.logs, self.user_home):
            folder.mkdir(parents=True, exist_ok=True)
