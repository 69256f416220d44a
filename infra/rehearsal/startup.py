"""The startup script, run as MWAA runs it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.mwaa.airflow import variable_of
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.startup import exported_variables, is_settable
from infra.local.mwaa.validation import REFUSED_OPTIONS
from infra.local.settings import LocalSettings
from infra.rehearsal.scratch import scratch

RESERVED_OPTIONS = REFUSED_OPTIONS | {
    "celery.worker_autoscale",
    "core.max_active_tasks_per_dag",
    "core.parallelism",
    "dag_processor.parsing_processes",
    "scheduler.parsing_processes",
}
"""Options whose variables MWAA sets itself; some of them can be configuration options.

Source: Amazon MWAA user guide, "Using a startup script", reserved variables.
"""
RESERVED_NAMES = {"AIRFLOW_CONN_AWS_DEFAULT", "AWS_REGION", "AWS_DEFAULT_REGION"}
METRICS = "AIRFLOW__METRICS__"


@dataclass(frozen=True, kw_only=True)
class StartupRun:
    """What a script did."""

    variables: Mapping[str, Mapping[str, str]]
    """What it exported, by component."""
    seconds: float
    """For all components, which it ran for at the same time."""


async def run_startup(script: Path, *, settings: LocalSettings) -> StartupRun:
    """Run `script` for every component of MWAA, with what it sees there.

    Raises ConfigurationError with its output when it fails or takes longer than MWAA lets it, and
    naming the lines when it exports a variable that is reserved.
    """
    if not script.is_file():
        raise ConfigurationError(f"{script}: expected a shell script")
    with scratch(settings) as place:
        started = time.monotonic()
        variables = await exported_variables(
            script.resolve(), environment=place.component_environment, runner=place.runner
        )
        seconds = time.monotonic() - started
    _refuse_reserved(script, {name for names in variables.values() for name in names})
    return StartupRun(variables=variables, seconds=seconds)


def _refuse_reserved(script: Path, names: Iterable[str]) -> None:
    problems = [
        f"{_place(script, name)}: {name} is reserved: MWAA sets it itself"
        for name in sorted(names)
        if is_reserved(name)
    ]
    if problems:
        raise ConfigurationError("\n".join(problems))


def is_reserved(name: str) -> bool:
    """Whether MWAA sets the variable itself, whatever a script exports."""
    of_options = {variable_of(option) for option in RESERVED_OPTIONS}
    reserved = name in RESERVED_NAMES | of_options or name.startswith(METRICS)
    return reserved or not is_settable(name)


def _place(script: Path, name: str) -> str:
    """The first line that assigns the variable, as `file:line`; without one, the file."""
    assignment = re.compile(rf"(?<!\w){re.escape(name)}=")
    for number, line in enumerate(script.read_text(errors="replace").splitlines(), start=1):
        if assignment.search(line):
            return f"{script}:{number}"
    return str(script)
