"""`lake compose`: MWAA in containers, beside docker-compose.yaml."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from infra.cli.rehearsal import REQUIREMENTS, refusals
from infra.cli.settings import local_settings
from infra.cli.steps import console, step
from infra.compose.bundle import write_bundle
from infra.compose.secrets import users_password, write_env_files
from infra.local.settings import REPOSITORY
from infra.rehearsal.package import package_requirements
from infra.rehearsal.requirements_file import RequirementsFile
from infra.settings import environment_settings

compose = typer.Typer(no_args_is_help=True, help="MWAA in containers (docker-compose.yaml).")


@compose.callback()
def _group() -> None:
    """Keep the name of the only command of the group."""


@compose.command()
def prepare(
    environment: Annotated[
        str, typer.Option("--environment", "-e", help="An environment of infra/settings.py.")
    ] = "dev",
    wheels: Annotated[
        bool, typer.Option(help="Give the containers wheels, so that they need no Internet.")
    ] = False,
) -> None:
    """Write what `docker compose up` needs below LAKE_HOME: the bundle, and the secrets.

    Again after a change of dags/, plugins/ or requirements/: DAGs are followed at once, the rest
    when a container starts. Secrets are made once and kept.
    """
    settings = local_settings()
    folder = settings.home / "compose"
    with step(f"Writing {folder}"), refusals():
        package = None
        if wheels:
            package = asyncio.run(
                package_requirements(
                    RequirementsFile.read(REQUIREMENTS),
                    repository=REPOSITORY,
                    output=folder / "package",
                    settings=settings,
                )
            )
        write_bundle(folder / "bundle", repository=REPOSITORY, package=package)
        chosen = environment_settings(environment)
        write_env_files(folder, environment=chosen, settings=settings)
    console.print(f"Login  user [bold]admin[/]  password [bold]{users_password(folder)}[/]")
