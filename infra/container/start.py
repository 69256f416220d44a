"""A container's start, as on MWAA: startup script, requirements, then the component."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import NoReturn

from infra.container.components import COMPONENTS
from infra.container.configuration import (
    AIRFLOW_HOME,
    LOGS,
    REQUIREMENTS,
    STARTUP_SCRIPT,
    Secrets,
    base_environment,
    component_environment,
)
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.database import SET_UP
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.startup import run_startup_script
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import LIMIT_SECONDS
from infra.rehearsal.requirements_file import RequirementsFile, image_pins

RUNNER = Runner(marker="container:")


def start(name: str, environ: Mapping[str, str]) -> NoReturn:
    """Become the component `name`; `init` makes or migrates the database and its users.

    Raises ConfigurationError with the reason when it cannot start.
    """
    secrets = Secrets.read()
    base = base_environment(environ)
    if name == "init":
        users = {"MWAA_USERS_PASSWORD": secrets.airflow_users_password}
        _become([sys.executable, str(SET_UP)], component_environment(base, {}, secrets) | users)
    component = COMPONENTS.get(name)
    if component is None:
        expected = ", ".join(["init", *COMPONENTS])
        raise ConfigurationError(f"{name} is no component: expected one of {expected}")
    _keep_log(name)
    mwaa_component = component.mwaa_component
    exported = asyncio.run(_prepare(mwaa_component, base)) if mwaa_component else {}
    _become(["airflow", *component.arguments], component_environment(base, exported, secrets))


async def _prepare(mwaa_component: str, base: Mapping[str, str]) -> dict[str, str]:
    """Run the startup script and install the requirements; what the script exports."""
    exported: dict[str, str] = {}
    if STARTUP_SCRIPT.is_file():
        variables = await run_startup_script(
            STARTUP_SCRIPT, environment=base, runner=RUNNER, components=[mwaa_component]
        )
        exported = variables[mwaa_component]
    if REQUIREMENTS.is_file():
        await _install(RequirementsFile.read(REQUIREMENTS), {**base, **exported})
    return exported


async def _install(requirements: RequirementsFile, environment: Mapping[str, str]) -> None:
    requirements.refuse_overrides(image_pins())
    try:
        await RUNNER.run(
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


def _keep_log(name: str) -> None:
    """Write what the component prints to a file on the volume as well."""
    folder = LOGS / "components"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}-{socket.gethostname()}.log"
    tee = subprocess.Popen(
        ["/usr/bin/tee", "--append", str(log)], stdin=subprocess.PIPE, start_new_session=True
    )
    assert tee.stdin  # noqa: S101  # Popen was asked for a pipe
    for stream in (sys.stdout, sys.stderr):
        os.dup2(tee.stdin.fileno(), stream.fileno())


def _become(argv: list[str], environment: Mapping[str, str]) -> NoReturn:
    os.chdir(AIRFLOW_HOME)
    os.execvpe(argv[0], argv, environment)  # noqa: S606  # a list, no shell
