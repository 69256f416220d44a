"""The env files of the containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.compose.secrets import env_file, users_password, write_env_files
from infra.local.settings import LocalSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_env_files(tmp_path, settings=LocalSettings(home=tmp_path))
    return tmp_path


def read(path: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value.strip('"') for name, _, value in lines}


def test_a_service_is_told_its_own_secrets_only(folder: Path) -> None:
    assert set(read(folder / "redis.env")) == {"REDISCLI_AUTH"}
    assert set(read(folder / "postgres.env")) == {"POSTGRES_PASSWORD"}
    airflow = read(folder / "airflow.env")
    assert airflow["REDIS_PASSWORD"] == read(folder / "redis.env")["REDISCLI_AUTH"]
    assert airflow["POSTGRES_PASSWORD"] == read(folder / "postgres.env")["POSTGRES_PASSWORD"]
    assert airflow["AIRFLOW_USERS_PASSWORD"] == users_password(folder)
    assert "LAKE_CONTROL_KEY" not in airflow


def test_every_secret_is_another(folder: Path) -> None:
    secrets = [path.read_text() for path in (folder / "secrets").iterdir()]
    assert len(secrets) == 7
    assert len(set(secrets)) == 7


def test_nobody_else_can_read_them(folder: Path) -> None:
    for path in [*folder.glob("*.env"), *(folder / "secrets").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_they_stay_the_same(folder: Path) -> None:
    before = {path: path.read_text() for path in folder.glob("*.env")}
    write_env_files(folder, settings=LocalSettings(home=folder))
    assert {path: path.read_text() for path in folder.glob("*.env")} == before


def test_airflow_has_no_key_of_the_account(folder: Path) -> None:
    assert not [name for name in read(folder / "airflow.env") if name.startswith("AWS_")]


def test_the_service_and_the_embedded_aws_share_the_control_key(folder: Path) -> None:
    aws, mwaa = read(folder / "aws.env"), read(folder / "mwaa.env")
    assert aws["LAKE_CONTROL_KEY"] == mwaa["LAKE_CONTROL_KEY"]
    assert mwaa["LAKE_USERS_PASSWORD"] == users_password(folder)
    assert read(folder / "redis.env")["REDISCLI_AUTH"] in mwaa["LAKE_BROKER"]
    assert set(mwaa) - set(aws) == {"LAKE_BROKER", "LAKE_DATABASE", "LAKE_USERS_PASSWORD"}


def test_nothing_in_a_value_is_taken_for_a_variable() -> None:
    assert env_file({"A": 'say "$HOME" \\'}) == 'A="say \\"\\$HOME\\" \\\\"\n'
