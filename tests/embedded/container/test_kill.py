"""The service of the containers, killed in the middle of what it does, and started again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.cli.environment import reset_database
from infra.container.deployed import Deployed
from infra.local.settings import LocalSettings
from tests.embedded.mwaa.laptop import Laptop, wait_until

from .conftest import WRONG, Containers, RunningService

pytestmark = pytest.mark.embedded


@contextmanager
def kept_from_running(containers: Containers) -> Iterator[Callable[[], object]]:
    """No container runs; whether one is told to run something else than before."""
    containers.absent.set()
    before = Deployed.read()
    yield lambda: Deployed.read() not in (None, before)
    containers.absent.clear()


@contextmanager
def kept_from_a_database(containers: Containers) -> Iterator[Callable[[], object]]:
    """The database takes for ever; whether something is done to it."""
    slow, before = containers.volumes / "slow", len(containers.databases)
    slow.touch()
    yield lambda: len(containers.databases) > before
    slow.unlink()


def killed(service: RunningService, reached: Callable[[], object]) -> None:
    """Kill the service when it has got so far, and start it again."""
    wait_until(reached, seconds=20)
    service.kill_and_start()


def half_written(service: RunningService) -> list[str]:
    """The files that the service has begun to write."""
    folders = (service.laptop.home, service.volumes / "environment")
    return [path.name for folder in folders for path in folder.rglob("*.partial")]


def state(laptop: Laptop, name: str) -> tuple[str, str]:
    """Of the environment, and of its last update."""
    settled: dict[str, Any] = laptop.settled(name)
    return settled["Status"], settled["LastUpdate"]["Status"]


@pytest.mark.parametrize("kept", [kept_from_a_database, kept_from_running])
def test_a_create_goes_on(
    service: RunningService, containers: Containers, laptop: Laptop, kept: Any
) -> None:
    with kept(containers) as reached:
        laptop.mwaa.create_environment(Name="killed", **laptop.request())
        killed(service, reached)
        assert laptop.environment("killed")["Status"] == "CREATING"
    assert state(laptop, "killed") == ("AVAILABLE", "SUCCESS")
    deployed = Deployed.read()
    assert deployed
    assert deployed.name == "killed"
    assert half_written(service) == []
    laptop.mwaa.delete_environment(Name="killed")
    wait_until(lambda: not laptop.mwaa.list_environments()["Environments"], seconds=10)


def test_an_update_goes_on(
    service: RunningService, containers: Containers, laptop: Laptop, environment: str
) -> None:
    with kept_from_running(containers) as reached:
        laptop.mwaa.update_environment(
            Name=environment, AirflowConfigurationOptions={"lake.curated_bucket": "other"}
        )
        killed(service, reached)
        assert laptop.environment(environment)["Status"] == "UPDATING"
    assert state(laptop, environment) == ("AVAILABLE", "SUCCESS")
    deployed = Deployed.read()
    assert deployed
    assert deployed.options == {"lake.curated_bucket": "other"}
    assert half_written(service) == []


def test_an_update_that_fails_is_rolled_back(
    service: RunningService, containers: Containers, laptop: Laptop, environment: str
) -> None:
    before = Deployed.read()
    version = laptop.put("requirements.txt", f"{WRONG}\n")
    with kept_from_running(containers) as reached:
        laptop.mwaa.update_environment(Name=environment, RequirementsS3ObjectVersion=version)
        killed(service, reached)
    assert state(laptop, environment) == ("AVAILABLE", "FAILED")
    after = Deployed.read()
    assert before
    assert after
    assert (after.build, after.options) == (before.build, before.options)
    builds = containers.volumes / "environment" / "builds"
    assert [path.name for path in builds.iterdir()] == [after.build]
    assert half_written(service) == []


def test_a_reset_goes_on(
    service: RunningService, containers: Containers, laptop: Laptop, environment: str
) -> None:
    before = containers.databases
    with kept_from_a_database(containers) as reached:
        reset_database(environment, LocalSettings(aws_port=laptop.aws_port))
        killed(service, reached)
        assert laptop.environment(environment)["Status"] == "UNAVAILABLE"
    assert laptop.settled(environment)["Status"] == "AVAILABLE"
    url = before[0]
    assert containers.databases[len(before) :] == [f"{url} drop", f"{url} drop", url]
