"""A copy of the checkout with a home and ports of its own, deployed to an embedded AWS."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.bench.measure import CommandFailed
from infra.local.settings import REPOSITORY, LocalSettings

_SHARED = (".venv", ".tools", "node_modules")
_COPIED = ("app.py", "cdk.json", "infra", "dags", "plugins", "requirements", "pyproject.toml")
_RIVAL = Path(__file__).with_name("one_task_a_file.py")
_PORTS_OF_AIRFLOW = 10


@dataclass(frozen=True, slots=True)
class Checkout:
    """The copy, and where what was deployed from it runs."""

    root: Path
    settings: LocalSettings

    def lake(self, *arguments: str) -> None:
        """Run a `lake` command of the copy.

        Raises:
            CommandFailed: with what it printed.
        """
        done = subprocess.run(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=self.root,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"lake {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW"))}
        settings = self.settings
        return clean | {
            "PYTHONPATH": os.pathsep.join([str(self.root), str(self.root / "dags")]),
            "LAKE_HOME": str(settings.home),
            "LAKE_AWS_PORT": str(settings.aws_port),
            "LAKE_SUPERVISOR_PORT": str(settings.supervisor_port),
            "LAKE_AIRFLOW_PORT": str(settings.airflow_port),
            "CDK_DEFAULT_ACCOUNT": settings.account_id,
            "CDK_DEFAULT_REGION": settings.region,
            "CDK_HOME": str(settings.home / "cdk"),
        }


@contextmanager
def deployed_checkout(folder: Path) -> Iterator[Checkout]:
    """Copy the checkout to `folder`, deploy it, and stop everything at the end.

    Raises:
        CommandFailed: it could not be deployed.
    """
    (folder / ".lake").mkdir(parents=True)
    for name in (*_SHARED, ".lake/emulator-venv"):
        (folder / name).symlink_to(REPOSITORY / name)
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    shutil.copyfile(_RIVAL, folder / "dags" / _RIVAL.name)
    aws_port, supervisor_port, *_ = _free_ports(2)
    settings = LocalSettings(
        home=folder / ".lake",
        aws_port=aws_port,
        supervisor_port=supervisor_port,
        airflow_port=_free_row(),
    )
    checkout = Checkout(folder, settings)
    try:
        checkout.lake("up")
        yield checkout
    finally:
        checkout.lake("down")


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _free_row() -> int:
    """The first of ports in a row that nobody listens on."""
    for first in range(20_000, 32_000, _PORTS_OF_AIRFLOW):
        if all(map(_is_free, range(first, first + _PORTS_OF_AIRFLOW))):
            return first
    raise CommandFailed(f"no {_PORTS_OF_AIRFLOW} free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
