"""A container in step with what is deployed; `airflow` is a script that comes first on the path."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.container import keeper as module
from infra.container import preparation
from infra.container.components import COMPONENTS
from infra.container.configuration import BundleSource, Secrets
from infra.container.deployed import MOUNTED, Deployed, Report, reports, withdraw
from infra.container.keeper import Keeper
from infra.local.mwaa.model import ConfigurationError

AIRFLOW = """#!/bin/sh
env > {home}/environment.txt
echo "$*" >> {home}/started
{then}
"""


@pytest.fixture
def home(tmp_path: Path, volume: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """AIRFLOW_HOME, and an `airflow` that runs until it is ended."""
    folder = tmp_path / "home"
    (folder / "bin").mkdir(parents=True)
    (volume / "builds" / "abc").mkdir(parents=True)
    at_home = {name: folder / name for name in ("dags", "plugins", "requirements", "startup")}
    mounted = MOUNTED.model_copy(
        update={
            "dags": at_home["dags"],
            "plugins": at_home["plugins"],
            "requirements": at_home["requirements"] / "requirements.txt",
            "startup_script": at_home["startup"] / "startup.sh",
        }
    )
    monkeypatch.setattr(module, "AIRFLOW_HOME", folder)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(module, "MOUNTED", mounted)
    monkeypatch.setattr(module, "MARKER", f"{tmp_path}:")
    monkeypatch.setattr(preparation, "MOUNTED", mounted)
    monkeypatch.setattr(preparation, "INSTALLED", folder / "installed.txt")
    monkeypatch.setattr(module, "_answers", lambda _: True)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    play(folder, "exec sleep 60")
    return folder


def play(home: Path, then: str) -> None:
    """Let `airflow` do this once it has said how it was started."""
    script = home / "bin" / "airflow"
    script.write_text(AIRFLOW.format(home=home, then=then))
    script.chmod(0o755)


@pytest.fixture
def keeper(home: Path, secrets: Secrets) -> Keeper:
    return Keeper(
        name="api-server",
        component=COMPONENTS["api-server"],
        mwaa_component="webserver",
        base={"PATH": f"{home / 'bin'}:/usr/bin:/bin"},
        secrets=secrets,
        source=BundleSource.BUCKET,
    )


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def starts(home: Path) -> int:
    path = home / "started"
    return len(path.read_text().splitlines()) if path.exists() else 0


def environment(home: Path) -> dict[str, str]:
    lines = (home / "environment.txt").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def report(generation: str) -> Report | None:
    return next(reports(generation), None)


def test_it_starts_with_the_options_and_the_credentials_of_what_is_deployed(
    keeper: Keeper, home: Path, deployed: Deployed, volume: Path
) -> None:
    async def run() -> None:
        running = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.1)
        assert starts(home) == 0
        deployed.publish()
        await until(lambda: report("1"))
        await until(lambda: starts(home) == 1)
        running.cancel()
        assert await running == 0

    asyncio.run(run())
    told = environment(home)
    assert told["AIRFLOW__LAKE__DATABASE"] == "lake_dev"
    assert told["AIRFLOW__CORE__DAGS_FOLDER"] == str(volume / "dags")
    assert told["LAKE_CREDENTIALS_TOKEN"] == "token"
    assert told["HTTPS_PROXY"] == "http://mwaa:4568"
    assert told["MWAA_TOKENS_URL"] == "http://mwaa:4567/tokens/lake-dev"
    assert (home / "plugins").readlink() == volume / "builds" / "abc" / "plugins"


def test_another_generation_starts_it_anew(keeper: Keeper, home: Path, deployed: Deployed) -> None:
    async def run() -> None:
        deployed.publish()
        running = asyncio.create_task(keeper.run())
        await until(lambda: starts(home) == 1)
        changed = {"generation": "2", "options": {"lake.database": "other"}}
        deployed.model_copy(update=changed).publish()
        await until(lambda: report("2"))
        await until(lambda: starts(home) == 2)
        running.cancel()
        await running

    asyncio.run(run())
    assert environment(home)["AIRFLOW__LAKE__DATABASE"] == "other"


def test_it_ends_when_the_environment_is_deleted(
    keeper: Keeper, home: Path, deployed: Deployed
) -> None:
    play(home, f"trap 'echo ended > {home}/ended; exit 0' TERM\nwhile :; do sleep 0.05; done")

    async def run() -> None:
        deployed.publish()
        running = asyncio.create_task(keeper.run())
        await until(lambda: starts(home) == 1)
        withdraw()
        await until((home / "ended").exists)
        assert not running.done()
        running.cancel()
        await running

    asyncio.run(run())


def test_a_component_that_ends_by_itself_ends_the_container(
    keeper: Keeper, home: Path, deployed: Deployed
) -> None:
    play(home, "exit 3")
    deployed.publish()
    assert asyncio.run(asyncio.wait_for(keeper.run(), 10)) == 3


def test_what_the_bucket_cannot_run_is_reported_and_the_next_deployment_is_taken(
    keeper: Keeper, home: Path, deployed: Deployed, volume: Path
) -> None:
    script = volume / "builds" / "abc" / "startup.sh"
    script.write_text("echo no such thing\nexit 9\n")

    async def run() -> None:
        deployed.publish()
        running = asyncio.create_task(keeper.run())
        await until(lambda: report("1"))
        said = report("1")
        assert said
        assert "exit code 9" in said.problem
        assert "no such thing" in said.problem
        assert starts(home) == 0
        script.write_text("export AIRFLOW__LAKE__SEEN=yes\n")
        deployed.model_copy(update={"generation": "2"}).publish()
        await until(lambda: starts(home) == 1)
        running.cancel()
        await running

    asyncio.run(run())
    assert environment(home)["AIRFLOW__LAKE__SEEN"] == "yes"


def test_what_is_mounted_and_cannot_be_run_ends_the_container_with_the_reason(
    keeper: Keeper, home: Path, deployed: Deployed
) -> None:
    (home / "startup").mkdir()
    (home / "startup" / "startup.sh").write_text("exit 9\n")
    deployed.publish()
    mounted = Keeper(**{**vars(keeper), "source": BundleSource.REPOSITORY})
    with pytest.raises(ConfigurationError, match="startup script failed on webserver"):
        asyncio.run(asyncio.wait_for(mounted.run(), 10))
    said = report("1")
    assert said
    assert "exit code 9" in said.problem


def test_the_others_wait_for_the_api_server(
    keeper: Keeper, home: Path, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = False
    monkeypatch.setattr(module, "_answers", lambda _: answers)
    scheduler = Keeper(
        **{**vars(keeper), "name": "scheduler", "component": COMPONENTS["scheduler"]}
    )

    async def run() -> None:
        nonlocal answers
        deployed.publish()
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(0.2)
        assert starts(home) == 0
        answers = True
        await until(lambda: starts(home) == 1)
        running.cancel()
        await running

    asyncio.run(run())
    assert "MWAA_TOKENS_URL" not in environment(home)
