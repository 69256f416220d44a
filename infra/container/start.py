"""A container's start: becomes its component, or keeps it in step with what is deployed."""

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
    LOGS,
    BundleSource,
    Secrets,
    base_environment,
    component_environment,
)
from infra.container.deployed import AIRFLOW_HOME
from infra.container.keeper import Keeper
from infra.local.mwaa.model import ConfigurationError


def start(name: str, environ: Mapping[str, str]) -> int:
    """Run the component `name`; its exit code.

    Raises ConfigurationError with the reason when it cannot start.
    """
    secrets = Secrets.read()
    base = base_environment(environ)
    component = COMPONENTS.get(name)
    if component is None:
        expected = ", ".join(["mwaa", *COMPONENTS])
        raise ConfigurationError(f"{name} is no component: expected one of {expected}")
    _keep_log(name)
    if component.mwaa_component is None:
        _become(["airflow", *component.arguments], component_environment(base, {}, secrets))
    keeper = Keeper(
        name=name,
        component=component,
        mwaa_component=component.mwaa_component,
        base=base,
        secrets=secrets,
        source=BundleSource(environ["LAKE_BUNDLE"]),
    )
    return asyncio.run(keeper.run())


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
