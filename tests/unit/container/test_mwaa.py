"""The MWAA service of the containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from infra.container.mwaa import ContainerSettings, make_app, serve
from infra.local.mwaa.model import ConfigurationError

DATABASE = "postgresql+psycopg2://airflow:secret@postgres:5432/airflow"


@pytest.fixture
def settings(tmp_path: Path) -> ContainerSettings:
    return ContainerSettings(
        home=tmp_path,
        control_key="k" * 16,
        users_password="password",
        database=DATABASE,
        broker="redis://redis",
    )


@pytest.fixture
def client(settings: ContainerSettings) -> TestClient:
    return TestClient(make_app(settings))


def test_it_says_that_it_is_healthy(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "healthy"}


def test_its_api_needs_the_control_key(client: TestClient) -> None:
    assert client.get("/mwaa/environments").status_code == 403
    answer = client.get("/mwaa/environments", headers={"X-Lake-Control-Key": "k" * 16})
    assert answer.json() == {"Environments": []}


def test_credentials_need_the_token_of_an_environment(client: TestClient) -> None:
    answer = client.get("/credentials/lake-dev", headers={"Authorization": "wrong"})
    assert answer.status_code == 403


def test_the_embedded_aws_is_the_container_of_that_name(settings: ContainerSettings) -> None:
    assert settings.endpoint_url == "http://aws:4566"


def test_secrets_that_are_missing_are_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LAKE_BROKER", "LAKE_CONTROL_KEY", "LAKE_DATABASE", "LAKE_USERS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="LAKE_CONTROL_KEY") as missing:
        serve()
    assert "lake compose prepare" in str(missing.value)
    assert "LAKE_DATABASE" in str(missing.value)
