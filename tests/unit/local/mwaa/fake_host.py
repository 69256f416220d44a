"""An Airflow for the tests of an environment's states, which does nothing but remember."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

from infra.local.mwaa.bundle import Build
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.host import AirflowHost
from infra.local.mwaa.model import Properties, Record, Status


class FakeHost:
    """An Airflow that starts at once, or fails as a test wants it; it records what is done."""

    def __init__(self) -> None:
        self.components: list[str] = []
        self.done: list[str] = []
        self.prepare_error: Exception | None = None
        self.start_errors: list[Exception] = []
        self.blocked = False
        self.missing: list[str] = []
        self.removed = False
        self.remove_errors: list[Exception] = []
        self.drop_errors: list[Exception] = []

    async def prepare(self, properties: Properties) -> Build:
        self.done.append(f"prepare {properties.dag_s3_path}")
        while self.blocked:
            await asyncio.sleep(0.001)
        if self.prepare_error:
            raise self.prepare_error
        return build(properties.dag_s3_path)

    async def missing_endpoints(self) -> list[str]:
        return self.missing

    async def rebuild(self, key: str) -> Build:
        self.done.append(f"rebuild {key}")
        while self.blocked:
            await asyncio.sleep(0.001)
        return build(key)

    async def start(
        self, build: Build, properties: Properties, *, database_version: str | None
    ) -> str:
        self.done.append(f"start {build.key} {database_version}")
        self.components = ["running"]
        if self.start_errors:
            raise self.start_errors.pop(0)
        assert properties
        return "v1"

    def needs_restart(self, build: Build, properties: Properties, running: Properties) -> bool:
        assert build
        return properties.max_workers != running.max_workers

    async def follow_dags(self, properties: Properties) -> None:
        self.done.append(f"follow {properties.dag_s3_path}")

    async def stop(self) -> None:
        if self.components:
            self.done.append("stop")
        self.components = []

    async def drop_database(self) -> None:
        assert not self.components
        self.done.append("drop")
        if self.drop_errors:
            raise self.drop_errors.pop()

    def keep_database(self) -> None:
        assert self.components

    async def remove(self) -> None:
        if self.remove_errors:
            raise self.remove_errors.pop()
        self.removed = True

    def discard_other_builds(self) -> None:
        self.done.append("discard")


def build(key: str) -> Build:
    return Build(key=key, venv=Path("/v"), plugins=Path("/p"), startup_variables={})


def on_disk(environment: Environment, tmp_path: Path) -> Record:
    path = tmp_path / "records" / f"{environment.record.name}.json"
    return Record.model_validate_json(path.read_bytes())


def restarted(environment: Environment, host: FakeHost, tmp_path: Path) -> Environment:
    """The environment as the next supervisor finds it."""
    host.components = []
    return Environment(
        on_disk(environment, tmp_path),
        records=tmp_path / "records",
        host=cast(AirflowHost, host),
    )


async def until(environment: Environment, status: Status) -> None:
    async with asyncio.timeout(5):
        while environment.record.status is not status:
            await asyncio.sleep(0.001)


def finish(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def created(environment: Environment) -> None:
    environment.create()
    assert environment.record.status is Status.CREATING
    await until(environment, Status.AVAILABLE)


def changed(environment: Environment, **changes: object) -> Properties:
    return environment.record.properties.model_copy(update=changes)
