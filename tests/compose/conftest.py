"""The containers, deployed once; `make test-compose` gives them an engine, images and wheels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.settings import REPOSITORY, LocalSettings
from tests.deployed_lake import DeployedLake, wait_for

HERE = Path(__file__).parent
PROJECT = "mwaa-lake-test"
"""What engine.sh calls the project of Compose: its volumes are nobody's."""
ORDER = ("environment", "pipeline", "workers", "faults", "changes", "down")
"""Of the modules, which share one stack: what disturbs it most comes last."""
LOG_LINES = "40"
KILL_ALL = "kill -9 -1"
"""Of a shell: every process of its container but the first, which ends when they do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules in their order."""
    own = [item for item in items if item.path.parent == HERE]
    own.sort(key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")))
    items[:] = [item for item in items if item.path.parent != HERE] + own


@dataclass(frozen=True, kw_only=True)
class Stack(DeployedLake):
    """The containers of docker-compose.yaml, and the lake in them."""

    def lake(self, *arguments: str, check: bool = True, **variables: str) -> str:
        """What a `lake` command says; AssertionError with it where it fails, unless `check`."""
        return run(sys.executable, "-m", "infra.cli", *arguments, check=check, **variables)

    def compose(self, *arguments: str, check: bool = True, **variables: str) -> str:
        """What a command of `docker compose` says, as `lake`."""
        return run("docker", "compose", *arguments, check=check, **variables)

    def containers(self, service: str) -> set[str]:
        """The ids of a service's containers that run, as their host names have them."""
        return {each[:12] for each in self.compose("ps", "--quiet", service).split()}

    def state(self, service: str) -> dict[str, Any]:
        """What the engine knows of the only container of a service."""
        (container,) = self.compose("ps", "--all", "--quiet", service).split()
        (described,) = json.loads(run("docker", "inspect", container))
        return dict(described)

    def is_healthy(self, service: str) -> bool:
        """Whether its only container runs and its health check says so."""
        state = self.state(service)["State"]
        return bool(state["Running"] and state["Health"]["Status"] == "healthy")

    def crash(self, service: str) -> None:
        """Kill all that runs in the only container of a service, which nobody stops."""
        self.compose("exec", "-T", service, "sh", "-c", KILL_ALL, check=False)

    def python(self, service: str, code: str) -> Any:
        """What a Python program in a container of a service prints, which is JSON."""
        return json.loads(self.compose("exec", "-T", service, "python", "-c", code))

    def wait_for(
        self, condition: Callable[[], Any], *, timeout_seconds: float, what: str, service: str
    ) -> Any:
        """Wait as `wait_for`; what AWS refuses meanwhile is asked again.

        Raises AssertionError with the end of the service's log.
        """

        def answered() -> Any:
            try:
                return condition()
            except (BotoCoreError, ClientError):
                return None

        try:
            return wait_for(answered, timeout_seconds=timeout_seconds, what=what)
        except AssertionError as error:
            log = self.compose("logs", "--no-color", "--tail", LOG_LINES, service, check=False)
            raise AssertionError(f"{error}\n{log}") from None


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack with one worker, its environment AVAILABLE; everything is removed at the end."""
    if os.environ.get("COMPOSE_PROJECT_NAME") != PROJECT:
        pytest.fail("tests/compose is run by `make test-compose`, which has an engine for it")
    stack = Stack(settings=LocalSettings())
    try:
        stack.lake("compose", "down", "--volumes")  # what a run that was killed left
        print(stack.lake("compose", "up", "--no-build", "--wheels", "--workers", "1"))
        yield stack
    finally:
        stack.lake("compose", "down", "--volumes")


def run(*command: str, check: bool = True, **variables: str) -> str:
    """What a command says; AssertionError with it where it fails, unless `check` is False."""
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout + ("" if check else done.stderr)
