"""The requirements of an environment without a way to the Internet."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.environments import DEV
from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import REPOSITORY
from infra.rehearsal.requirements_file import RequirementsFile
from infra.wheels.offline import locked_requirements, requirements_for, without_index
from infra.wheels.store import WheelStore
from tests.package_index import locked, make_wheel
from tests.unit.infra.checkout import make_checkout

CONSTRAINT = '--constraint "/usr/local/airflow/plugins/constraints.txt"\n'


def test_the_requirements_come_from_the_plugins_folder_alone() -> None:
    text = (
        "-c https://example.org/constraints-3.12.txt\n"
        "--extra-index-url=https://example.org/simple\n"
        "pandas==3.0.5  # frames\n"
        "--no-binary nothing\n"
        "/usr/local/airflow/plugins/own-1.0-py3-none-any.whl\n"
    )

    assert without_index(RequirementsFile(path=Path("requirements.txt"), text=text)) == (
        "--find-links /usr/local/airflow/plugins\n"
        "--no-index\n"
        '--constraint "/usr/local/airflow/plugins/constraints.txt"\n'
        "pandas==3.0.5\n"
        "--no-binary nothing\n"
        "/usr/local/airflow/plugins/own-1.0-py3-none-any.whl\n"
    )


def test_a_package_is_packaged_again_unchanged() -> None:
    once = without_index(RequirementsFile(path=Path("requirements.txt"), text="pandas==3.0.5\n"))

    assert without_index(RequirementsFile(path=Path("requirements.txt"), text=once)) == once


@pytest.fixture
def store(tmp_path: Path) -> WheelStore:
    """A store with a wheel in it, and no pip."""
    make_wheel(tmp_path / "wheels", "one", "1.0", "boto3")
    return WheelStore(folder=tmp_path / "wheels", python=Path("/nowhere/python"))


def checkout(tmp_path: Path, store: WheelStore, requirements: str) -> Path:
    """A checkout with these requirements, and a lock of what is in the store."""
    lock = locked(*store.folder.iterdir())
    files = {"requirements/requirements.txt": requirements}
    files["requirements/locks/mwaa-requirements.txt"] = lock
    return make_checkout(tmp_path / "checkout", **files)


def test_the_wheels_are_those_of_the_lock(tmp_path: Path, store: WheelStore) -> None:
    offline = locked_requirements(checkout(tmp_path, store, f"{CONSTRAINT}one\n"), store=store)

    assert [wheel.name for wheel in offline.wheels] == ["one-1.0-py3-none-any.whl"]
    assert offline.text.splitlines()[1:] == ["--no-index", CONSTRAINT.strip(), "one"]


def test_a_requirement_that_the_lock_lacks_is_named_with_its_line(
    tmp_path: Path, store: WheelStore
) -> None:
    root = checkout(tmp_path, store, f"{CONSTRAINT}one==1.0\ntwo==2.0\n")

    with pytest.raises(ConfigurationError, match=r"requirements\.txt:3: two==2\.0\n.*the locks"):
        locked_requirements(root, store=store)


def test_a_wheel_of_the_checkout_needs_no_lock(tmp_path: Path, store: WheelStore) -> None:
    root = checkout(tmp_path, store, "one==1.0\ntwo==2.0\n")
    make_wheel(root / "plugins", "two", "2.0", "one")

    offline = locked_requirements(root, store=store)

    assert [wheel.name for wheel in offline.wheels] == ["one-1.0-py3-none-any.whl"]


def test_what_would_change_the_image_is_refused(tmp_path: Path, store: WheelStore) -> None:
    with pytest.raises(ConfigurationError, match="MWAA's image has flask"):
        locked_requirements(checkout(tmp_path, store, "flask==2.0\n"), store=store)


def test_an_environment_with_an_index_needs_no_wheels(tmp_path: Path) -> None:
    assert requirements_for(DEV.network, tmp_path) is None


def test_the_lock_of_the_checkout_is_of_its_requirements() -> None:
    """Each is there by its version; what they need, a deploy looks up in the wheels."""
    requirements = RequirementsFile.read(REPOSITORY / "requirements" / "requirements.txt")
    lock = (REPOSITORY / "requirements" / "locks" / "mwaa-requirements.txt").read_text()
    for _, requirement in requirements.requirements():
        assert f"{requirement} \\\n" in lock
