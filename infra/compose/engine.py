"""Docker Compose, as this machine has it, on docker-compose.yaml."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence

from infra.local.settings import REPOSITORY, LocalSettings

ENGINE_TIMEOUT_SECONDS = 30

_NONE = "no container engine with Compose answers ({}); `lake up` needs none"


class EngineError(Exception):
    """There is no engine, or Compose failed; the text is all that a person needs to read."""


def require_engine() -> None:
    """Raise EngineError, in one line, where no engine or no Compose answers."""
    _docker("version", "--format", "{{.Server.Version}}")
    _docker("compose", "version")


def fit_to_engine(settings: LocalSettings) -> LocalSettings:
    """`settings`, where the engine has fewer processors than the class, with those of the engine.

    Docker refuses a container that may take more. Raises EngineError when Compose does.
    """
    file = json.loads("\n".join(compose_lines("config", "--format", "json", settings=settings)))
    wanted = max(float(service.get("cpus", 0)) for service in file["services"].values())
    there = _docker("info", "--format", "{{.NCPU}}")
    return settings.model_copy(update={"cpus": there}) if wanted > float(there) else settings


def _docker(*arguments: str) -> str:
    """What `docker` prints, whatever it is, when an engine answers; else raises EngineError."""
    try:
        answer = subprocess.run(
            ["docker", *arguments],  # noqa: S607  # wherever the person has it
            check=False,
            capture_output=True,
            text=True,
            timeout=ENGINE_TIMEOUT_SECONDS,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise EngineError(_NONE.format(error)) from None
    if answer.returncode:
        lines = answer.stderr.strip().splitlines()
        raise EngineError(_NONE.format(lines[-1] if lines else f"docker {arguments[0]} failed"))
    return answer.stdout.strip()


def official_file(settings: LocalSettings) -> str:
    """The Compose file of the official image that the settings name; empty where they name none.

    Raises EngineError when they name two.
    """
    if settings.mwaa_image and settings.local_runner_image:
        raise EngineError("set LAKE_MWAA_IMAGE or LAKE_LOCAL_RUNNER_IMAGE, not both")
    if settings.mwaa_image:
        return "infra/compose/mwaa-image.yaml"
    return "infra/compose/local-runner.yaml" if settings.local_runner_image else ""


def compose(*arguments: str, settings: LocalSettings) -> None:
    """Run `docker compose`, which prints what it does.

    Raises EngineError when it ends with another exit code than 0.
    """
    _run(arguments, settings, stdout=None)


def compose_lines(*arguments: str, settings: LocalSettings) -> list[str]:
    """The lines that `docker compose` prints.

    Raises EngineError when it ends with another exit code than 0.
    """
    return _run(arguments, settings, stdout=subprocess.PIPE).splitlines()


def _run(arguments: Sequence[str], settings: LocalSettings, *, stdout: int | None) -> str:
    chosen = {
        "COMPOSE_FILE": official_file(settings),
        "LAKE_ENVIRONMENT_CLASS": settings.environment_class,
        "LAKE_CPUS": settings.cpus,
    }
    ended = subprocess.run(
        ["docker", "compose", *arguments],  # noqa: S607  # wherever the person has it
        cwd=REPOSITORY,
        env={
            **os.environ,
            **{name: value for name, value in chosen.items() if value},
            "LAKE_HOME": str(settings.home),
            "LAKE_AWS_PORT": str(settings.aws_port),
            "LAKE_AIRFLOW_PORT": str(settings.airflow_port),
        },
        stdout=stdout,
        text=True,
        check=False,
    )
    if ended.returncode:
        command = " ".join(["docker compose", *arguments])
        raise EngineError(f"`{command}` ended with exit code {ended.returncode}")
    return ended.stdout or ""
