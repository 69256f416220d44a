"""`lake db`: the metadata database of Airflow."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.engine import engine_errors
from infra.cli.environment import DeployedEnvironment, reset_database, wait_until_available
from infra.cli.settings import local_settings
from infra.cli.steps import step
from infra.compose.database import require_database
from infra.compose.database import reset_database as reset_official
from infra.compose.engine import official_file, require_engine
from infra.local.settings import LocalSettings

AVAILABLE_TIMEOUT_SECONDS = 600

db = typer.Typer(no_args_is_help=True, help="The metadata database of Airflow.")


@db.callback()
def _group() -> None:
    """Keep the name of the only command of the group."""


@db.command()
def reset(
    environment: Annotated[
        str, typer.Option("--environment", "-e", help="An environment of infra/environments.py.")
    ] = "dev",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Drop Airflow's metadata database and make it anew, with users and DAGs as after a create.

    Tasks that run are ended. Runs, connections, variables and pools are forgotten; buckets, tables
    and the files of logs stay. Killed in the middle, it is finished by the service; with an
    official image (LAKE_MWAA_IMAGE, LAKE_LOCAL_RUNNER_IMAGE), when it is run again. Exits with 0
    only if Airflow runs on the new database.
    """
    settings = local_settings()
    with engine_errors():
        if official_file(settings):
            _reset_official(settings, yes=yes)
            return
    name = DeployedEnvironment.read(environment, settings).name
    _confirm(f"of the MWAA environment {name}", yes=yes)
    with step(f"Making the metadata database of {name} anew"):
        reset_database(name, settings)
        wait_until_available(name, settings, timeout_seconds=AVAILABLE_TIMEOUT_SECONDS)


def _reset_official(settings: LocalSettings, *, yes: bool) -> None:
    require_engine()
    require_database(settings=settings)
    _confirm("of the official image's containers", yes=yes)
    with step("Making the metadata database anew"):
        reset_official(settings=settings)


def _confirm(whose: str, *, yes: bool) -> None:
    """Ask before a metadata database is dropped, unless `yes`.

    Raises:
        typer.Abort: the answer is no, or there is nobody to ask.
    """
    if not yes:
        typer.confirm(
            f"All runs, connections, variables and pools {whose} are forgotten. Go on?", abort=True
        )
