"""The states of an environment that is created, updated, reset and deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra.local.mwaa import environment as environment_module
from infra.local.mwaa.environment import ERROR_LIMIT, Environment
from infra.local.mwaa.model import ApiError, ConfigurationError, Status

from .fake_host import FakeHost, changed, created, finish, on_disk, until


def test_creating_becomes_available(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    finish(created(environment))
    assert host.done == ["prepare dags", "start dags None"]
    record = on_disk(environment, tmp_path)
    assert (record.status, record.build, record.database_version) == ("AVAILABLE", "dags", "v1")
    assert record.last_update.status == "SUCCESS"


def test_creating_fails_with_the_reason(environment: Environment, host: FakeHost) -> None:
    host.prepare_error = ConfigurationError("The bucket must have versioning enabled")

    async def run() -> None:
        environment.create()
        await until(environment, Status.CREATE_FAILED)

    finish(run())
    error = environment.record.last_update.error
    assert error
    assert error.error_message == "The bucket must have versioning enabled"
    assert environment.record.last_update.status == "FAILED"


def test_an_airflow_that_does_not_start_is_stopped(
    environment: Environment, host: FakeHost
) -> None:
    host.start_errors = [ConfigurationError("it keeps dying")]

    async def run() -> None:
        environment.create()
        await until(environment, Status.CREATE_FAILED)

    finish(run())
    assert host.components == []


def test_a_fault_of_ours_is_said_as_such(environment: Environment, host: FakeHost) -> None:
    host.prepare_error = KeyError("oops")

    async def run() -> None:
        environment.create()
        await until(environment, Status.CREATE_FAILED)

    finish(run())
    error = environment.record.last_update.error
    assert error
    assert error.error_message == "KeyError: 'oops'"


def test_a_long_reason_keeps_its_beginning_and_its_end(
    environment: Environment, host: FakeHost
) -> None:
    host.prepare_error = ConfigurationError("begin " + "x" * 5000 + " end")

    async def run() -> None:
        environment.create()
        await until(environment, Status.CREATE_FAILED)

    finish(run())
    error = environment.record.last_update.error
    assert error
    assert error.error_message.startswith("begin")
    assert error.error_message.endswith("end")
    assert len(error.error_message) <= ERROR_LIMIT


def test_an_update_restarts_what_must_be(environment: Environment, host: FakeHost) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        environment.update(changed(environment, max_workers=2, dag_s3_path="new"))
        assert environment.record.status is Status.UPDATING
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["prepare new", "stop", "start new v1", "discard"]
    assert environment.record.properties.max_workers == 2
    assert environment.record.build == "new"


def test_an_update_of_the_dags_path_restarts_nothing(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        environment.update(changed(environment, dag_s3_path="new"))
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["prepare new", "follow new", "discard"]


def test_an_update_that_cannot_be_prepared_leaves_the_old_one_running(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        host.prepare_error = ConfigurationError("No solution found")
        environment.update(changed(environment, max_workers=2))
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["prepare dags", "discard"]
    record = on_disk(environment, tmp_path)
    assert record.properties.max_workers == 10
    assert record.requested is None
    assert record.last_update.error
    assert record.last_update.error.error_message == "No solution found"


def test_an_update_that_does_not_start_brings_the_old_one_back(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        host.start_errors = [ConfigurationError("it keeps dying")]
        environment.update(changed(environment, max_workers=2, dag_s3_path="new"))
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == [
        *("prepare new", "stop", "start new v1", "stop"),
        *("rebuild dags", "start dags v1", "discard"),
    ]
    assert environment.record.properties.dag_s3_path == "dags"
    assert environment.record.last_update.status == "FAILED"


def test_only_an_available_environment_can_be_updated(environment: Environment) -> None:
    async def run() -> None:
        environment.create()
        with pytest.raises(ApiError, match="is CREATING: only one that is AVAILABLE"):
            environment.update(environment.record.properties)
        await until(environment, Status.AVAILABLE)

    finish(run())


def test_a_reset_starts_airflow_on_a_new_database(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        environment.reset_database()
        assert on_disk(environment, tmp_path).status is Status.UNAVAILABLE
        environment.reset_database()
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == ["stop", "rebuild dags", "drop", "start dags None"]
    record = on_disk(environment, tmp_path)
    assert (record.database_reset, record.database_version) == (False, "v1")


def test_only_the_database_of_an_available_environment_can_be_reset(
    environment: Environment,
) -> None:
    async def run() -> None:
        environment.create()
        with pytest.raises(ApiError, match="is CREATING: only the database of one"):
            environment.reset_database()
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert not environment.record.database_reset


def test_a_reset_that_fails_says_why_and_is_tried_again(
    environment: Environment, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "RETRY_SECONDS", 0.05)
    host.drop_errors = [ConfigurationError("the database server does not answer")]

    async def run() -> None:
        await created(environment)
        host.done.clear()
        environment.reset_database()
        async with asyncio.timeout(5):
            while not environment.problem:
                await asyncio.sleep(0.001)
        assert environment.problem == "the database server does not answer"
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == [
        *("stop", "rebuild dags", "drop"),
        *("rebuild dags", "drop", "start dags None"),
    ]


def test_an_update_during_a_reset_waits_for_it_and_keeps_the_new_database(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await created(environment)
        host.done.clear()
        environment.reset_database()
        environment.update(changed(environment, max_workers=2, dag_s3_path="new"))
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert host.done == [
        *("stop", "rebuild dags", "drop", "start dags None"),
        *("prepare new", "stop", "start new v1", "discard"),
    ]


def test_a_delete_gives_a_running_create_up_and_leaves_nothing(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    host.blocked = True
    forgotten: list[str] = []

    async def run() -> None:
        environment.create()
        await asyncio.sleep(0)
        await environment.delete(lambda: forgotten.append("x"))
        assert environment.record.status is Status.DELETING
        await environment.delete(lambda: forgotten.append("twice"))
        async with asyncio.timeout(5):
            while not forgotten:
                await asyncio.sleep(0.001)

    finish(run())
    assert forgotten == ["x"]
    assert host.removed
    assert list((tmp_path / "records").iterdir()) == []


def test_an_update_is_remembered_with_how_it_replaced_the_workers(
    environment: Environment, tmp_path: Path
) -> None:
    async def run() -> None:
        await created(environment)
        assert environment.record.last_update.worker_replacement_strategy is None
        environment.update(changed(environment, max_workers=5))
        await until(environment, Status.AVAILABLE)

    finish(run())
    record = on_disk(environment, tmp_path)
    assert record.last_update.worker_replacement_strategy == "FORCED"
    assert record.was_forced


def test_an_update_that_fails_is_no_update_by_force(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await created(environment)
        host.prepare_error = ConfigurationError("no such object")
        environment.update(changed(environment, max_workers=5))
        await until(environment, Status.AVAILABLE)

    finish(run())
    assert environment.record.last_update.status == "FAILED"
    assert not environment.record.was_forced
