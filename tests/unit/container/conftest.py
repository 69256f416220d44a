"""What the tests of the containers share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.container import deployed as deployed_module
from infra.container import health
from infra.container.configuration import Secrets
from infra.container.deployed import Deployed
from infra.local.mwaa.commands import CommandError

SECRETS = {
    "POSTGRES_PASSWORD": "p/w",
    "REDIS_PASSWORD": "r@w",
    "AIRFLOW_FERNET_KEY": "fernet",
    "AIRFLOW_JWT_SECRET": "jwt",
    "AIRFLOW_API_SECRET_KEY": "api",
    "AIRFLOW_USERS_PASSWORD": "users",
}


class FakeRunner:
    """Records the commands, and fails where a test wants it."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.fails = ""

    async def run(self, argv: list[str], *, environment: Mapping[str, str], **_: Any) -> str:
        assert environment is not None
        self.ran.append(argv)
        if self.fails:
            raise CommandError("it ended with exit code 1", self.fails)
        return ""


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return Secrets.read()


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volumes that the containers share."""
    folder = tmp_path / "environment"
    for each in (folder, tmp_path / "reports"):
        each.mkdir()
    monkeypatch.setattr(deployed_module, "VOLUME", folder)
    monkeypatch.setattr(deployed_module, "DOCUMENT", folder / "environment.json")
    monkeypatch.setattr(deployed_module, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(deployed_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(health, "DEPLOYED", folder / "environment.json")
    return folder


@pytest.fixture
def deployed() -> Deployed:
    return Deployed(
        generation="1",
        name="lake-dev",
        region="us-east-1",
        build="abc",
        options={"lake.database": "lake_dev"},
        credentials_token="token",
    )
