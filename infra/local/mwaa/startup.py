"""The startup script: run as MWAA runs it, and the variables that it exports."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.supervisor.processes import marked

LIMIT_SECONDS = 300.0
"""Source: Amazon MWAA user guide, "Using a startup script"."""
MWAA_COMPONENTS = ("webserver", "scheduler", "worker")
RESERVED = {"PYTHONPATH", "AIRFLOW_HOME", "AIRFLOW_VERSION", "PYTHONUNBUFFERED"}
"""Variables that a script cannot set. Source: the public images, `setup_environment.py`."""
OF_THE_SHELL = {"_", "SHLVL", "PWD", "OLDPWD", "MWAA_AIRFLOW_COMPONENT", *marked({}, "")}

_SOURCE_AND_PRINT = 'source "$1" && env -0 > "$2"'


async def run_startup_script(
    script: Path,
    *,
    environment: Mapping[str, str],
    runner: Runner,
    components: Sequence[str] = MWAA_COMPONENTS,
) -> dict[str, dict[str, str]]:
    """The variables that `script` sets for each of `components`.

    Raises ConfigurationError as `exported_variables` does.
    """
    exported = await exported_variables(
        script, environment=environment, runner=runner, components=components
    )
    return {
        component: {name: value for name, value in variables.items() if is_settable(name)}
        for component, variables in exported.items()
    }


async def exported_variables(
    script: Path,
    *,
    environment: Mapping[str, str],
    runner: Runner,
    components: Sequence[str] = MWAA_COMPONENTS,
) -> dict[str, dict[str, str]]:
    """All that `script` exports for each of `components`, settable or not.

    It runs once a component, with `MWAA_AIRFLOW_COMPONENT` set, as on MWAA. Raises
    ConfigurationError with its output when it fails or takes longer than LIMIT_SECONDS.
    """
    runs = [_exported(script, component, environment, runner) for component in components]
    return dict(zip(components, await asyncio.gather(*runs), strict=True))


async def _exported(
    script: Path, component: str, environment: Mapping[str, str], runner: Runner
) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        printed = Path(folder) / "environment"
        try:
            await runner.run(
                ["/bin/bash", "-c", _SOURCE_AND_PRINT, "bash", str(script), str(printed)],
                environment={**environment, "MWAA_AIRFLOW_COMPONENT": component},
                folder=script.parent,
                timeout_seconds=LIMIT_SECONDS,
            )
            variables = _parse(printed.read_bytes())
        except (CommandError, FileNotFoundError) as error:
            raise ConfigurationError(f"The startup script failed on {component}: {error}") from None
    return {
        name: value
        for name, value in variables.items()
        if environment.get(name) != value and name not in OF_THE_SHELL
    }


def is_settable(name: str) -> bool:
    """Whether a script's variable of this name reaches Airflow."""
    return name not in RESERVED and not name.startswith("MWAA__")


def _parse(printed: bytes) -> dict[str, str]:
    """The output of `env -0`."""
    entries = (os.fsdecode(entry).partition("=") for entry in printed.split(b"\0") if entry)
    return {name: value for name, _, value in entries}
