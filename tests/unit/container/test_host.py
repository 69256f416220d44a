"""The host of an environment whose Airflow runs in containers; a test plays the containers."""

from __future__ import annotations

import asyncio
import datetime
import io
import zipfile
from pathlib import Path

import pytest

from infra.container import host as module
from infra.container.deployed import Deployed, Report
from infra.container.host import EXPECTED, ContainersHost, StoredBuild
from infra.local.mwaa.bundle import Sources, SourceStore
from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.database import SetUp
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import (
    ConfigurationError,
    LastUpdate,
    Logging,
    Properties,
    Record,
    Status,
)
from infra.local.mwaa.sync import DagSync
from infra.local.mwaa.webserver import WebServer
from infra.local.settings import LocalSettings

BROKER = "redis://:secret@redis:6379/0"
DATABASE = "postgresql+psycopg2://airflow:secret@postgres:5432/airflow"


class Containers(WebServer):
    """The containers beside the service, and their web server."""

    def __init__(self) -> None:
        super().__init__("api-server:8080", "password")
        self.problem = ""
        self.unhealthy: list[str] = []
        self.without = ""
        self.served: list[str] = []
        self.databases: list[str] = []

    async def unhealthy_parts(self, *, since: datetime.datetime) -> list[str]:
        assert since.tzinfo
        return self.unhealthy

    async def run(self) -> None:
        """Run what is deployed, once it is."""
        while True:
            if (deployed := Deployed.read()) and deployed.generation not in self.served:
                self.served.append(deployed.generation)
                for name in EXPECTED - {self.without}:
                    problem = self.problem if name == "worker" else ""
                    Report(
                        component=name,
                        container="c1",
                        generation=deployed.generation,
                        problem=problem,
                    ).write()
            await asyncio.sleep(0.01)


@pytest.fixture
def properties() -> Properties:
    return Properties.model_validate(
        {
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/airflow",
            "SourceBucketArn": "arn:aws:s3:::airflow-bucket",
            "DagS3Path": "dags",
            "NetworkConfiguration": {"SubnetIds": ["a", "b"], "SecurityGroupIds": ["sg-1"]},
            "AirflowConfigurationOptions": {"lake.database": "lake_dev"},
        }
    )


@pytest.fixture
def containers() -> Containers:
    return Containers()


@pytest.fixture
def host(
    volume: Path, containers: Containers, properties: Properties, monkeypatch: pytest.MonkeyPatch
) -> ContainersHost:
    return make_host("lake-dev", volume, containers, properties, monkeypatch)


def make_host(
    name: str,
    volume: Path,
    containers: Containers,
    properties: Properties,
    monkeypatch: pytest.MonkeyPatch,
) -> ContainersHost:
    async def synced(_: DagSync) -> int:
        return 0

    monkeypatch.setattr(module, "VOLUME", volume)

    async def set_up(_: SetUp, image: Path, url: str, *arguments: str) -> None:
        assert image == Path("/usr/local/airflow/.local")
        containers.databases.append(" ".join((url, *arguments)))

    async def empty(url: str) -> None:
        containers.databases.append(url)

    monkeypatch.setattr(SetUp, "run", set_up)
    monkeypatch.setattr(module, "empty_queue", empty)
    monkeypatch.setattr(DagSync, "sync_once", synced)
    settings = LocalSettings(home=volume.parent, sync_seconds=60, database=DATABASE)
    record = Record(
        name=name,
        account_id="123456789012",
        region="us-east-1",
        partition="aws",
        created_at=1.0,
        web_port=8080,
        status=Status.CREATING,
        last_update=LastUpdate(status="PENDING", created_at=1.0),
        properties=properties,
    )
    laptop = Laptop(
        settings=settings, aws=EmbeddedAws(settings, "key"), proxy_url="", marker="test:"
    )
    host = ContainersHost(record, laptop, broker=BROKER, users_password="password")
    host.web_server = containers
    return host


def start(
    host: ContainersHost,
    containers: Containers,
    properties: Properties,
    *,
    key: str = "k",
    database_version: str | None = None,
) -> str:
    """Start it, then end the service; the version of the database."""

    async def run() -> str:
        playing = asyncio.create_task(containers.run())
        try:
            async with asyncio.timeout(10):
                return await host.start(
                    StoredBuild(key), properties, database_version=database_version
                )
        finally:
            playing.cancel()
            await host.stop()

    return asyncio.run(run())


