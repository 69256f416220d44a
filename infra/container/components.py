"""The components of Airflow, a container each."""

from __future__ import annotations

from dataclasses import dataclass

NO_LOGS = "--skip-serve-logs"
"""Logs are on a volume that all components share, so none has to serve them."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component of Airflow."""

    arguments: tuple[str, ...]
    """Of the `airflow` command."""
    mwaa_component: str | None = None
    """Whose startup script and requirements it has; None: it runs no code of the bundle."""


COMPONENTS = {
    "api-server": Component(arguments=("api-server",), mwaa_component="webserver"),
    "scheduler": Component(arguments=("scheduler", NO_LOGS), mwaa_component="scheduler"),
    "dag-processor": Component(arguments=("dag-processor",), mwaa_component="scheduler"),
    "triggerer": Component(arguments=("triggerer", NO_LOGS), mwaa_component="scheduler"),
    "worker": Component(arguments=("celery", "worker", NO_LOGS), mwaa_component="worker"),
    "flower": Component(arguments=("celery", "flower")),
}
"""By the name of their service."""
