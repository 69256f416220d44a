"""The Airflow of one environment on the laptop: prepared, started and stopped as processes."""

from __future__ import annotations

import asyncio
import shutil

from infra.local.mwaa.airflow import Airflow
from infra.local.mwaa.bundle import Build, Builder
from infra.local.mwaa.hosting import Host
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import Properties, Record
from infra.local.mwaa.routes import ways_out
from infra.local.mwaa.validation import image_lock
from infra.local.mwaa.webserver import WebServer, require_free_port, wait_until_healthy
from infra.local.supervisor.component import Component
from infra.local.supervisor.secrets import SecretFolder


class AirflowHost(Host[Build]):
    """Runs the components of Airflow as processes of this machine."""

    def __init__(self, record: Record, laptop: Laptop) -> None:
        layout = Layout(laptop.settings.home / "environments" / record.name)
        super().__init__(record, laptop, layout=layout)
        self.components: list[Component] = []
        self.airflow = Airflow(
            settings=laptop.settings,
            environment_name=record.name,
            region=record.region,
            web_port=record.web_port,
            layout=layout,
            secrets=SecretFolder(self._secrets),
            proxy_url=laptop.proxy_url,
        )
        self.web_server = WebServer(record.web_server, laptop.users_password)
        self._builder = Builder(
            layout=layout,
            virtual_environments=laptop.virtual_environments,
            runner=laptop.runner,
        )

    async def rebuild(self, key: str) -> Build:
        """Run its startup script, and make its plugins and virtual environment.

        Where its subnets have no way to the Internet, neither has the installation.
        """
        self._layout.make()
        subnets = self._record.properties.network_configuration.subnet_ids
        ways = await asyncio.to_thread(ways_out, self._laptop.aws.ec2(), subnets)
        return await self._builder.make(
            key, environment=self.airflow.base_environment(), internet=all(ways.values())
        )

    async def start(
        self, build: Build, properties: Properties, *, database_version: str | None
    ) -> str:
        """Start the processes and wait until all of Airflow is healthy."""
        require_free_port(self._record.web_port)
        self._layout.make()
        self.role = self._role_of(properties)
        await self._dag_sync(properties).sync_once()
        version = await self._laptop.database.set_up(
            self.airflow,
            current_version=database_version,
            image_lock=image_lock(build.airflow_version),
        )
        self.components = [
            Component(command, marker=self._laptop.marker)
            for command in self.airflow.commands(properties, build)
        ]
        for component in reversed(self.components):  # the API server takes longest
            await component.start()
        await wait_until_healthy(self.web_server, self.components)
        self.build = build
        await self.follow_dags(properties)
        return version

    def needs_restart(self, build: Build, properties: Properties, running: Properties) -> bool:
        """Whether the processes would be started differently than they were."""
        if not self.build:
            return True
        return self.airflow.commands(properties, build) != self.airflow.commands(
            running, self.build
        )

    async def stop(self) -> None:
        """Stop the sync and all components: the API server last, the others report to it."""
        await self._stop_sync()
        await asyncio.gather(*(component.stop() for component in self.components[:-1]))
        for api_server in self.components[-1:]:
            await api_server.stop()
        self.components = []

    async def drop_database(self) -> None:
        """Drop the metadata database; the next start makes it anew."""
        await self._laptop.database.drop(self.airflow)

    def keep_database(self) -> None:
        """Forget the snapshot of before a migration."""
        self._laptop.database.keep(self.airflow)

    async def remove(self) -> None:
        """Remove everything that the environment has, on disk and on a database server."""
        await self.drop_database()
        for folder in (self._layout.root, self._secrets):
            if folder.exists():
                await asyncio.to_thread(shutil.rmtree, folder)
