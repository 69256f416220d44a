"""The bundle as a folder that containers mount."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from infra.compose.bundle import write_bundle
from infra.rehearsal.package import Package
from tests.unit.infra.checkout import make_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "checkout")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folders_are_those_of_mwaa(checkout: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", repository=checkout)

    assert files(tmp_path / "bundle") == {
        "dags/datasets/market/quotes.yaml",
        "dags/lake/__init__.py",
        "dags/market_quotes.py",
        "plugins/constraints.txt",
        "plugins/links.py",
        "requirements/requirements.txt",
        "startup/startup.sh",
    }


def written(path: Path) -> tuple[int, int]:
    """Which file it is, and when it was written."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_again_only_what_changed_is_written_into_the_same_folders(
    checkout: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    write_bundle(bundle, repository=checkout)
    inode, same = (bundle / "dags").stat().st_ino, written(bundle / "dags/lake/__init__.py")
    (checkout / "dags/datasets/market/quotes.yaml").rename(
        checkout / "dags/datasets/market/trades.yaml"
    )
    (checkout / "requirements/startup.sh").write_text("export A=2\n")

    write_bundle(bundle, repository=checkout)

    assert (bundle / "dags").stat().st_ino == inode
    assert written(bundle / "dags/lake/__init__.py") == same
    assert "dags/market_trades.py" in files(bundle)
    assert "dags/market_quotes.py" not in files(bundle)
    assert (bundle / "startup/startup.sh").read_text() == "export A=2\n"


def test_the_user_of_the_containers_can_read_it(checkout: Path, tmp_path: Path) -> None:
    (checkout / "dags/datasets/market/quotes.yaml").chmod(0o600)
    write_bundle(tmp_path / "bundle", repository=checkout)
    for path in (tmp_path / "bundle").rglob("*"):
        assert path.stat().st_mode & 0o004, path


def test_a_package_takes_the_place_of_plugins_and_requirements(
    checkout: Path, tmp_path: Path
) -> None:
    package = Package(
        plugins_zip=tmp_path / "plugins.zip", requirements=tmp_path / "requirements.txt"
    )
    package.requirements.write_text("--no-index\n")
    with zipfile.ZipFile(package.plugins_zip, "w") as archive:
        archive.writestr("pandas.whl", "wheel")

    write_bundle(tmp_path / "bundle", repository=checkout, package=package)

    assert files(tmp_path / "bundle" / "plugins") == {"pandas.whl"}
    assert (tmp_path / "bundle/requirements/requirements.txt").read_text() == "--no-index\n"
