"""The service of the containers over an embedded AWS; the test plays Airflow's containers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from infra.container.deployed import Deployed, Report
from infra.container.host import EXPECTED
from infra.local.settings import REPOSITORY
from tests.embedded.container.service import put_volumes
from tests.embedded.mwaa.laptop import Laptop, wait_until, zipped
from tests.embedded.running import CONTROL_KEY, RunningEmulator

ENVIRONMENT = "lake-test"
WRONG = "polars==99"


@dataclass
class Containers:
    """Airflow's containers: they run what is deployed, unless a requirement is wrong."""

    volumes: Path
    absent: threading.Event = field(default_factory=threading.Event)
    """While it is set, no container runs."""
    stop: threading.Event = field(default_factory=threading.Event)
    runs: Deployed | None = None

    def play(self) -> None:
        while not self.stop.wait(0.05):
            if not self.absent.is_set() and (wanted := Deployed.read()):
                self._run(wanted)

    def _run(self, wanted: Deployed) -> None:
        wrong = WRONG in wanted.bundle().requirements.read_text()
        for component in EXPECTED:
            report = Report(
                component=component,
                container="c1",
                generation=wanted.generation,
                problem=f"requirements.txt:1: {WRONG}" if wrong else "",
            )
            if wanted == self.runs:
                report.repeat()
            else:
                report.write()
        self.runs = wanted

    @property
    def databases(self) -> list[str]:
        """What was done to the database: nothing more than its name for a set-up, or `drop`."""
        path = self.volumes / "databases"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.partition(" ")[2] for line in lines]


@dataclass
class RunningService:
    """Starts, kills and starts again the service; `laptop` has its ports."""

    laptop: Laptop
    volumes: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        settings = {
            "LAKE_HOME": str(self.laptop.home),
            "LAKE_AWS_PORT": str(self.laptop.aws_port),
            "LAKE_SUPERVISOR_PORT": str(self.laptop.supervisor_port),
            "LAKE_SYNC_SECONDS": "0.2",
            "LAKE_CONTROL_KEY": CONTROL_KEY,
            "LAKE_USERS_PASSWORD": "password",
            "LAKE_BROKER": "redis://:secret@redis/0",
            "LAKE_DATABASE": "postgresql+psycopg2://airflow@postgres/airflow",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.container.service", str(self.volumes)],
            cwd=REPOSITORY,
            env={**os.environ, **settings},
        )
        url = f"http://127.0.0.1:{self.laptop.supervisor_port}/health"
        wait_until(lambda: httpx.get(url).is_success, seconds=60)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(number)
        self.process.wait(timeout=20)

    def kill_and_start(self) -> None:
        """`kill -9`, then start again on the same volumes."""
        self.end(signal.SIGKILL)
        self.start()


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """The volumes, with containers that follow them."""
    folder = tmp_path_factory.mktemp("volumes")
    for name in ("environment", "reports"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        put_volumes(folder, patch)
        containers = Containers(folder)
        playing = threading.Thread(target=containers.play)
        playing.start()
        yield containers
        containers.stop.set()
        playing.join()


@pytest.fixture(scope="module")
def service(
    containers: Containers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """The service and its embedded AWS, with an account in it."""
    laptop = Laptop(home=tmp_path_factory.mktemp("home"), person={})
    service = RunningService(laptop, containers.volumes)
    emulator = RunningEmulator(
        folder=tmp_path_factory.mktemp("emulator"),
        supervisor_url=f"http://127.0.0.1:{laptop.supervisor_port}",
        port=laptop.aws_port,
    )
    service.start()
    emulator.start()
    laptop.make_account()
    yield service
    emulator.end()
    service.end()


@pytest.fixture(scope="module")
def laptop(service: RunningService) -> Laptop:
    """The account over the service."""
    return service.laptop


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
