"""What every host of an environment's Airflow does: its role, its bundle, its DAGs."""

from __future__ import annotations

import abc
import asyncio
import contextlib
from pathlib import Path
from typing import Any, Protocol

from infra.local.mwaa.bundle import Sources, SourceStore
from infra.local.mwaa.credentials import ExecutionRole
from infra.local.mwaa.endpoints import missing_endpoints
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import Properties, Record
from infra.local.mwaa.sync import DagSync
from infra.local.mwaa.validation import check_account
from infra.local.mwaa.webserver import WebServer
from infra.local.supervisor.secrets import SecretFolder


class Prepared(Protocol):
    """A bundle that is ready to be started."""

    @property
    def key(self) -> str:
        """Equal for equal content."""


class Host[B: Prepared](abc.ABC):
    """What the service does for an environment, without its states.

    Every method raises ConfigurationError with a reason for the person when what was asked for
    cannot be had.
    """

    components: list[Any]
    """What runs of Airflow; empty when nothing does."""
    web_server: WebServer

    def __init__(self, record: Record, laptop: Laptop, *, layout: Layout) -> None:
        self.build: B | None = None
        self._record = record
        self._laptop = laptop
        self._layout = layout
        self._secrets = laptop.records / record.name
        self._sources = SourceStore(layout=layout)
        self._sync: asyncio.Task[None] | None = None
        self.role = ExecutionRole(
            laptop.aws, record.properties.execution_role_arn, environment_arn=record.arn
        )

    @property
    def credentials_token(self) -> str:
        """What a task shows to get the execution role's credentials."""
        return SecretFolder(self._secrets).get("credentials-token")

    @property
    def logs(self) -> Path:
        """The folder of the tasks' logs."""
        return self._layout.logs

    async def prepare(self, properties: Properties) -> B:
        """Check the account, fetch the bundle and make it ready, beside what runs."""
        role = self._role_of(properties)
        await role.credentials()
        await check_account(properties, role, self._laptop.aws)
        sources = await Sources.fetch(properties, role)
        self._layout.make()
        return await self.rebuild(self._sources.store(sources))

    async def missing_endpoints(self) -> list[str]:
        """The services of the environment whose endpoints its owner still has to make."""
        return await asyncio.to_thread(missing_endpoints, self._record, self._laptop.aws)

    @abc.abstractmethod
    async def rebuild(self, key: str) -> B:
        """Make a build ready whose sources were fetched before; nothing is done twice."""

    @abc.abstractmethod
    async def start(self, build: B, properties: Properties, *, database_version: str | None) -> str:
        """Start Airflow and wait until all of it is healthy; the database's version then."""

    @abc.abstractmethod
    def needs_restart(self, build: B, properties: Properties, running: Properties) -> bool:
        """Whether Airflow would be started differently than it was."""

    async def follow_dags(self, properties: Properties) -> None:
        """Keep the DAGs equal to the bucket's from now on, as the role of `properties`."""
        await self._stop_sync()
        if properties.execution_role_arn != self.role.arn:
            self.role = self._role_of(properties)
        sync = self._dag_sync(properties)
        self._sync = asyncio.create_task(
            sync.run(self._laptop.settings.sync_seconds), name=f"sync {self._record.name}"
        )

    @abc.abstractmethod
    async def stop(self) -> None:
        """Stop the sync, and what this process runs of Airflow."""

    @abc.abstractmethod
    async def drop_database(self) -> None:
        """Drop the metadata database, which nothing uses then; the next start makes it anew."""

    @abc.abstractmethod
    def keep_database(self) -> None:
        """Forget the database of before the last start, to which nobody goes back any more."""

    @abc.abstractmethod
    async def remove(self) -> None:
        """Remove everything that the environment has."""

    def discard_other_builds(self) -> None:
        """Remove the builds that do not run."""
        if self.build:
            self._sources.discard_all_but(self.build.key)

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
