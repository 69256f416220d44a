"""`lake compose`: MWAA in containers, beside docker-compose.yaml."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from infra.chosen import environment_settings
from infra.cli.aws import print_exports
from infra.cli.cdk import cdk
from infra.cli.engine import engine_errors
from infra.cli.environment import wait_until_available
from infra.cli.rehearsal import REQUIREMENTS, refusals
from infra.cli.settings import local_settings
from infra.cli.steps import console, step
from infra.compose.bundle import write_bundle
from infra.compose.engine import compose as run_compose
from infra.compose.engine import fit_to_engine, official_file, require_engine
from infra.compose.official import write_official_env_files
from infra.compose.secrets import users_password, write_env_files
from infra.local.settings import REPOSITORY, LocalSettings
from infra.rehearsal.package import package_requirements
from infra.rehearsal.requirements_file import RequirementsFile
from infra.settings import EnvironmentSettings

compose = typer.Typer(no_args_is_help=True, help="MWAA in containers (docker-compose.yaml).")

AVAILABLE_TIMEOUT_SECONDS = 1200
AIRFLOW_COMMAND = "/opt/lake/infra/compose/airflow_command.py"
"""In the image."""

Environment = Annotated[
    str, typer.Option("--environment", "-e", help="An environment of infra/environments.py.")
]
Wheels = Annotated[
    bool, typer.Option(help="Give the containers wheels, so that they need no Internet.")
]


@compose.command()
def prepare(environment: Environment = "dev", wheels: Wheels = False) -> None:
    """Write what `docker compose up` needs below LAKE_HOME: the bundle, and the secrets.

    Again after a change of dags/, plugins/ or requirements/: DAGs are followed at once, the rest
    when a container starts. Secrets are made once and kept.
    """
    _prepare(environment_settings(environment), local_settings(), wheels=wheels)


@compose.command()
def up(
    environment: Environment = "dev",
    wheels: Wheels = False,
    build: Annotated[bool, typer.Option(help="Build the images that are not there.")] = True,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="How many Celery workers; by default the environment's least."),
    ] = None,
) -> None:
    """Prepare, start the containers, and deploy the environment to them with the real `cdk`.

    Exits with 0 only if the MWAA environment is AVAILABLE. What stands is reused. LAKE_BUNDLE
    chooses what Airflow runs: the folders of the `repository`, or the `bucket`'s. The containers
    have the size of the environment's class, or of LAKE_ENVIRONMENT_CLASS. LAKE_MWAA_IMAGE or
    LAKE_LOCAL_RUNNER_IMAGE names an official image that a person has built, to be run instead.
    """
    chosen = environment_settings(environment)
    with engine_errors():
        require_engine()
        settings = _sized(chosen, local_settings())
        _prepare(chosen, settings, wheels=wheels)
        start = ["up", "--detach", "--wait", *([] if build else ["--no-build"])]
        scale = ["--scale", f"worker={workers or chosen.airflow.min_workers}"]
        if official_file(settings):
            _start_official(chosen, settings, start=start, scale=scale)
        else:
            _start(chosen, settings, start=[*start, *scale])
    console.print(f"Airflow  http://127.0.0.1:{settings.airflow_port}")
    print_exports(settings)


@compose.command()
def down(
    volumes: Annotated[
        bool, typer.Option("--volumes", "-v", help="Also what they keep: nothing is left.")
    ] = False,
) -> None:
    """Stop and remove the containers; what their volumes keep comes back with `up`."""
    settings = local_settings()
    with engine_errors():
        require_engine()
        with step("Stopping the containers"):
            kept = ["--volumes"] if volumes else []
            run_compose("--profile", "flower", "down", *kept, settings=settings)


@compose.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
def airflow(
    arguments: Annotated[list[str], typer.Argument(help="Of `airflow`.", metavar="ARGUMENT...")],
) -> None:
    """Run `airflow` in the scheduler's container: lake compose airflow dags list.

    Exits with 0 only if it does.
    """
    settings = local_settings()
    service = "local-runner" if settings.local_runner_image else "scheduler"
    with engine_errors():
        require_engine()
        run_compose("exec", service, "python3", AIRFLOW_COMMAND, *arguments, settings=settings)


def _sized(environment: EnvironmentSettings, settings: LocalSettings) -> LocalSettings:
    """`settings`, with the class that the containers are to have, as far as the engine has it."""
    size = settings.environment_class or environment.airflow.environment_class
    fitting = fit_to_engine(settings.model_copy(update={"environment_class": size}))
    if fitting.cpus != settings.cpus:
        console.print(
            f"Processors  {fitting.cpus} for each container, all that the engine has: fewer than "
            f"{size} has"
        )
    return fitting


def _prepare(environment: EnvironmentSettings, settings: LocalSettings, *, wheels: bool) -> None:
    folder = settings.home / "compose"
    with step(f"Writing {folder}"), refusals():
        package = None
        if wheels or environment.network.routing == "private":
            package = asyncio.run(
                package_requirements(
                    RequirementsFile.read(REQUIREMENTS),
                    repository=REPOSITORY,
                    output=folder / "package",
                    settings=settings,
                )
            )
        write_bundle(folder / "bundle", repository=REPOSITORY, package=package)
        write_env_files(folder, settings=settings)
        if official_file(settings):
            write_official_env_files(folder, environment=environment, settings=settings)
    console.print(f"Login  user [bold]admin[/]  password [bold]{users_password(folder)}[/]")


def _start(environment: EnvironmentSettings, settings: LocalSettings, *, start: list[str]) -> None:
    with step("Starting the containers"):
        run_compose(*start, settings=settings)
    with step(f"cdk deploy --all, environment {environment.name}"):
        _deploy(environment, settings, "--all")
    with step(f"Waiting until the MWAA environment {environment.prefix} is AVAILABLE"):
        wait_until_available(
            environment.prefix, settings, timeout_seconds=AVAILABLE_TIMEOUT_SECONDS
        )


def _start_official(
    environment: EnvironmentSettings, settings: LocalSettings, *, start: list[str], scale: list[str]
) -> None:
    """Deploy what the DAGs read and write, and start Airflow: the environment is the containers."""
    with step("Starting the embedded AWS"):
        run_compose(*start, "aws", settings=settings)
    with step(f"cdk deploy {environment.prefix}-storage"):
        _deploy(environment, settings, f"{environment.prefix}-storage", "--exclusively")
    with step("Starting Airflow"):
        # The local runner runs its tasks itself.
        run_compose(*start, *([] if settings.local_runner_image else scale), settings=settings)


def _deploy(environment: EnvironmentSettings, settings: LocalSettings, *stacks: str) -> None:
    templates: Path = settings.home / "cdk.out" / environment.name
    account = f"aws://{settings.account_id}/{settings.region}"
    context = f"environment={environment.name}"
    cdk("bootstrap", account, settings=settings, folder=settings.home)
    cdk("synth", "--quiet", "--output", str(templates), "-c", context, settings=settings)
    cdk(
        "deploy", *stacks, "--require-approval", "never", "--app", str(templates),
        settings=settings,
    )  # fmt: skip
