"""What all environments of the laptop share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.local.mwaa.commands import Runner
from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.database import Database
from infra.local.mwaa.virtualenv import VirtualEnvironments
from infra.local.settings import LocalSettings
from infra.local.supervisor.secrets import SecretFolder, random_password


@dataclass(frozen=True, kw_only=True)
class Laptop:
    """Settings, secrets and caches of one home folder, for one run of the supervisor."""

    settings: LocalSettings
    aws: EmbeddedAws
    proxy_url: str
    marker: str
    """Marks every process of this supervisor's run."""

    @cached_property
    def runner(self) -> Runner:
        """Runs the commands that build an environment."""
        return Runner(marker=self.marker)

    @cached_property
    def virtual_environments(self) -> VirtualEnvironments:
        """Shared by environments with the same requirements."""
        return VirtualEnvironments(self.settings, self.runner)

    @cached_property
    def database(self) -> Database:
        """Sets metadata databases up."""
        return Database(
            self.settings.home / "database-templates",
            virtual_environments=self.virtual_environments,
            runner=self.runner,
            users_password=self.users_password,
        )

    @property
    def records(self) -> Path:
        """The folder of the environments' records and secrets."""
        return self.settings.home / "state" / "environments"

    @property
    def users_password(self) -> str:
        """The password of Airflow's users, one for all environments."""
        return SecretFolder(self.settings.home / "state").get("airflow-password", random_password)

    async def prepare(self) -> None:
        """Do beforehand what the first environment would have to wait for."""
        await self.virtual_environments.make_image()
        if not self.settings.database:
            await self.database.make_template()
