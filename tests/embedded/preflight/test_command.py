"""`lake preflight`, whole, against an embedded AWS that nothing was deployed to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedded.running import RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]


def lake(*arguments: str, port: int, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env={**os.environ, "LAKE_HOME": str(home), "LAKE_AWS_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_only_what_is_wrong_fails_and_the_exit_code_says_so(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    said = lake("preflight", "dev", "--json", port=emulator.port, home=tmp_path)

    assert said.returncode == 1, said.stderr
    document = json.loads(said.stdout)
    outcomes = {result["check"]: result["outcome"] for result in document["results"]}
    assert document["passed"] is False
    assert [check for check, outcome in outcomes.items() if outcome == "fail"] == [
        "account: bootstrap"
    ]
    assert outcomes["deployed: environment"] == "not checked"
    subjects = {check.partition(":")[0] for check in outcomes}
    assert subjects == {
        "requirements",
        "startup script",
        "dags",
        "templates",
        "account",
        "deployed",
        "changes",
        "cost",
    }


def test_an_unknown_environment_is_exit_code_2(tmp_path: Path) -> None:
    said = lake("preflight", "nope", port=1025, home=tmp_path)

    assert said.returncode == 2
    assert "dev, prod" in said.stderr
