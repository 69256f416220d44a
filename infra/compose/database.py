"""The metadata database of an official image's containers, made anew."""

from __future__ import annotations

from infra.compose.engine import EngineError, compose, compose_lines
from infra.local.settings import LocalSettings

STORES = {"aws", "postgres", "redis"}
"""The services that keep something; the others are Airflow's."""
DATABASE = "airflow"


def require_database(*, settings: LocalSettings) -> None:
    """Raise EngineError where the container of the database does not run."""
    if "postgres" not in _running(settings):
        raise EngineError("no containers run: `lake compose up` starts them")


def reset_database(*, settings: LocalSettings) -> None:
    """Stop Airflow, drop its database, empty the queue, and start Airflow on a new database.

    The containers stay the same, and so does the number of workers. Safe to run again after a kill.
    Raises EngineError when Compose does.
    """
    services = compose_lines("config", "--services", settings=settings)
    scale = []
    if "worker" in services:
        workers = compose_lines("ps", "--all", "--quiet", "worker", settings=settings)
        scale = ["--scale", f"worker={len(workers)}"]
    compose("stop", *(each for each in services if each not in STORES), settings=settings)
    client = ("--username=airflow", "--maintenance-db=postgres", DATABASE)
    in_postgres = ("exec", "-T", "postgres")
    compose(*in_postgres, "dropdb", "--force", "--if-exists", *client, settings=settings)
    compose(*in_postgres, "createdb", *client, settings=settings)
    if "redis" in _running(settings):
        compose("exec", "-T", "redis", "redis-cli", "FLUSHALL", settings=settings)
    start = ("up", "--detach", "--wait", "--no-build", "--no-recreate")
    compose(*start, *scale, settings=settings)


def _running(settings: LocalSettings) -> list[str]:
    return compose_lines("ps", "--services", "--status", "running", settings=settings)
