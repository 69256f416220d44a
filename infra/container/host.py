"""An environment whose Airflow runs in the containers beside this one."""

from __future__ import annotations

import asyncio
import datetime
import secrets
import shutil
import time
from dataclasses import dataclass

from infra.container.broker import empty_queue
from infra.container.components import COMPONENTS
from infra.container.configuration import WEB_PORT
from infra.container.deployed import (
    AIRFLOW_HOME,
    VOLUME,
    Deployed,
    discard_old_reports,
    reports,
    withdraw,
)
from infra.local.mwaa.airflow import log_levels
from infra.local.mwaa.bundle import unpack
from infra.local.mwaa.database import SetUp
from infra.local.mwaa.hosting import Host
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import ConfigurationError, Properties, Record
from infra.local.mwaa.webserver import WebServer

RUNNING_WITHIN_SECONDS = 900.0
"""The startup script's and the requirements' limits, and the start itself."""
EXPECTED = {name for name, component in COMPONENTS.items() if component.mwaa_component}
IMAGE = AIRFLOW_HOME / ".local"
"""The virtual environment of the image's packages."""
WEB_SERVER = f"api-server:{WEB_PORT}"


@dataclass(frozen=True)
class StoredBuild:
    """A build whose plugins are unpacked on the volume."""

    key: str


class ContainersHost(Host[StoredBuild]):
    """Tells Airflow's containers what to run, and waits until they do."""

    def __init__(self, record: Record, laptop: Laptop, *, broker: str, users_password: str) -> None:
        super().__init__(record, laptop, layout=Layout(VOLUME))
        self.components = []
        self.web_server = WebServer(WEB_SERVER, users_password)
        self._broker = broker
        self._set_up = SetUp(runner=laptop.runner, users_password=users_password)

    async def rebuild(self, key: str) -> StoredBuild:
        """Unpack its plugins; requirements and startup script run in each container."""
        self._refuse_a_second()
        folder = self._layout.builds / key
        await asyncio.to_thread(unpack, (folder / "plugins.zip").read_bytes(), folder / "plugins")
        return StoredBuild(key)

    async def start(
        self, build: StoredBuild, properties: Properties, *, database_version: str | None
    ) -> str:
        """Let the containers run it, and wait until all of Airflow is healthy."""
        self._refuse_a_second()
        discard_old_reports()
        self._layout.make()
        self.role = self._role_of(properties)
        await self._dag_sync(properties).sync_once()
        version = await self._set_up_database(database_version)
        deployed = self._wanted(build, properties)
        try:
            deployed.publish()
            await self._run_by_all(deployed)
        except Exception:
            withdraw()
            raise
        self.components = sorted(EXPECTED)
        self.build = build
        await self.follow_dags(properties)
        return version

    def needs_restart(
        self, build: StoredBuild, properties: Properties, running: Properties
    ) -> bool:
        """Whether the containers would be told something else."""
        return self.build != build or _options(properties) != _options(running)

    async def stop(self) -> None:
        """Stop the sync; the containers go on with what they run."""
        await self._stop_sync()
        self.components = []

    async def drop_database(self) -> None:
        """Let the containers run nothing, and drop the metadata database."""
        withdraw()
        await self._set_up.run(IMAGE, self._laptop.settings.database, "drop")

    def keep_database(self) -> None:
        """Nothing to do: containers have one version of Airflow, and no snapshot."""

    async def remove(self) -> None:
        """Let the containers run nothing, and remove the bundle and the database."""
        deployed = Deployed.read()
        if not deployed or deployed.name == self._record.name:
            await self.drop_database()
            await asyncio.to_thread(self._remove_bundle)
        if self._secrets.exists():
            await asyncio.to_thread(shutil.rmtree, self._secrets)

    def _remove_bundle(self) -> None:
        for path in self._layout.root.iterdir():  # the volume itself stays
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _refuse_a_second(self) -> None:
        deployed = Deployed.read()
        if deployed and deployed.name != self._record.name:
            raise ConfigurationError(
                f"The containers run one environment, {deployed.name}: delete it first"
            )

    async def _set_up_database(self, current_version: str | None) -> str:
        """Create or migrate the database unless it is up to date; its version."""
        url = self._laptop.settings.database
        version = self._set_up.version(url)
        if version != current_version:
            withdraw()  # no component may run meanwhile
            await self._set_up.run(IMAGE, url)
        if current_version is None:
            # What an earlier database's scheduler sent, each worker would take and fail at.
            await empty_queue(self._broker)
        return version

    def _wanted(self, build: StoredBuild, properties: Properties) -> Deployed:
        """What the containers shall run: what they run already, if nothing else is wanted."""
        current = Deployed.read()
        wanted = Deployed(
            generation=current.generation if current else "",
            name=self._record.name,
            region=self._record.region,
            build=build.key,
            options=_options(properties),
            credentials_token=self.credentials_token,
        )
        if wanted == current:
            return current
        return wanted.model_copy(update={"generation": secrets.token_hex(4)})

    async def _run_by_all(self, deployed: Deployed) -> None:
        """Return when each component runs in a container and says that it is healthy.

        Raises ConfigurationError with what a container reports, or when the time is up.
        """
        since = datetime.datetime.now(datetime.UTC)
        deadline = time.monotonic() + RUNNING_WITHIN_SECONDS
        while missing := await self._missing(deployed, since):
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Airflow is not healthy after {RUNNING_WITHIN_SECONDS:.0f} s: "
                    f"{', '.join(missing)}; see `docker compose logs`"
                )
            await asyncio.sleep(0.5)

    async def _missing(self, deployed: Deployed, since: datetime.datetime) -> list[str]:
        running = set()
        for report in reports(deployed.generation):
            if report.problem:
                raise ConfigurationError(f"{report.component}: {report.problem}")
            running.add(report.component)
        if missing := EXPECTED - running:
            return sorted(missing)
        return await self.web_server.unhealthy_parts(since=since)


def _options(properties: Properties) -> dict[str, str]:
    return {**log_levels(properties), **properties.airflow_configuration_options}
