"""Setting up Airflow's metadata database."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from infra.local.mwaa.airflow import Airflow
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.database import Database
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import image_lock
from infra.local.mwaa.virtualenv import VirtualEnvironments
from infra.local.settings import LocalSettings
from infra.local.supervisor.secrets import SecretFolder

PASSWORD = "secret"
SERVER = "postgresql+psycopg2://lake:secret@127.0.0.1/postgres"


@dataclass(frozen=True, kw_only=True)
class FakeSetUp(Runner):
    """Stands for the set-up script: makes the SQLite file that it is told."""

    marker: str = "/test:"
    urls: list[str] = field(default_factory=list)
    fails: bool = False

    async def run(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        timeout_seconds: float,
    ) -> str:
        assert folder.is_dir()
        assert timeout_seconds > 0
        url = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
        self.urls.append(" ".join([url, *argv[2:]]))
        if self.fails:
            raise CommandError("it ended with exit code 1", "no such table")
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).write_text(environment["MWAA_USERS_PASSWORD"])
        return ""


class FakeVirtualEnvironments:
    async def make_image(self, image_lock: Path) -> Path:
        assert image_lock.exists()
        return Path("/image")


@pytest.fixture
def airflow(settings: LocalSettings) -> Airflow:
    layout = Layout(settings.home / "environments" / "lake-dev")
    layout.make()
    return Airflow(
        settings=settings,
        environment_name="lake-dev",
        region="us-east-1",
        web_port=8120,
        layout=layout,
        secrets=SecretFolder(settings.home / "state"),
        proxy_url="http://127.0.0.1:1",
    )


def _database(settings: LocalSettings, runner: Runner, users_password: str = PASSWORD) -> Database:
    return Database(
        settings.home / "templates",
        virtual_environments=cast(VirtualEnvironments, FakeVirtualEnvironments()),
        runner=runner,
        users_password=users_password,
    )


def test_fresh_databases_are_copies_of_one_template(
    settings: LocalSettings, airflow: Airflow
) -> None:
    runner = FakeSetUp()
    other = replace(airflow, layout=Layout(settings.home / "environments" / "other"))
    for each in (airflow, other):
        asyncio.run(_database(settings, runner).set_up(each, current_version=None))
        assert each.layout.sqlite.read_text() == "secret"
        assert each.layout.sqlite.stat().st_mode & 0o077 == 0
    assert len(runner.urls) == 1
    assert "templates" in runner.urls[0]


def test_a_database_that_is_up_to_date_is_left_alone(
    settings: LocalSettings, airflow: Airflow
) -> None:
    runner = FakeSetUp()
    version = asyncio.run(_database(settings, runner).set_up(airflow, current_version=None))
    airflow.layout.sqlite.write_text("history")
    asyncio.run(_database(settings, runner).set_up(airflow, current_version=version))
    assert airflow.layout.sqlite.read_text() == "history"
    assert len(runner.urls) == 1


@pytest.mark.parametrize("current", [None, "of another image"])
def test_a_database_of_another_version_is_migrated_where_it_is(
    settings: LocalSettings, airflow: Airflow, current: str | None
) -> None:
    airflow.layout.sqlite.write_text("history")
    runner = FakeSetUp()
    asyncio.run(_database(settings, runner).set_up(airflow, current_version=current))
    assert runner.urls == [airflow.database_url]


def test_another_password_is_set_in_an_old_database(
    settings: LocalSettings, airflow: Airflow
) -> None:
    runner = FakeSetUp()
    version = asyncio.run(_database(settings, runner).set_up(airflow, current_version=None))
    changed = _database(settings, runner, users_password="changed")
    asyncio.run(changed.set_up(airflow, current_version=version))
    assert airflow.layout.sqlite.read_text() == "changed"


def test_a_template_that_fails_leaves_nothing_behind(
    settings: LocalSettings, airflow: Airflow
) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)could not be set up.*no such table"):
        asyncio.run(
            _database(settings, FakeSetUp(fails=True)).set_up(airflow, current_version=None)
        )
    assert list((settings.home / "templates").iterdir()) == []
    assert not airflow.layout.sqlite.exists()


def test_on_a_server_the_environment_has_its_own_database_and_drops_it(
    settings: LocalSettings, airflow: Airflow
) -> None:
    runner = FakeSetUp()
    served = replace(airflow, settings=settings.model_copy(update={"database": SERVER}))
    database = _database(settings, runner)
    asyncio.run(database.set_up(served, current_version=None))
    asyncio.run(database.drop(served))
    url = "postgresql+psycopg2://lake:secret@127.0.0.1/airflow-lake-dev"
    assert runner.urls == [url, f"{url} drop"]


def test_a_dropped_sqlite_database_leaves_no_journal_and_may_be_gone_already(
    settings: LocalSettings, airflow: Airflow
) -> None:
    runner = FakeSetUp()
    database = _database(settings, runner)
    others = airflow.layout.airflow_home / "airflow.cfg"
    others.touch()
    for suffix in ("", "-wal", "-shm", "-journal", ".partial"):
        airflow.layout.sqlite.with_name(f"airflow.db{suffix}").write_text("history")
    for _ in range(2):
        asyncio.run(database.drop(airflow))
        assert list(airflow.layout.airflow_home.iterdir()) == [others]
    assert runner.urls == []


def test_a_database_whose_migration_was_not_kept_is_put_back(
    settings: LocalSettings, airflow: Airflow
) -> None:
    sqlite, runner = airflow.layout.sqlite, FakeSetUp()
    journal = sqlite.with_name(f"{sqlite.name}-wal")
    sqlite.write_text("history")
    journal.write_text("the last of it")
    database = _database(settings, runner)
    new = asyncio.run(database.set_up(airflow, current_version="old"))
    assert sqlite.read_text() == PASSWORD  # what the migration wrote
    journal.unlink()

    old_lock = image_lock("3.0.6")
    old = database.version(airflow.database_url, old_lock)
    assert old != new
    asyncio.run(database.set_up(airflow, current_version=old, image_lock=old_lock))
    assert (sqlite.read_text(), journal.read_text()) == ("history", "the last of it")


def test_a_migration_that_was_kept_stays(settings: LocalSettings, airflow: Airflow) -> None:
    airflow.layout.sqlite.write_text("history")
    database = _database(settings, FakeSetUp())
    version = asyncio.run(database.set_up(airflow, current_version="old"))
    database.keep(airflow)
    asyncio.run(database.set_up(airflow, current_version=version))
    assert airflow.layout.sqlite.read_text() == PASSWORD


def test_a_snapshot_that_was_half_removed_is_not_put_back(
    settings: LocalSettings, airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite = airflow.layout.sqlite
    sqlite.write_text("history")
    database = _database(settings, FakeSetUp())
    version = asyncio.run(database.set_up(airflow, current_version="old"))
    sqlite.write_text("history, migrated")
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", _remove_one_file_and_die)
        with pytest.raises(KeyboardInterrupt):
            database.keep(airflow)

    asyncio.run(database.set_up(airflow, current_version=version))
    assert sqlite.read_text() == "history, migrated"


def _remove_one_file_and_die(folder: Path, **_: object) -> None:
    for path in folder.glob("*"):
        path.unlink()
        raise KeyboardInterrupt
