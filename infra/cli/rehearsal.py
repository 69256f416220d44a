"""`lake requirements` and `lake startup`: the bundle's parts, tried as MWAA uses them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.bundle import plugins_members, write_zip
from infra.cli.settings import local_settings
from infra.cli.steps import Failed, console, detail, step
from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import REPOSITORY
from infra.rehearsal.install import install_requirements
from infra.rehearsal.package import package_requirements
from infra.rehearsal.requirements_file import RequirementsFile, image_pins
from infra.rehearsal.startup import run_startup

REQUIREMENTS = REPOSITORY / "requirements" / "requirements.txt"
STARTUP_SCRIPT = REPOSITORY / "requirements" / "startup.sh"
MB = 10**6

requirements = typer.Typer(no_args_is_help=True, help="Try or package requirements.")
startup = typer.Typer(no_args_is_help=True, help="Try the startup script.")

RequirementsArgument = Annotated[Path, typer.Argument(help="A requirements.txt of MWAA's.")]
ScriptArgument = Annotated[Path, typer.Argument(help="A startup script of MWAA's.")]


@requirements.command("test")
def test_requirements(
    file: RequirementsArgument = REQUIREMENTS,
    plugins: Annotated[
        Path | None, typer.Option(help="A plugins.zip; by default the bundle's.")
    ] = None,
) -> None:
    """Install the requirements as MWAA does: after the startup script, within nine minutes.

    They go into a copy of the packages of MWAA's image, which they may add to and not change.
    Exits with 0 only if everything is installed.
    """
    settings = local_settings()
    with step(f"Installing {file}"), refusals():
        read = RequirementsFile.read(file)
        if not read.names_constraints:
            detail(f"{file} names no constraints: MWAA adds Airflow's, this test the image's")
        installed = asyncio.run(
            install_requirements(
                read,
                plugins_zip=_plugins_zip(plugins),
                startup_script=STARTUP_SCRIPT.read_text(),
                settings=settings,
            )
        )
    for name, version in installed.added.items():
        console.print(f"  {name}=={version}")
    console.print(
        f"Added {len(installed.added)} in {installed.seconds:.1f} s; the {len(image_pins())} "
        "packages of MWAA's image are as they were"
    )


@requirements.command("package")
def package(
    file: RequirementsArgument = REQUIREMENTS,
    output: Annotated[
        Path | None, typer.Option(help="A folder; by default package/ of LAKE_HOME.")
    ] = None,
) -> None:
    """Put the wheels of MWAA's platform into plugins.zip, for an environment without Internet.

    Writes plugins.zip, with wheels and constraints beside the plugins, and the requirements.txt
    that installs from it. A package without a wheel is an error that names it. The wheels are kept
    below LAKE_HOME: the deploy of an environment without Internet takes those of the checkout's
    own requirements from there.
    """
    settings = local_settings()
    with step(f"Packaging {file}"), refusals():
        packaged = asyncio.run(
            package_requirements(
                RequirementsFile.read(file),
                repository=REPOSITORY,
                output=output or settings.home / "package",
                settings=settings,
            )
        )
    for name, size in packaged.wheels.items():
        console.print(f"  {name} [dim]{size / MB:.1f} MB[/]")
    size = packaged.plugins_zip.stat().st_size
    console.print(f"{packaged.plugins_zip} [dim]{size / MB:.0f} MB[/]")
    console.print(f"{packaged.requirements}")


@startup.callback()
def _group() -> None:
    """Keep the name of the only command of the group."""


@startup.command("test")
def test_startup(file: ScriptArgument = STARTUP_SCRIPT) -> None:
    """Run the startup script as MWAA does, for every component, within five minutes.

    Prints what it exports. Exits with 0 only if it ran to its end and exports no variable that
    MWAA reserves.
    """
    settings = local_settings()
    with step(f"Running {file}"), refusals():
        run = asyncio.run(run_startup(file, settings=settings))
    for component, variables in run.variables.items():
        console.print(f"[bold]{component}[/]")
        _print_variables(variables)


def _print_variables(variables: Mapping[str, str]) -> None:
    for name, value in sorted(variables.items()):
        console.print(f"  {name}={escape(value)}")
    if not variables:
        detail("exports nothing")


def _plugins_zip(path: Path | None) -> bytes:
    if path is None:
        built = io.BytesIO()
        write_zip(built, plugins_members(REPOSITORY))
        return built.getvalue()
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failed(f"{path}: expected a plugins.zip: {error}") from error


@contextmanager
def refusals() -> Iterator[None]:
    """What MWAA would refuse is what the command fails with."""
    try:
        yield
    except ConfigurationError as error:
        raise Failed(str(error)) from error
