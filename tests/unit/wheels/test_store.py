"""The store of wheels, with the real pip on an index of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import LocalSettings
from infra.rehearsal.requirements_file import RequirementsFile
from infra.wheels.lock import Pin, read_lock
from infra.wheels.store import WheelStore, own_wheels
from tests.package_index import PackageIndex, locked, make_wheel

PIP = LocalSettings().uv.with_name("python")
NONE = Path("/nowhere/python")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    return PackageIndex.used_by_pip(tmp_path / "index", monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> WheelStore:
    return WheelStore(folder=tmp_path / "wheels", python=PIP)


def pins(*files: Path) -> list[Pin]:
    return read_lock(RequirementsFile(path=Path("lock.txt"), text=locked(*files)))


def kept(store: WheelStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_what_was_fetched_is_kept_and_needs_no_index(
    store: WheelStore, index: PackageIndex
) -> None:
    one = index.wheel("one", "1.0")
    two = index.wheel("two", "2.0", tag="cp312-cp312-manylinux_2_28_x86_64")
    index.wheel("two", "2.0", tag="cp312-cp312-macosx_11_0_arm64")

    fetched = store.wheels(pins(one, two))

    assert [wheel.name for wheel in fetched] == [one.name, two.name]
    assert kept(store) == [one.name, two.name]
    without_pip = WheelStore(folder=store.folder, python=NONE)
    assert without_pip.wheels(pins(one, two)) == fetched


def test_only_what_is_missing_is_fetched(store: WheelStore, index: PackageIndex) -> None:
    one, two = index.wheel("one", "1.0"), index.wheel("two", "2.0")
    locks = pins(one, two)
    store.wheels(locks[:1])
    one.unlink()

    assert len(store.wheels(locks)) == 2


def test_another_content_at_the_index_is_refused_and_not_kept(
    store: WheelStore, index: PackageIndex
) -> None:
    locks = pins(index.wheel("one", "1.0"))
    index.wheel("one", "1.0", "evil")

    with pytest.raises(ConfigurationError, match=r"one==1\.0.*another content than the lock"):
        store.wheels(locks)
    assert kept(store) == []


def test_a_kept_wheel_that_was_changed_is_fetched_again(
    store: WheelStore, index: PackageIndex
) -> None:
    one = index.wheel("one", "1.0")
    (wheel,) = store.wheels(pins(one))
    wheel.write_bytes(b"changed")

    assert store.wheels(pins(one)) == [wheel]
    assert wheel.read_bytes() == one.read_bytes()


@pytest.mark.parametrize("tag", [None, "cp312-cp312-macosx_11_0_arm64"])
def test_a_package_without_a_wheel_for_mwaa_is_refused_with_its_name_and_the_way_out(
    store: WheelStore, index: PackageIndex, tag: str | None
) -> None:
    only = index.wheel("one", "1.0", tag=tag) if tag else index.source("one", "1.0")

    with pytest.raises(ConfigurationError) as refused:
        store.wheels(pins(index.wheel("fine", "1.0"), only))

    assert "one==1.0: there is no wheel for manylinux x86-64 and CPython 3.12" in str(refused.value)
    assert "fine" not in str(refused.value)
    assert "build it into plugins/" in str(refused.value)


def test_without_an_index_the_command_is_named_that_fetches(
    store: WheelStore, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = pins(index.wheel("one", "1.0"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "*")

    with pytest.raises(
        ConfigurationError, match=r"no wheel of one==1\.0.*lake requirements package"
    ):
        store.wheels(locks)


def test_a_wheel_of_the_checkout_is_taken_as_the_lock_has_it(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    wheel = make_wheel(plugins, "one", "1.0")
    make_wheel(plugins, "mac", "1.0", tag="cp312-cp312-macosx_11_0_arm64")
    locks, own = pins(wheel), list(own_wheels(plugins))
    store = WheelStore(folder=tmp_path / "wheels", python=NONE)

    assert own == [wheel]
    assert store.wheels(locks, own=own) == [wheel]

    wheel.write_bytes(b"changed")
    with pytest.raises(ConfigurationError, match=r"not what the lock has for one==1\.0"):
        store.wheels(locks, own=own)


def test_without_pip_the_setup_is_named(tmp_path: Path) -> None:
    store = WheelStore(folder=tmp_path / "wheels", python=NONE)

    with pytest.raises(ConfigurationError, match="run `make setup`"):
        store.wheels(pins(make_wheel(tmp_path, "one", "1.0")))
