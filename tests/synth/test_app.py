from __future__ import annotations

import json
import os
import subprocess
import sys

import aws_cdk as cdk
import pytest

from app import chosen_settings
from infra.environments import DEV, PROD
from infra.settings import EnvironmentSettings
from tests.synth.templates import REPOSITORY


@pytest.mark.parametrize(
    ("context", "expected"),
    [({}, DEV), ({"environment": "dev"}, DEV), ({"environment": "prod"}, PROD)],
)
def test_the_context_names_the_environment_and_dev_is_the_default(
    context: dict[str, str], expected: EnvironmentSettings
) -> None:
    assert chosen_settings(cdk.App(context=context)) == expected


def test_an_unknown_environment_ends_the_app_with_the_known_names() -> None:
    process = subprocess.run(
        [sys.executable, "app.py"],
        cwd=REPOSITORY,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "CDK_CONTEXT_JSON": json.dumps({"environment": "staging"}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert "unknown environment 'staging': expected one of dev, prod" in process.stderr
    assert "Traceback" not in process.stderr