def test_it_starts_when_all_containers_run_what_is_deployed(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    start(host, containers, properties)
    deployed = Deployed.read()
    assert deployed
    assert deployed.options == {"lake.database": "lake_dev"}
    assert deployed.build == "k"
    assert deployed.credentials_token == host.credentials_token
    assert containers.served == [deployed.generation]


def test_the_level_of_the_tasks_logs_is_an_option(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    levels = Logging.model_validate({"TaskLogs": {"Enabled": True, "LogLevel": "DEBUG"}})
    start(host, containers, properties.model_copy(update={"logging_configuration": levels}))
    deployed = Deployed.read()
    assert deployed
    assert deployed.options["logging.logging_level"] == "DEBUG"


def test_what_a_container_cannot_run_fails_with_its_reason_and_is_withdrawn(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    containers.problem = "requirements.txt:3: polars==99"
    with pytest.raises(ConfigurationError, match=r"worker: requirements\.txt:3: polars==99"):
        start(host, containers, properties)
    assert Deployed.read() is None
    containers.problem = ""
    start(host, containers, properties)
    assert len(set(containers.served)) == 2


@pytest.mark.parametrize("missing", ["worker", "the API server's health"])
def test_what_does_not_come_up_in_time_is_named(
    host: ContainersHost,
    containers: Containers,
    properties: Properties,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RUNNING_WITHIN_SECONDS", 0.1)
    containers.without, containers.unhealthy = missing, [missing]
    with pytest.raises(ConfigurationError, match=f"not healthy after 0 s: {missing}"):
        start(host, containers, properties)


def test_resumed_the_containers_go_on_with_what_they_run(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    version = start(host, containers, properties)
    start(host, containers, properties, database_version=version)
    assert len(containers.served) == 1
    start(host, containers, properties, database_version=version, key="other")
    assert len(containers.served) == 2


def test_what_another_version_wrote_is_written_anew(
    host: ContainersHost, containers: Containers, properties: Properties, volume: Path
) -> None:
    start(host, containers, properties)
    (volume / "environment.json").write_text('{"name": "lake-dev"}')
    (volume.parent / "reports" / "worker-c1.json").write_text("{}")
    start(host, containers, properties)
    assert Deployed.read()
    assert len(containers.served) == 2


def test_the_database_is_set_up_once_with_an_empty_queue_and_no_component_runs_meanwhile(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    version = start(host, containers, properties)
    start(host, containers, properties, database_version=version)
    assert containers.databases == [DATABASE, BROKER]
    start(host, containers, properties, database_version="of another image")
    assert containers.databases == [DATABASE, BROKER, DATABASE]
    assert len(containers.served) == 2


def test_only_another_bundle_or_other_options_need_a_restart(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    start(host, containers, properties)
    more_workers = properties.model_copy(update={"max_workers": 2})
    other = properties.model_copy(update={"airflow_configuration_options": {"a.b": "c"}})
    assert not host.needs_restart(StoredBuild("k"), more_workers, properties)
    assert host.needs_restart(StoredBuild("k"), other, properties)
    assert host.needs_restart(StoredBuild("other"), properties, properties)


def test_a_second_environment_is_refused_and_its_end_leaves_the_first(
    host: ContainersHost,
    containers: Containers,
    properties: Properties,
    volume: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start(host, containers, properties)
    first = Deployed.read()
    second = make_host("other", volume, containers, properties, monkeypatch)
    with pytest.raises(ConfigurationError, match="run one environment, lake-dev"):
        asyncio.run(second.rebuild("k"))
    with pytest.raises(ConfigurationError, match="run one environment, lake-dev"):
        start(second, containers, properties)
    asyncio.run(second.remove())
    assert Deployed.read() == first
    assert f"{DATABASE} drop" not in containers.databases


def test_with_its_database_dropped_the_containers_run_nothing_until_they_start_on_a_new_one(
    host: ContainersHost, containers: Containers, properties: Properties
) -> None:
    start(host, containers, properties)
    asyncio.run(host.drop_database())
    assert Deployed.read() is None
    start(host, containers, properties)
    new = [DATABASE, BROKER]
    assert containers.databases == [*new, f"{DATABASE} drop", *new]
    assert len(set(containers.served)) == 2


def test_removed_the_containers_run_nothing(
    host: ContainersHost, containers: Containers, properties: Properties, volume: Path
) -> None:
    start(host, containers, properties)
    asyncio.run(host.remove())
    asyncio.run(host.remove())
    assert Deployed.read() is None
    assert not (volume / "dags").exists()
    assert containers.databases[-1] == f"{DATABASE} drop"


def test_plugins_are_unpacked_beside_their_sources(host: ContainersHost, volume: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("links.py", "# plugin\n")
    layout = Layout(volume)
    layout.make()
    key = SourceStore(layout=layout).store(Sources(plugins_zip=packed.getvalue()))
    assert asyncio.run(host.rebuild(key)) == StoredBuild(key)
    assert (volume / "builds" / key / "plugins" / "links.py").read_text() == "# plugin\n"
