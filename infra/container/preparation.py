"""What precedes a component, as on MWAA: the startup script, then the requirements."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.container.deployed import AIRFLOW_HOME, MOUNTED, Bundle
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.startup import run_startup_script
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import LIMIT_SECONDS
from infra.rehearsal.requirements_file import RequirementsFile, image_pins

INSTALLED = AIRFLOW_HOME / ".local" / "requirements.txt"
"""The requirements that this container installed last."""
OF_THE_CONTAINER = {"pip"}
"""Installed beside the image's packages, for startup scripts."""


def link(bundle: Bundle) -> None:
    """Let MWAA's paths of DAGs and plugins lead to a bundle that is elsewhere."""
    for path, target in ((MOUNTED.dags, bundle.dags), (MOUNTED.plugins, bundle.plugins)):
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            path.rmdir()
        path.symlink_to(target)


async def prepare(
    bundle: Bundle, *, mwaa_component: str, environment: Mapping[str, str], runner: Runner
) -> dict[str, str]:
    """Run the startup script and install the requirements; what the script exports.

    Raises ConfigurationError with the reason when one of them fails.
    """
    exported: dict[str, str] = {}
    requirements = _text(bundle.requirements)
    await _remove_earlier(requirements, environment, runner)
    if _text(bundle.startup_script):
        variables = await run_startup_script(
            bundle.startup_script,
            environment=environment,
            runner=runner,
            components=[mwaa_component],
        )
        exported = variables[mwaa_component]
    if requirements:
        file = RequirementsFile(path=bundle.requirements, text=requirements)
        await _install(file, {**environment, **exported}, runner)
    return exported


def _text(path: Path) -> str:
    """A file of the bundle; empty where it has none."""
    return path.read_text() if path.is_file() else ""


async def _remove_earlier(
    requirements: str, environment: Mapping[str, str], runner: Runner
) -> None:
    """Remove what other requirements brought, which could not change the image's packages."""
    if INSTALLED.is_file() and INSTALLED.read_text() != requirements:
        installed = {canonicalize_name(each.name) for each in distributions()}
        if extra := sorted(installed - image_pins().keys() - OF_THE_CONTAINER):
            await runner.run(
                ["uv", "pip", "uninstall", "--quiet", *extra],
                environment=environment,
                folder=AIRFLOW_HOME,
                timeout_seconds=LIMIT_SECONDS,
            )
    INSTALLED.write_text(requirements)


async def _install(
    requirements: RequirementsFile, environment: Mapping[str, str], runner: Runner
) -> None:
    requirements.refuse_overrides(image_pins())
    try:
        await runner.run(
            [
                *("uv", "pip", "install", "--quiet", "--requirements", str(requirements.path)),
                *("--constraints", str(IMAGE_LOCK)),
            ],
            environment=environment,
            folder=AIRFLOW_HOME,
            timeout_seconds=LIMIT_SECONDS,
        )
    except CommandError as error:
        raise ConfigurationError(
            f"{requirements.blame(error.output) or requirements.path}\n"
            f"The requirements could not be installed: {error}"
        ) from None
