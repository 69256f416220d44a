"""Virtual environments: their paths, keys and the commands that build them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.local.mwaa import virtualenv
from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import VirtualEnvironments, map_paths
from infra.local.settings import LocalSettings


@dataclass(frozen=True, kw_only=True)
class FakeUv(Runner):
    """Stands for uv: makes a small environment, and fails where a test wants it."""

    marker: str = "/test:"
    fails: str = ""
    calls: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)

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
        arguments = list(argv[1:])
        self.calls.append((arguments, dict(environment)))
        if arguments[0] == "venv":
            site = Path(arguments[-1]) / "lib"
            site.mkdir(parents=True, exist_ok=True)
            (site / "airflow.py").write_text("image")
        if self.fails and self.fails in " ".join(arguments):
            raise CommandError("it ended with exit code 1", "No solution found: boto3==1.0.0")
        return ""

    def ran(self, command: str) -> int:
        return sum(" ".join(arguments).startswith(command) for arguments, _ in self.calls)


@pytest.mark.parametrize(
    ("line", "mapped"),
    [
        (
            '--constraint "/usr/local/airflow/plugins/constraints.txt"',
            '--constraint "/p/constraints.txt"',
        ),
        ("-c /usr/local/airflow/dags/constraints.txt", "-c /d/constraints.txt"),
        ("--find-links /usr/local/airflow/plugins", "--find-links /p"),
        ("--find-links /usr/local/airflow/plugins\n--no-index", "--find-links /p\n--no-index"),
        ("/usr/local/airflow/plugins/my-1.0-py3-none-any.whl", "/p/my-1.0-py3-none-any.whl"),
        ("/usr/local/airflow/pluginsX/a.whl", "/usr/local/airflow/pluginsX/a.whl"),
        ("pandas==3.0.5", "pandas==3.0.5"),
    ],
)
def test_paths_of_mwaa_become_paths_of_the_environment(line: str, mapped: str) -> None:
    assert map_paths(line, plugins=Path("/p"), dags=Path("/d")) == mapped


def test_the_key_changes_with_the_requirements(settings: LocalSettings) -> None:
    environments = VirtualEnvironments(settings, FakeUv())
    assert environments.key("a==1", b"zip") == environments.key("a==1", b"other zip")
    assert environments.key("a==1", b"") != environments.key("a==2", b"")


def test_the_key_changes_with_the_plugins_that_the_requirements_refer_to(
    settings: LocalSettings,
) -> None:
    environments = VirtualEnvironments(settings, FakeUv())
    requirements = "-c /usr/local/airflow/plugins/constraints.txt"
    assert environments.key(requirements, b"one") != environments.key(requirements, b"two")


def test_the_key_is_another_one_without_internet(settings: LocalSettings) -> None:
    """What stands may have come from an index, which MWAA would not reach there."""
    environments = VirtualEnvironments(settings, FakeUv())
    assert environments.key("a==1", b"") != environments.key("a==1", b"", internet=False)


def test_without_internet_uv_has_no_index_and_no_connection(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.of.the.person")
    uv = FakeUv()
    make = VirtualEnvironments(settings, uv).make(
        "key", tmp_path / "r.txt", variables={"UV_OFFLINE": "0"}, internet=False
    )
    asyncio.run(make)
    (image, of_image), (requirements, of_requirements) = uv.calls[1:]
    assert "--no-index" not in image
    assert of_image["HTTPS_PROXY"] == "http://proxy.of.the.person"
    assert "--no-index" in requirements
    assert of_requirements["UV_OFFLINE"] == "1"
    assert of_requirements["HTTPS_PROXY"] == of_requirements["https_proxy"] == virtualenv.NOWHERE


def test_without_internet_a_failure_says_where_requirements_come_from(
    settings: LocalSettings, tmp_path: Path
) -> None:
    environments = VirtualEnvironments(settings, FakeUv(fails="pip install"))
    make = environments.make("key", tmp_path / "r.txt", variables={}, internet=False)
    with pytest.raises(ConfigurationError, match=r"boto3==1\.0\.0\n.*routing='private'"):
        asyncio.run(make)


def test_what_stands_is_used_again(settings: LocalSettings, tmp_path: Path) -> None:
    uv = FakeUv()

    async def run() -> None:
        for _ in range(2):
            environments = VirtualEnvironments(settings, uv)
            await environments.make("key", tmp_path / "r.txt", variables={})

    asyncio.run(run())
    assert uv.ran("venv") == 1
    assert uv.ran("pip sync") == 1
    assert uv.ran("pip install") == 1


def test_an_environment_that_was_left_half_made_is_made_anew(
    settings: LocalSettings, tmp_path: Path
) -> None:
    environments = VirtualEnvironments(settings, FakeUv())
    half = environments.path("key")
    half.mkdir(parents=True)
    (half / "rubbish").touch()
    asyncio.run(environments.make("key", tmp_path / "r.txt", variables={}))
    assert not (half / "rubbish").exists()
    assert (half / "lib" / "airflow.py").read_text() == "image"


def test_the_images_packages_are_installed_by_hash_and_the_rest_under_their_pins(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "https://mirror")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "person")
    uv = FakeUv()
    environments = VirtualEnvironments(settings, uv)
    asyncio.run(environments.make("key", tmp_path / "r.txt", variables={"TOKEN": "t"}))
    _, sync, install = (" ".join(arguments) for arguments, _ in uv.calls)
    assert "--require-hashes" in sync
    assert sync.endswith(str(IMAGE_LOCK))
    assert f"--constraints {IMAGE_LOCK}" in install
    environment = uv.calls[-1][1]
    assert environment["TOKEN"] == "t"
    assert environment["UV_INDEX_URL"] == "https://mirror"
    assert "AWS_SECRET_ACCESS_KEY" not in environment


def test_a_contradiction_fails_with_uvs_text_and_is_not_taken_for_complete(
    settings: LocalSettings, tmp_path: Path
) -> None:
    environments = VirtualEnvironments(settings, FakeUv(fails="pip install"))
    with pytest.raises(ConfigurationError, match=r"No solution found: boto3==1\.0\.0"):
        asyncio.run(environments.make("key", tmp_path / "r.txt", variables={}))
    uv = FakeUv()
    asyncio.run(VirtualEnvironments(settings, uv).make("key", tmp_path / "r.txt", variables={}))
    assert uv.ran("pip install") == 1


def test_requirements_that_are_not_the_locked_ones_are_installed_unlocked(
    settings: LocalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "mwaa-requirements.txt"
    lock.write_text("awswrangler==3.17.1")
    monkeypatch.setattr(virtualenv, "REQUIREMENTS_LOCK", lock)
    uv = FakeUv(fails=str(lock))
    environments = VirtualEnvironments(settings, uv)
    asyncio.run(environments.make("key", tmp_path / "r.txt", variables={}))
    assert uv.ran("pip install") == 2
    assert str(lock) not in " ".join(uv.calls[-1][0])
