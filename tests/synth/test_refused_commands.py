"""A wrong value in infra/environments.py, as each command that reads it says it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synth.templates import REPOSITORY

CDK = (str(REPOSITORY / "node_modules" / ".bin" / "cdk"), "--no-notices")
LAKE = (sys.executable, "-m", "infra.cli")
PARTS = ("app.py", "cdk.json", "infra", "dags", "plugins", "requirements")

type Change = Callable[[str, str], None]
type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copyfile(source, folder / part)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    return folder


@pytest.fixture
def change(checkout: Path) -> Change:
    """Write the checkout's infra/environments.py with one text in the place of another."""

    def write(old: str, new: str) -> None:
        text = (REPOSITORY / "infra" / "environments.py").read_text()
        assert old in text
        (checkout / "infra" / "environments.py").write_text(text.replace(old, new))

    return write


@pytest.fixture
def run(checkout: Path) -> Run:
    """Run a command in the checkout, with no account to ask."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments,
            cwd=checkout,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(checkout),
                "LAKE_HOME": str(checkout / ".lake"),
                "LAKE_AWS_PORT": "1025",
                "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
                "AWS_EC2_METADATA_DISABLED": "true",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return command


@pytest.mark.parametrize(
    "command",
    [
        (*CDK, "synth", "-c", "environment=prod"),
        (*CDK, "deploy", "--all", "-c", "environment=prod"),
        (*CDK, "diff", "-c", "environment=prod"),
        (*CDK, "synth", "--app", f"{sys.executable} -m infra.delivery", "-c", "repository=me/lake"),
        (*LAKE, "up", "--environment", "prod"),
        (*LAKE, "compose", "prepare", "--environment", "prod"),
        (*LAKE, "models", "--environment", "prod"),
        (*LAKE, "preflight", "prod", "--no-account"),
        (*LAKE, "cost", "prod"),
        (*LAKE, "query", "SELECT 1"),
        (*LAKE, "sync", "prod"),
        (sys.executable, "-m", "infra.preflight.synthesis", "prod", "."),
    ],
    ids=lambda command: " ".join(command[1:]).removeprefix("--no-notices ")[:40],
)
def test_each_command_says_the_setting_and_what_was_expected(
    command: tuple[str, ...], change: Change, run: Run
) -> None:
    change("max_workers=10", "max_workers=40")
    done = run(*command)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "PROD: airflow.max_workers=40: expected less than or equal to 25" in said
    assert "Traceback" not in said
    assert "pydantic" not in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min_workers=2,", "min_worker=2,", "airflow.min_worker=2: there is no such setting"),
        ('name="prod"', 'name="dev"', "two environments have the name dev"),
        ('"prod")', '"prod", branch="main")', "DELIVERY: deployments: prod: expected either"),
    ],
)
def test_the_message_has_the_constant_and_the_path_of_the_setting(
    old: str, new: str, said: str, change: Change, run: Run
) -> None:
    change(old, new)
    done = run(*LAKE, "models")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
