"""A whole lake, deployed once: a copy of the checkout with a home and ports of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.cli.aws import aws_environment
from infra.local.settings import REPOSITORY, LocalSettings
from tests.deployed_lake import DeployedLake

SHARED = (".venv", ".tools", "node_modules")
COPIED = ("app.py", "cdk.json", "infra", "dags", "plugins", "requirements", "pyproject.toml")
RUN_TIMEOUT_SECONDS = 300
PARSED_WITHIN_SECONDS = 40
"""One sync (3 s) and one parse (5 s between two of a file), with room for a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Lab(DeployedLake):
    """A copy of the checkout that can be changed and deployed, and the lake that came of it.

    With all that can be switched on: Redshift, and the models on it.
    """

    root: Path

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

    def deploy(self) -> str:
        """Deploy the copy as it is; gives what `cdk` said."""
        done = self.cdk("deploy", "--all", "--require-approval", "never", "--ci")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

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
    _switch_on_redshift(root / "cdk.json")
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


def _switch_on_redshift(cdk_json: Path) -> None:
    """For every command of `cdk`, as `-c redshift=true` is for one."""
    document = json.loads(cdk_json.read_text())
    document["context"]["redshift"] = True
    cdk_json.write_text(json.dumps(document))


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
