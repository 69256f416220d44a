"""The MWAA service of the containers over an embedded AWS; the test plays Airflow's containers."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import httpx
import pytest
import uvicorn

from infra.container import credentials, deployed, host
from infra.container import mwaa as service
from infra.container.deployed import Deployed, Report
from infra.container.host import EXPECTED
from infra.container.mwaa import ContainerSettings, make_app
from infra.local.mwaa.database import SetUp
from infra.local.mwaa.webserver import WebServer
from tests.embedded.mwaa.laptop import Laptop, wait_until, zipped
from tests.embedded.running import ACCOUNT_ID, CONTROL_KEY, RunningEmulator

ENVIRONMENT = "lake-test"
WRONG = "polars==99"


class Settings(ContainerSettings):
    """The embedded AWS is a process of this machine."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"


@dataclass
class Containers:
    """Airflow's containers: they run what is deployed, unless a requirement is wrong."""

    stop: threading.Event = field(default_factory=threading.Event)

    def play(self) -> None:
        while not self.stop.wait(0.05):
            if wanted := Deployed.read():
                wrong = WRONG in wanted.bundle().requirements.read_text()
                for component in EXPECTED:
                    Report(
                        component=component,
                        container="c1",
                        generation=wanted.generation,
                        problem=f"requirements.txt:1: {WRONG}" if wrong else "",
                    ).write()


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The volumes, with containers that follow them."""
    folder = tmp_path_factory.mktemp("volumes")
    for name in ("environment", "reports"):
        (folder / name).mkdir()

    async def healthy(_: WebServer, *, since: datetime.datetime) -> list[str]:
        assert since.tzinfo
        return []

    async def set_up(_: SetUp, image: Path, url: str, *arguments: str) -> None:
        with (folder / "databases").open("a") as log:
            log.write(f"{image.name} {' '.join((url, *arguments))}\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployed, "VOLUME", folder / "environment")
        patch.setattr(host, "VOLUME", folder / "environment")
        patch.setattr(deployed, "DOCUMENT", folder / "environment" / "environment.json")
        patch.setattr(deployed, "REPORTS", folder / "reports")
        patch.setattr(service, "PROXY_PORT", 0)
        patch.setattr(WebServer, "unhealthy_parts", healthy)
        patch.setattr(SetUp, "run", set_up)
        containers = Containers()
        playing = threading.Thread(target=containers.play)
        playing.start()
        yield folder
        containers.stop.set()
        playing.join()


@pytest.fixture(scope="module")
def laptop(volume: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The account, over the service and its embedded AWS."""
    laptop = Laptop(home=tmp_path_factory.mktemp("home"), person={})
    assert volume.exists()
    settings = Settings(
        home=laptop.home,
        aws_port=laptop.aws_port,
        supervisor_port=laptop.supervisor_port,
        sync_seconds=0.2,
        control_key=CONTROL_KEY,
        users_password="password",
        database="postgresql+psycopg2://airflow@postgres/airflow",
    )
    config = uvicorn.Config(make_app(settings), port=settings.supervisor_port, log_config=None)
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    serving.start()
    folder = tmp_path_factory.mktemp("emulator")
    emulator = RunningEmulator(
        folder=folder, supervisor_url=settings.supervisor_url, port=laptop.aws_port
    )
    emulator.start()
    laptop.make_account()
    yield laptop
    emulator.end()
    server.should_exit = True
    serving.join()


@pytest.fixture(scope="module")
def environment(laptop: Laptop) -> str:
    """The name of an environment that is AVAILABLE."""
    laptop.put("dags/first.py", "# first\n")
    plugins = laptop.put("plugins.zip", zipped(**{"links.py": "# plugin\n"}))
    requirements = laptop.put("requirements.txt", "iniconfig==2.1.0\n")
    laptop.mwaa.create_environment(
        Name=ENVIRONMENT,
        **laptop.request(
            PluginsS3Path="plugins.zip",
            PluginsS3ObjectVersion=plugins,
            RequirementsS3Path="requirements.txt",
            RequirementsS3ObjectVersion=requirements,
            AirflowConfigurationOptions={"lake.curated_bucket": "curated"},
        ),
    )
    created = laptop.settled(ENVIRONMENT)
    assert created["Status"] == "AVAILABLE", created["LastUpdate"]
    return ENVIRONMENT


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


def test_deleted_nothing_is_left_of_it(laptop: Laptop, environment: str, volume: Path) -> None:
    laptop.mwaa.delete_environment(Name=environment)
    wait_until(lambda: laptop.mwaa.list_environments()["Environments"] == [], seconds=10)
    assert Deployed.read() is None
    assert list((volume / "environment").iterdir()) == []
    assert (volume / "databases").read_text().splitlines()[-1].endswith("/airflow drop")
