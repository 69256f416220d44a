"""A whole lake, deployed once: a copy of the checkout with a home and ports of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.cli.aws import aws_environment, client
from infra.cli.environment import DeployedEnvironment
from infra.cli.query import query
from infra.local.settings import REPOSITORY, LocalSettings

SHARED = (".venv", ".tools", "node_modules")
COPIED = ("app.py", "cdk.json", "infra", "dags", "plugins", "requirements", "pyproject.toml")
RUN_TIMEOUT_SECONDS = 300
ARCHIVE = "_archive/"
PARSED_WITHIN_SECONDS = 40
"""One sync (3 s) and one parse (5 s between two of a file), with room for a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A copy of the checkout that can be changed and deployed, and the lake that came of it."""

    root: Path
    settings: LocalSettings

    def lake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `lake` command of the copy."""
        done = self._run([sys.executable, "-m", "infra.cli", *arguments])
        if check and done.returncode:
            raise AssertionError(f"lake {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the real `cdk` in the copy, as a person would after the printed exports."""
        cdk = str(self.root / "node_modules" / ".bin" / "cdk")
        return self._run([cdk, *arguments, "--no-notices"], **aws_environment(self.settings))

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS, as root."""
        return client(service, self.settings)

    @property
    def environment(self) -> DeployedEnvironment:
        """The deployed environment."""
        return DeployedEnvironment.read("dev", self.settings)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What Athena answers."""
        return list(query(sql, environment=self.environment, settings=self.settings).rows)

    def landed(self) -> list[str]:
        """The keys in the landing bucket, but those of the archive."""
        return [key for key in self._landing_keys() if not key.startswith(ARCHIVE)]

    def archived(self) -> list[str]:
        """The keys that the archived originals landed under."""
        keys = [key for key in self._landing_keys() if key.startswith(ARCHIVE)]
        return [key.removeprefix(ARCHIVE) for key in keys]

    def _landing_keys(self) -> list[str]:
        pages = (
            self.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.environment.landing_bucket)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def deploy(self) -> str:
        """Deploy the copy as it is; gives what `cdk` said."""
        done = self.cdk("deploy", "--all", "--require-approval", "never", "--ci")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def airflow(self, method: str, path: str, **more: Any) -> Any:
        """One call of Airflow's REST API through MWAA."""
        answer = self.client("mwaa").invoke_rest_api(
            Name=self.environment.name, Method=method, Path=path, **more
        )
        return answer["RestApiResponse"]

    @property
    def variables(self) -> dict[str, str]:
        """What makes a process use the copy, and this lake."""
        return {
            "PYTHONPATH": os.pathsep.join([str(self.root), str(self.root / "dags")]),
            "LAKE_HOME": str(self.settings.home),
            "LAKE_AWS_PORT": str(self.settings.aws_port),
            "LAKE_SUPERVISOR_PORT": str(self.settings.supervisor_port),
            "LAKE_AIRFLOW_PORT": str(self.settings.airflow_port),
            "CDK_DEFAULT_ACCOUNT": self.settings.account_id,
            "CDK_DEFAULT_REGION": self.settings.region,
            "CDK_HOME": str(self.settings.home / "cdk"),
        }

    def _run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW"))}
        return subprocess.run(
            command,
            cwd=self.root,
            env={**clean, **self.variables, **more},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The copy, deployed; everything is stopped at the end."""
    root = tmp_path_factory.mktemp("checkout")
    for name in SHARED:
        (root / name).symlink_to(REPOSITORY / name)
    (root / ".lake").mkdir()
    (root / ".lake" / "emulator-venv").symlink_to(REPOSITORY / ".lake" / "emulator-venv")
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, root / name)
    aws, supervisor, airflow = free_ports()
    settings = LocalSettings(
        home=root / ".lake", aws_port=aws, supervisor_port=supervisor, airflow_port=airflow
    )
    lab = Lab(root=root, settings=settings)
    try:
        lab.lake("up")
        yield lab
    finally:
        lab.lake("down")


@contextmanager
def changed(path: Path, old: str, new: str) -> Iterator[None]:
    """The file with `old` replaced by `new`, as long as the block lasts."""
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    try:
        yield
    finally:
        path.write_text(before)


def free_ports() -> tuple[int, int, int]:
    """Ports for the embedded AWS, the supervisor, and ten in a row for Airflow."""
    held = []
    for _ in range(2):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        held.append(listener)
    first, second = (listener.getsockname()[1] for listener in held)
    for listener in held:
        listener.close()
    for base in range(20_000, 32_000, 10):
        if all(_is_free(port) for port in range(base, base + 10)):
            return first, second, base
    raise RuntimeError("no ten free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_for(condition: Callable[[], Any], *, timeout_seconds: float, what: str) -> Any:
    """Wait until `condition` gives something true, and give it."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.5)
    raise AssertionError(f"not within {timeout_seconds:.0f} s: {what}")
