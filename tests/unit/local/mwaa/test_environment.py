"""The states of an environment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from infra.local.mwaa import environment as environment_module
from infra.local.mwaa.bundle import Build
from infra.local.mwaa.environment import ERROR_LIMIT, Environment
from infra.local.mwaa.host import AirflowHost
from infra.local.mwaa.model import ApiError, ConfigurationError, Properties, Record, Status


class FakeHost:
    """An Airflow that starts at once, or fails as a test wants it; it records what is done."""

    def __init__(self) -> None:
        self.components: list[str] = []
        self.done: list[str] = []
        self.prepare_error: Exception | None = None
        self.start_errors: list[Exception] = []
        self.blocked = False
        self.removed = False
        self.remove_errors: list[Exception] = []
        self.drop_errors: list[Exception] = []

    async def prepare(self, properties: Properties) -> Build:
        self.done.append(f"prepare {properties.dag_s3_path}")
        while self.blocked:
            await asyncio.sleep(0.001)
        if self.prepare_error:
            raise self.prepare_error
        return _build(properties.dag_s3_path)

    async def rebuild(self, key: str) -> Build:
        self.done.append(f"rebuild {key}")
        while self.blocked:
            await asyncio.sleep(0.001)
        return _build(key)

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

    async def remove(self) -> None:
        if self.remove_errors:
            raise self.remove_errors.pop()
        self.removed = True

    def discard_other_builds(self) -> None:
        self.done.append("discard")


def _build(key: str) -> Build:
    return Build(key=key, venv=Path("/v"), plugins=Path("/p"), startup_variables={})


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def environment(record: Record, host: FakeHost, tmp_path: Path) -> Environment:
    return Environment(record, records=tmp_path / "records", host=cast(AirflowHost, host))


def _on_disk(environment: Environment, tmp_path: Path) -> Record:
    path = tmp_path / "records" / f"{environment.record.name}.json"
    return Record.model_validate_json(path.read_bytes())


def _restarted(environment: Environment, host: FakeHost, tmp_path: Path) -> Environment:
    """The environment as the next supervisor finds it."""
    host.components = []
    return Environment(
        _on_disk(environment, tmp_path),
        records=tmp_path / "records",
        host=cast(AirflowHost, host),
    )


async def _until(environment: Environment, status: Status) -> None:
    async with asyncio.timeout(5):
        while environment.record.status is not status:
            await asyncio.sleep(0.001)


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def _create(environment: Environment) -> None:
    environment.create()
    assert environment.record.status is Status.CREATING
    await _until(environment, Status.AVAILABLE)


def test_creating_becomes_available(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    _run(_create(environment))
    assert host.done == ["prepare dags", "start dags None"]
    record = _on_disk(environment, tmp_path)
    assert (record.status, record.build, record.database_version) == ("AVAILABLE", "dags", "v1")
    assert record.last_update.status == "SUCCESS"


def test_creating_fails_with_the_reason(environment: Environment, host: FakeHost) -> None:
    host.prepare_error = ConfigurationError("The bucket must have versioning enabled")

    async def run() -> None:
        environment.create()
        await _until(environment, Status.CREATE_FAILED)

    _run(run())
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
        await _until(environment, Status.CREATE_FAILED)

    _run(run())
    assert host.components == []


def test_a_fault_of_ours_is_said_as_such(environment: Environment, host: FakeHost) -> None:
    host.prepare_error = KeyError("oops")

    async def run() -> None:
        environment.create()
        await _until(environment, Status.CREATE_FAILED)

    _run(run())
    error = environment.record.last_update.error
    assert error
    assert error.error_message == "KeyError: 'oops'"


def test_a_long_reason_keeps_its_beginning_and_its_end(
    environment: Environment, host: FakeHost
) -> None:
    host.prepare_error = ConfigurationError("begin " + "x" * 5000 + " end")

    async def run() -> None:
        environment.create()
        await _until(environment, Status.CREATE_FAILED)

    _run(run())
    error = environment.record.last_update.error
    assert error
    assert error.error_message.startswith("begin")
    assert error.error_message.endswith("end")
    assert len(error.error_message) <= ERROR_LIMIT


def _changed(environment: Environment, **changes: object) -> Properties:
    return environment.record.properties.model_copy(update=changes)


def test_an_update_restarts_what_must_be(environment: Environment, host: FakeHost) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        environment.update(_changed(environment, max_workers=2, dag_s3_path="new"))
        assert environment.record.status is Status.UPDATING
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert host.done == ["prepare new", "stop", "start new v1", "discard"]
    assert environment.record.properties.max_workers == 2
    assert environment.record.build == "new"


def test_an_update_of_the_dags_path_restarts_nothing(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        environment.update(_changed(environment, dag_s3_path="new"))
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert host.done == ["prepare new", "follow new", "discard"]


def test_an_update_that_cannot_be_prepared_leaves_the_old_one_running(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        host.prepare_error = ConfigurationError("No solution found")
        environment.update(_changed(environment, max_workers=2))
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert host.done == ["prepare dags", "discard"]
    record = _on_disk(environment, tmp_path)
    assert record.properties.max_workers == 10
    assert record.requested is None
    assert record.last_update.error
    assert record.last_update.error.error_message == "No solution found"


def test_an_update_that_does_not_start_brings_the_old_one_back(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        host.start_errors = [ConfigurationError("it keeps dying")]
        environment.update(_changed(environment, max_workers=2, dag_s3_path="new"))
        await _until(environment, Status.AVAILABLE)

    _run(run())
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
        await _until(environment, Status.AVAILABLE)

    _run(run())


def test_a_reset_starts_airflow_on_a_new_database(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        environment.reset_database()
        assert _on_disk(environment, tmp_path).status is Status.UNAVAILABLE
        environment.reset_database()
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert host.done == ["stop", "rebuild dags", "drop", "start dags None"]
    record = _on_disk(environment, tmp_path)
    assert (record.database_reset, record.database_version) == (False, "v1")


def test_only_the_database_of_an_available_environment_can_be_reset(
    environment: Environment,
) -> None:
    async def run() -> None:
        environment.create()
        with pytest.raises(ApiError, match="is CREATING: only the database of one"):
            environment.reset_database()
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert not environment.record.database_reset


def test_a_reset_that_fails_says_why_and_is_tried_again(
    environment: Environment, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "RETRY_SECONDS", 0.05)
    host.drop_errors = [ConfigurationError("the database server does not answer")]

    async def run() -> None:
        await _create(environment)
        host.done.clear()
        environment.reset_database()
        async with asyncio.timeout(5):
            while not environment.problem:
                await asyncio.sleep(0.001)
        assert environment.problem == "the database server does not answer"
        await _until(environment, Status.AVAILABLE)

    _run(run())
    assert host.done == [
        *("stop", "rebuild dags", "drop"),
        *("rebuild dags", "drop", "start dags None"),
    ]


def test_an_update_during_a_reset_waits_for_it_and_keeps_the_new_database(
    environment: Environment, host: FakeHost
) -> None:
    async def run() -> None:
        await _create(environment)
        host.done.clear()
        environment.reset_database()
        environment.update(_changed(environment, max_workers=2, dag_s3_path="new"))
        await _until(environment, Status.AVAILABLE)

    _run(run())
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

    _run(run())
    assert forgotten == ["x"]
    assert host.removed
    assert list((tmp_path / "records").iterdir()) == []


def test_an_available_environment_is_resumed_with_its_own_build(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    _run(_create(environment))
    host.done.clear()
    next_life = _restarted(environment, host, tmp_path)

    async def run() -> None:
        host.blocked = True
        next_life.resume(lambda: None)
        await _until(next_life, Status.UNAVAILABLE)
        host.blocked = False
        await _until(next_life, Status.AVAILABLE)

    _run(run())
    assert host.done == ["rebuild dags", "start dags v1"]


def test_an_update_of_one_that_is_being_resumed_waits_for_it(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    _run(_create(environment))
    host.done.clear()
    next_life = _restarted(environment, host, tmp_path)

    async def run() -> None:
        host.blocked = True
        next_life.resume(lambda: None)
        await _until(next_life, Status.UNAVAILABLE)
        next_life.update(_changed(next_life, dag_s3_path="new"))
        assert next_life.record.status is Status.UPDATING
        host.blocked = False
        await _until(next_life, Status.AVAILABLE)

    _run(run())
    assert host.done == ["rebuild dags", "start dags v1", "prepare new", "follow new", "discard"]


def test_one_that_cannot_be_resumed_says_why_and_is_tried_again(
    environment: Environment, host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(_create(environment))
    monkeypatch.setattr(environment_module, "RETRY_SECONDS", 0.05)
    host.start_errors = [ConfigurationError("Port 8120 is taken")]
    next_life = _restarted(environment, host, tmp_path)

    async def run() -> None:
        next_life.resume(lambda: None)
        async with asyncio.timeout(5):
            while not next_life.problem:
                await asyncio.sleep(0.001)
        assert next_life.problem == "Port 8120 is taken"
        await _until(next_life, Status.AVAILABLE)
        assert not next_life.problem

    _run(run())


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
        await _until(environment, Status.AVAILABLE)

    _run(run())
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

    _run(run())
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
        await _until(environment, Status.AVAILABLE)

    _run(run())
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

    _run(run())
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

    _run(run())
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

    _run(run())
    assert environment.problem == "the database server does not answer"
    assert host.removed


def test_a_failed_environment_is_not_resumed(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    host.prepare_error = ConfigurationError("no")

    async def run() -> None:
        environment.create()
        await _until(environment, Status.CREATE_FAILED)
        host.done.clear()
        next_life = _restarted(environment, host, tmp_path)
        next_life.resume(lambda: None)
        await asyncio.sleep(0.01)
        assert host.done == []

    _run(run())


def test_closing_stops_airflow_and_keeps_the_record(
    environment: Environment, host: FakeHost, tmp_path: Path
) -> None:
    async def run() -> None:
        await _create(environment)
        await environment.close()

    _run(run())
    assert host.components == []
    assert _on_disk(environment, tmp_path).status is Status.AVAILABLE
