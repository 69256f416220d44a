"""The states of an environment whose supervisor ended, or was killed, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from infra.local.mwaa import environment as environment_module
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.host import AirflowHost
from infra.local.mwaa.model import ConfigurationError, Record, Status

from .fake_host import FakeHost, changed, created, finish, on_disk, restarted, until


def test_an_available_environment_is_resumed_with_its_own_build(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    finish(created(environment))
    host.done.clear()
    next_life = restarted(environment, host, tmp_path)

    async def run() -> None:
        host.blocked = True
        next_life.resume(lambda: None)
        await until(next_life, Status.UNAVAILABLE)
        host.blocked = False
        await until(next_life, Status.AVAILABLE)

    finish(run())
    assert host.done == ["rebuild dags", "start dags v1"]


def test_an_update_of_one_that_is_being_resumed_waits_for_it(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    finish(created(environment))
    host.done.clear()
    next_life = restarted(environment, host, tmp_path)

    async def run() -> None:
        host.blocked = True
        next_life.resume(lambda: None)
        await until(next_life, Status.UNAVAILABLE)
        next_life.update(changed(next_life, dag_s3_path="new"))
        assert next_life.record.status is Status.UPDATING
        host.blocked = False
        await until(next_life, Status.AVAILABLE)

    finish(run())
    assert host.done == ["rebuild dags", "start dags v1", "prepare new", "follow new", "discard"]


def test_one_that_cannot_be_resumed_says_why_and_is_tried_again(
    environment: Environment, host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(created(environment))
    monkeypatch.setattr(environment_module, "RETRY_SECONDS", 0.05)
    host.start_errors = [ConfigurationError("Port 8120 is taken")]
    next_life = restarted(environment, host, tmp_path)

    async def run() -> None:
        next_life.resume(lambda: None)
        async with asyncio.timeout(5):
            while not next_life.problem:
                await asyncio.sleep(0.001)
        assert next_life.problem == "Port 8120 is taken"
        await until(next_life, Status.AVAILABLE)
        assert not next_life.problem

    finish(run())


def _killed(record: Record, host: FakeHost, tmp_path: Path, **changes: object) -> Environment:
    """An environment whose supervisor was killed when its record said `changes`."""
    return Environment(
        record.model_copy(update={"build": "dags", **changes}),
        records=tmp_path / "records",
        host=cast(AirflowHost, host),
    )


def test_a_killed_create_is_done_anew(record: Record, host: FakeHost, tmp_path: Path) -> None:
    environment = _killed(record, host, tmp_path, status=Status.CREATING)

    async def run() -> None:
        environment.resume(lambda: None)
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["prepare dags", "start dags None"]


def test_a_killed_update_is_done_again_once_the_old_one_runs(
    record: Record, host: FakeHost, tmp_path: Path
) -> None:
    requested = record.properties.model_copy(update={"dag_s3_path": "new", "max_workers": 2})
    environment = _killed(record, host, tmp_path, status=Status.UPDATING, requested=requested)

    async def run() -> None:
        environment.resume(lambda: None)
        async with asyncio.timeout(5):
            while environment.record.properties != requested:
                await asyncio.sleep(0.001)

    finish(run())
    assert environment.record.status is Status.AVAILABLE
    assert host.done == [
        *("rebuild dags", "start dags None"),
        *("prepare new", "stop", "start new v1", "discard"),
    ]


def test_a_killed_reset_is_done_anew(record: Record, host: FakeHost, tmp_path: Path) -> None:
    environment = _killed(
        record,
        host,
        tmp_path,
        status=Status.UNAVAILABLE,
        database_reset=True,
        database_version="of the old one",
    )

    async def run() -> None:
        environment.resume(lambda: None)
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["rebuild dags", "drop", "start dags None"]
    assert not environment.record.database_reset


def test_what_is_deleted_before_it_is_resumed_is_not_started(
    record: Record, host: FakeHost, tmp_path: Path
) -> None:
    environment = _killed(record, host, tmp_path, status=Status.UNAVAILABLE)
    forgotten: list[str] = []

    async def run() -> None:
        await environment.delete(lambda: forgotten.append("deleted"))
        environment.resume(lambda: forgotten.append("resumed"))
        async with asyncio.timeout(5):
            while not forgotten:
                await asyncio.sleep(0.001)

    finish(run())
    assert forgotten == ["deleted"]
    assert "rebuild dags" not in host.done


def test_a_killed_delete_is_finished(record: Record, host: FakeHost, tmp_path: Path) -> None:
    environment = _killed(record, host, tmp_path, status=Status.DELETING)
    (tmp_path / "records").mkdir()
    forgotten: list[str] = []

    async def run() -> None:
        environment.resume(lambda: forgotten.append("x"))
        async with asyncio.timeout(5):
            while not forgotten:
                await asyncio.sleep(0.001)

    finish(run())
    assert host.removed


def test_a_delete_that_fails_is_tried_again(
    record: Record, host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "RETRY_SECONDS", 0.01)
    host.remove_errors = [ConfigurationError("the database server does not answer")]
    environment = _killed(record, host, tmp_path, status=Status.AVAILABLE)
    forgotten: list[str] = []

    async def run() -> None:
        await environment.delete(lambda: forgotten.append("x"))
        async with asyncio.timeout(5):
            while not forgotten:
                await asyncio.sleep(0.001)

    finish(run())
    assert environment.problem == "the database server does not answer"
    assert host.removed


def test_a_failed_environment_is_not_resumed(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    host.prepare_error = ConfigurationError("no")

    async def run() -> None:
        environment.create()
        await until(environment, Status.CREATE_FAILED)
        host.done.clear()
        next_life = restarted(environment, host, tmp_path)
        next_life.resume(lambda: None)
        await asyncio.sleep(0.01)
        assert host.done == []

    finish(run())


def test_closing_stops_airflow_and_keeps_the_record(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await created(environment)
        await environment.close()

    finish(run())
    assert host.components == []
    assert on_disk(environment, tmp_path).status is Status.AVAILABLE
