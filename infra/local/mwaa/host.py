"""The Airflow of one environment: prepared, started, kept in step with S3, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

from infra.local.mwaa.airflow import Airflow
from infra.local.mwaa.bundle import Build, Builder, Sources
from infra.local.mwaa.credentials import ExecutionRole
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import Properties, Record
from infra.local.mwaa.sync import DagSync
from infra.local.mwaa.validation import check_account
from infra.local.mwaa.webserver import WebServer, require_free_port, wait_until_healthy
from infra.local.supervisor.component import Component
from infra.local.supervisor.secrets import SecretFolder


class AirflowHost:
    """What the service does for an environment, without its states.

    Every method raises ConfigurationError with a reason for the person when what was asked for
    cannot be had.
    """

    def __init__(self, record: Record, laptop: Laptop) -> None:
        self.components: list[Component] = []
        self.build: Build | None = None
        self._record = record
        self._laptop = laptop
        self._layout = Layout(laptop.settings.home / "environments" / record.name)
        self._secrets = laptop.records / record.name
        self.airflow = Airflow(
            settings=laptop.settings,
            environment_name=record.name,
            region=record.region,
            web_port=record.web_port,
            layout=self._layout,
            secrets=SecretFolder(self._secrets),
            proxy_url=laptop.proxy_url,
        )
        self.web_server = WebServer(record.web_server, laptop.users_password)
        self._builder = Builder(
            layout=self._layout,
            virtual_environments=laptop.virtual_environments,
            runner=laptop.runner,
        )
        self._sync: asyncio.Task[None] | None = None
        self.role = ExecutionRole(
            laptop.aws, record.properties.execution_role_arn, environment_arn=record.arn
        )

    @property
    def logs(self) -> Path:
        """The folder of the tasks' logs."""
        return self._layout.logs

    async def prepare(self, properties: Properties) -> Build:
        """Check the account, fetch the bundle and make it ready, beside what runs."""
        role = self._role_of(properties)
        await role.credentials()
        await check_account(properties, role, self._laptop.aws)
        sources = await Sources.fetch(properties, role)
        self._layout.make()
        return await self.rebuild(self._builder.store(sources))

    async def rebuild(self, key: str) -> Build:
        """Make a build ready whose sources were fetched before; nothing is done twice."""
        self._layout.make()
        return await self._builder.make(key, environment=self.airflow.base_environment())

    async def start(
        self, build: Build, properties: Properties, *, database_version: str | None
    ) -> str:
        """Start Airflow and wait until all of it is healthy; the database's version then."""
        require_free_port(self._record.web_port)
        self._layout.make()
        self.role = self._role_of(properties)
        await self._dag_sync(properties).sync_once()
        version = await self._laptop.database.set_up(self.airflow, current_version=database_version)
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

    async def follow_dags(self, properties: Properties) -> None:
        """Keep the DAGs equal to the bucket's from now on, as the role of `properties`."""
        await self._stop_sync()
        if properties.execution_role_arn != self.role.arn:
            self.role = self._role_of(properties)
        sync = self._dag_sync(properties)
        self._sync = asyncio.create_task(
            sync.run(self._laptop.settings.sync_seconds), name=f"sync {self._record.name}"
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

    async def remove(self) -> None:
        """Remove everything that the environment has, on disk and on a database server."""
        await self.drop_database()
        for folder in (self._layout.root, self._secrets):
            if folder.exists():
                await asyncio.to_thread(shutil.rmtree, folder)

    def discard_other_builds(self) -> None:
        """Remove the builds that do not run."""
        if self.build:
            self._builder.discard_all_but(self.build.key)

    async def _stop_sync(self) -> None:
        if self._sync:
            self._sync.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sync
            self._sync = None

    def _dag_sync(self, properties: Properties) -> DagSync:
        return DagSync(
            role=self.role,
            bucket=properties.source_bucket,
            prefix=properties.dag_prefix,
            folder=self._layout.dags,
            index=self._layout.root / "dags.json",
        )

    def _role_of(self, properties: Properties) -> ExecutionRole:
        if properties.execution_role_arn == self.role.arn:
            return self.role
        return ExecutionRole(
            self._laptop.aws, properties.execution_role_arn, environment_arn=self._record.arn
        )
