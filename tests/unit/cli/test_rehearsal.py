"""`lake requirements` and `lake startup`, from their output and exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def lake(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env={"LAKE_HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_bundles_startup_script_passes_and_its_variables_are_shown(tmp_path: Path) -> None:
    said = lake("startup", "test", home=tmp_path)

    assert said.returncode == 0, said.stderr
    assert said.stdout.count("AWS_RETRY_MODE=standard") == 3


def test_a_startup_script_that_fails_is_exit_code_1_with_the_reason(tmp_path: Path) -> None:
    script = tmp_path / "startup.sh"
    script.write_text("echo half way; exit 7\n")

    said = lake("startup", "test", str(script), home=tmp_path)

    assert said.returncode == 1
    assert "exit code 7" in said.stderr
    assert "half way" in said.stderr


@pytest.mark.parametrize("command", ["test", "package"])
def test_a_requirement_that_would_change_the_image_is_exit_code_1(
    tmp_path: Path, command: str
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# mine\nflask==2.0\n")

    said = lake("requirements", command, str(requirements), home=tmp_path / "home")

    assert said.returncode == 1
    assert f"{requirements}:2: flask==2.0: MWAA's image has flask 3.1.3" in said.stderr
