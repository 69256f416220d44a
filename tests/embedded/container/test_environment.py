"""An MWAA environment of the containers, from its creation to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import boto3
import httpx
import pytest

from infra.cli.environment import reset_database
from infra.compose.containers import CLASS_LABEL
from infra.container import credentials
from infra.container.deployed import Deployed
from infra.local.settings import REPOSITORY, LocalSettings
from tests.embedded.mwaa.laptop import Laptop, wait_until
from tests.embedded.running import ACCOUNT_ID

from .conftest import WRONG, Containers

pytestmark = pytest.mark.embedded


def wanted() -> Deployed:
    current = Deployed.read()
    assert current
    return current


@pytest.mark.usefixtures("environment")
def test_the_bundle_of_the_bucket_is_on_the_volume() -> None:
    bundle = wanted().bundle()
    assert (bundle.plugins / "links.py").read_text() == "# plugin\n"
    assert bundle.requirements.read_text() == "iniconfig==2.1.0\n"
    assert (bundle.dags / "first.py").read_text() == "# first\n"
    assert wanted().options == {"lake.curated_bucket": "curated"}


@pytest.mark.usefixtures("environment")
def test_dags_follow_the_bucket_and_start_nothing_anew(laptop: Laptop) -> None:
    before = wanted()
    laptop.put("dags/second.py", "# second\n")
    wait_until((before.bundle().dags / "second.py").exists, seconds=10)
    assert wanted() == before


def test_a_container_gets_the_execution_role(
    laptop: Laptop, environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[default]\ncredential_process = {sys.executable} -I -S {credentials.__file__}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    url = f"http://127.0.0.1:{laptop.supervisor_port}/credentials/{environment}"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("LAKE_CREDENTIALS_URL", url)
    monkeypatch.setenv("LAKE_CREDENTIALS_TOKEN", wanted().credentials_token)
    sts = boto3.session.Session(region_name="us-east-1").client(
        "sts", endpoint_url=f"http://127.0.0.1:{laptop.aws_port}"
    )
    arn = sts.get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/airflow-role/AmazonMWAA-airflow"

    refused = subprocess.run(
        [sys.executable, credentials.__file__],
        env={"LAKE_CREDENTIALS_URL": url, "LAKE_CREDENTIALS_TOKEN": "wrong"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")


def test_a_token_is_redeemed_once(laptop: Laptop, environment: str) -> None:
    token = laptop.mwaa.create_web_login_token(Name=environment)["WebToken"]
    url = f"http://127.0.0.1:{laptop.supervisor_port}/tokens/{environment}/web"
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.post(url, headers=headers).json() == {"Username": "admin"}
    assert httpx.post(url, headers=headers).status_code == httpx.codes.FORBIDDEN


def test_status_shows_the_environment_and_where_the_containers_differ(
    laptop: Laptop, environment: str, tmp_path: Path
) -> None:
    labels = f"{CLASS_LABEL}=mw1.large"
    lines = [
        {"Service": name, "Name": name, "State": "running", "Health": "healthy", "Status": "Up"}
        for name in ("aws", "mwaa", "worker", "worker")
    ]
    listed = "\n".join(json.dumps({**line, "Labels": labels}) for line in lines)
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\n[ \"$2\" != ps ] || echo '{listed}'\n")
    docker.chmod(0o755)
    said = subprocess.run(
        [sys.executable, "-m", "infra.cli", "status", "--json"],
        env={
            "LAKE_HOME": str(tmp_path),
            "LAKE_AWS_PORT": str(laptop.aws_port),
            "PATH": f"{tmp_path}:/usr/bin:/bin",
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    (shown,) = json.loads(said.stdout)["environments"]
    assert (shown["name"], shown["status"], shown["error"]) == (environment, "AVAILABLE", "")
    assert shown["differences"] == [
        "class: the containers are mw1.large, and it asks for mw1.small",
        "workers: 2 run, and it asks for 1",
    ]


def test_other_options_are_another_generation(laptop: Laptop, environment: str) -> None:
    before = wanted()
    laptop.mwaa.update_environment(
        Name=environment, AirflowConfigurationOptions={"lake.curated_bucket": "other"}
    )
    assert laptop.settled(environment)["LastUpdate"]["Status"] == "SUCCESS"
    assert wanted().options == {"lake.curated_bucket": "other"}
    assert wanted().generation != before.generation


def test_requirements_that_no_container_can_install_fail_the_update_and_the_old_ones_come_back(
    laptop: Laptop, environment: str
) -> None:
    before = wanted()
    version = laptop.put("requirements.txt", f"{WRONG}\n")
    laptop.mwaa.update_environment(Name=environment, RequirementsS3ObjectVersion=version)
    settled = laptop.settled(environment)
    assert (settled["Status"], settled["LastUpdate"]["Status"]) == ("AVAILABLE", "FAILED")
    assert f"requirements.txt:1: {WRONG}" in settled["LastUpdate"]["Error"]["ErrorMessage"]
    assert wanted().build == before.build


def test_a_second_environment_fails_with_the_reason(laptop: Laptop, environment: str) -> None:
    laptop.mwaa.create_environment(Name="second", **laptop.request())
    settled = laptop.settled("second")
    assert settled["Status"] == "CREATE_FAILED"
    assert f"one environment, {environment}" in settled["LastUpdate"]["Error"]["ErrorMessage"]
    laptop.mwaa.delete_environment(Name="second")
    wait_until(lambda: laptop.mwaa.list_environments()["Environments"] == [environment], seconds=10)


def test_a_reset_drops_the_database_and_starts_on_a_new_one(
    laptop: Laptop, environment: str, containers: Containers
) -> None:
    before, (url, *_) = wanted(), containers.databases
    reset_database(environment, LocalSettings(aws_port=laptop.aws_port))
    assert laptop.settled(environment)["Status"] == "AVAILABLE"
    assert containers.databases == [url, f"{url} drop", url]
    assert wanted().generation != before.generation
    assert wanted().build == before.build


def test_deleted_nothing_is_left_of_it(
    laptop: Laptop, environment: str, containers: Containers
) -> None:
    laptop.mwaa.delete_environment(Name=environment)
    wait_until(lambda: laptop.mwaa.list_environments()["Environments"] == [], seconds=10)
    assert Deployed.read() is None
    assert list((containers.volumes / "environment").iterdir()) == []
    assert containers.databases[-1].endswith("/airflow drop")
