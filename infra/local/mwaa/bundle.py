"""The bundle of an environment: plugins, requirements and startup script, made ready to run."""

from __future__ import annotations

import asyncio
import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from infra.local.mwaa.commands import Runner
from infra.local.mwaa.credentials import ExecutionRole
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import ConfigurationError, Properties
from infra.local.mwaa.startup import run_startup_script
from infra.local.mwaa.validation import airflow_version, image_lock, image_version
from infra.local.mwaa.virtualenv import VirtualEnvironments, digest, map_paths
from infra.local.supervisor.durable import write_durably

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


AIRFLOW_VERSION = "airflow-version"
"""The file of a build that has the version of its Airflow."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The objects of a bundle; an object that the environment does not have is empty."""

    plugins_zip: bytes = b""
    requirements: str = ""
    startup_script: str = ""
    airflow_version: str = field(default_factory=image_version)
    """The version of Airflow whose image they are installed into."""

    @property
    def key(self) -> str:
        """Equal for equal content."""
        parts = [self.plugins_zip, self.requirements.encode(), self.startup_script.encode()]
        if self.airflow_version != image_version():
            parts.append(self.airflow_version.encode())
        return digest(*parts)

    @classmethod
    async def fetch(cls, properties: Properties, role: ExecutionRole) -> Self:
        """The objects at the versions that `properties` name, read as the execution role.

        Raises ConfigurationError when one is missing, cannot be read, or is not text.
        """
        s3, p = await role.s3(), properties
        wanted = [
            (p.plugins_s3_path, p.plugins_s3_object_version),
            (p.requirements_s3_path, p.requirements_s3_object_version),
            (p.startup_script_s3_path, p.startup_script_s3_object_version),
        ]
        plugins, requirements, script = await asyncio.gather(
            *(asyncio.to_thread(_read, s3, p.source_bucket, *object_) for object_ in wanted)
        )
        try:
            return cls(
                plugins_zip=plugins,
                requirements=requirements.decode(),
                startup_script=script.decode(),
                airflow_version=airflow_version(properties),
            )
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"requirements.txt and the startup script must be UTF-8 text: {error}"
            ) from None


class Build(BaseModel):
    """A bundle that is ready: what the components of Airflow are started with."""

    model_config = ConfigDict(frozen=True)

    key: str
    airflow_version: str = Field(default_factory=image_version)
    venv: Path
    plugins: Path
    startup_variables: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class SourceStore:
    """Keeps the sources of one environment's builds; each has a folder, kept while it may run."""

    layout: Layout

    def store(self, sources: Sources) -> str:
        """Keep the sources of a build, so that it can be made again without S3; its key."""
        folder = self.layout.builds / sources.key
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / "plugins.zip", sources.plugins_zip)
        write_durably(folder / "requirements.txt", sources.requirements.encode())
        write_durably(folder / "startup.sh", sources.startup_script.encode())
        write_durably(folder / AIRFLOW_VERSION, sources.airflow_version.encode())
        return sources.key

    def discard_all_but(self, key: str) -> None:
        """Remove the folders of other builds."""
        for folder in self.layout.builds.iterdir():
            if folder.name != key:
                shutil.rmtree(folder)


@dataclass(frozen=True, kw_only=True)
class Builder(SourceStore):
    """Makes the builds of one environment from their sources."""

    virtual_environments: VirtualEnvironments
    runner: Runner

    async def make(
        self, key: str, *, environment: Mapping[str, str], internet: bool = True
    ) -> Build:
        """Run the startup script, then unpack plugins and install the requirements.

        `environment` is that of the startup script; without `internet`, requirements come from the
        plugins alone. What stands already is used as it is; the script always runs, as it does on
        MWAA whenever a component starts. Raises ConfigurationError with the reason when a part
        cannot be made.
        """
        folder = self.layout.builds / key
        plugins_zip = (folder / "plugins.zip").read_bytes()
        requirements = (folder / "requirements.txt").read_text()
        plugins = folder / "plugins"
        await asyncio.to_thread(unpack, plugins_zip, plugins)
        variables: Mapping[str, Mapping[str, str]] = {}
        if (folder / "startup.sh").stat().st_size:
            variables = await run_startup_script(
                folder / "startup.sh", environment=environment, runner=self.runner
            )
        version = image_version()
        if (folder / AIRFLOW_VERSION).exists():  # a build of before there were several has none
            version = (folder / AIRFLOW_VERSION).read_text()
        image = image_lock(version)
        mapped = folder / "requirements.mapped.txt"
        mapped.write_text(map_paths(requirements, plugins=plugins, dags=self.layout.dags))
        venv_key = self.virtual_environments.key(
            requirements, plugins_zip, image, internet=internet
        )
        await self.virtual_environments.make(
            venv_key, mapped, image, variables=variables.get("worker", {}), internet=internet
        )
        return Build(
            key=key,
            airflow_version=version,
            venv=self.virtual_environments.path(venv_key),
            plugins=plugins,
            startup_variables=variables,
        )


def _read(s3: S3Client, bucket: str, key: str | None, version: str | None) -> bytes:
    if not key:
        return b""
    try:
        if version:
            return s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        what = f"s3://{bucket}/{key}" + (f", version {version}," if version else "")
        raise ConfigurationError(f"{what} cannot be read by the execution role: {error}") from error


def unpack(plugins_zip: bytes, plugins: Path) -> None:
    """Unpack beside and rename, so that a folder that exists is whole."""
    if plugins.exists():
        return
    partial = plugins.with_name("plugins.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if plugins_zip:
        try:
            with zipfile.ZipFile(io.BytesIO(plugins_zip)) as archive:
                archive.extractall(partial)  # zipfile itself drops ".." and leading slashes
        except zipfile.BadZipFile as error:
            raise ConfigurationError(f"The plugins are not a zip file: {error}") from None
    partial.rename(plugins)
