from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from infra import bundle as bundle_module
from infra.bundle import Bundle, BundleRefused, build_bundle
from infra.wheels.offline import OfflineRequirements
from tests.package_index import make_wheel
from tests.unit.infra.checkout import make_checkout

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout."""
    more = {"dags/.airflowignore": "/lake/\n", "plugins/deep/icon.svg": "<svg/>"}
    return make_checkout(tmp_path / "checkout", **more)


def contents(bundle: Bundle) -> dict[str, bytes]:
    """The bytes of every file of the bundle, by its path in it."""
    root = bundle.plugins.parent
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_same_content_has_the_same_bytes_in_any_folder_and_at_any_time(
    checkout: Path, tmp_path: Path
) -> None:
    first = contents(build_bundle(repository=checkout, destination=tmp_path / "first"))
    elsewhere = tmp_path / "elsewhere" / "copy"
    # Copied in another order, with other times and modes.
    for path in sorted(checkout.rglob("*"), reverse=True):
        if path.is_file():
            copy = elsewhere / path.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o700)
            os.utime(copy, (2_000_000_000, 2_000_000_000))
    assert contents(build_bundle(repository=elsewhere, destination=tmp_path / "second")) == first


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ("dags/lake/__init__.py", "dags/lake/__init__.py"),
        ("plugins/links.py", "plugins.zip"),
        ("requirements/constraints.txt", "plugins.zip"),
        ("requirements/requirements.txt", "requirements.txt"),
        ("requirements/startup.sh", "startup.sh"),
    ],
)
def test_changed_content_changes_its_part_alone(
    checkout: Path, tmp_path: Path, changed: str, part: str
) -> None:
    before = contents(build_bundle(repository=checkout, destination=tmp_path / "bundle"))
    with (checkout / changed).open("a") as file:
        file.write("# more\n")
    after = contents(build_bundle(repository=checkout, destination=tmp_path / "bundle"))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {part}


def test_a_renamed_plugin_changes_the_archive(checkout: Path, tmp_path: Path) -> None:
    before = contents(build_bundle(repository=checkout, destination=tmp_path / "bundle"))
    (checkout / "plugins" / "links.py").rename(checkout / "plugins" / "other.py")
    after = contents(build_bundle(repository=checkout, destination=tmp_path / "bundle"))
    assert before["plugins.zip"] != after["plugins.zip"]


def test_what_was_deleted_leaves_the_bundle(checkout: Path, tmp_path: Path) -> None:
    build_bundle(repository=checkout, destination=tmp_path / "bundle")
    (checkout / "dags" / "datasets" / "market" / "quotes.yaml").unlink()
    bundle = build_bundle(repository=checkout, destination=tmp_path / "bundle")
    assert not list(bundle.dags.rglob("*quotes*"))


def test_caches_and_hidden_files_stay_out_and_airflowignore_goes_along(
    checkout: Path, tmp_path: Path
) -> None:
    clean = contents(build_bundle(repository=checkout, destination=tmp_path / "clean"))
    for folder in ("dags", "plugins"):
        for name in (
            "__pycache__/links.cpython-312.pyc",
            "stray.pyc",
            ".DS_Store",
            ".ipynb_checkpoints/quotes.py",
        ):
            path = checkout / folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"cache")
    assert contents(build_bundle(repository=checkout, destination=tmp_path / "dirty")) == clean
    assert "dags/.airflowignore" in clean


def test_the_archive_holds_the_plugins_and_the_constraints_at_its_root(
    checkout: Path, tmp_path: Path
) -> None:
    bundle = build_bundle(repository=checkout, destination=tmp_path / "bundle")
    with zipfile.ZipFile(bundle.plugins) as archive:
        assert archive.namelist() == ["constraints.txt", "deep/icon.svg", "links.py"]
        assert archive.read("constraints.txt") == b"pandas==3.0.5\n"
        assert archive.testzip() is None


@pytest.fixture
def offline(tmp_path: Path) -> OfflineRequirements:
    wheels = [make_wheel(tmp_path / "wheels", name, "1.0", text="x" * 1000) for name in "ab"]
    return OfflineRequirements(text="--no-index\na\n", wheels=tuple(wheels))


def test_without_internet_the_archive_holds_the_wheels_as_they_are(
    checkout: Path, tmp_path: Path, offline: OfflineRequirements
) -> None:
    bundle = build_bundle(repository=checkout, destination=tmp_path / "one", offline=offline)
    with zipfile.ZipFile(bundle.plugins) as archive:
        assert {"constraints.txt", "links.py", *(each.name for each in offline.wheels)} <= set(
            archive.namelist()
        )
        for wheel in offline.wheels:
            assert archive.read(wheel.name) == wheel.read_bytes()
            assert archive.getinfo(wheel.name).compress_type == zipfile.ZIP_STORED
    assert bundle.requirements.read_text() == "--no-index\na\n"


def test_without_internet_the_same_content_has_the_same_bytes_too(
    checkout: Path, tmp_path: Path, offline: OfflineRequirements
) -> None:
    one = contents(build_bundle(repository=checkout, destination=tmp_path / "1", offline=offline))
    for wheel in offline.wheels:
        os.utime(wheel, (2_000_000_000, 2_000_000_000))
        wheel.chmod(0o700)
    other_order = OfflineRequirements(text=offline.text, wheels=offline.wheels[::-1])
    two = build_bundle(repository=checkout, destination=tmp_path / "2", offline=other_order)
    assert contents(two) == one
    public = contents(build_bundle(repository=checkout, destination=tmp_path / "3"))
    assert {name for name in one if one[name] != public[name]} == {
        "plugins.zip",
        "requirements.txt",
    }


def test_a_plugins_zip_that_mwaa_does_not_take_is_refused_with_its_largest_files(
    checkout: Path,
    tmp_path: Path,
    offline: OfflineRequirements,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle_module, "ADVISED_BYTES", 2000)
    with pytest.raises(BundleRefused, match=r"advises less than.*a-1\.0-py3-none-any\.whl"):
        build_bundle(repository=checkout, destination=tmp_path / "bundle", offline=offline)


@pytest.mark.parametrize("missing", ["dags", "plugins", "requirements"])
def test_a_missing_folder_is_an_error_that_names_it(
    checkout: Path, tmp_path: Path, missing: str
) -> None:
    shutil.rmtree(checkout / missing)
    with pytest.raises(FileNotFoundError, match=missing):
        build_bundle(repository=checkout, destination=tmp_path / "bundle")


def test_the_requirements_find_the_constraints_where_mwaa_unpacks_the_plugins(
    tmp_path: Path,
) -> None:
    """The web server has plugins and no DAG folder, so the constraints travel with the plugins."""
    bundle = build_bundle(repository=REPOSITORY, destination=tmp_path / "bundle")
    first, *_ = bundle.requirements.read_text().splitlines()
    assert first == '--constraint "/usr/local/airflow/plugins/constraints.txt"'
    with zipfile.ZipFile(bundle.plugins) as archive:
        assert "constraints.txt" in archive.namelist()


def test_airflow_executes_dag_files_and_no_file_of_the_lakes_own_package(tmp_path: Path) -> None:
    from airflow.utils.file import list_py_file_paths

    bundle = build_bundle(repository=REPOSITORY, destination=tmp_path / "bundle")
    found = [Path(path).relative_to(bundle.dags) for path in list_py_file_paths(bundle.dags)]
    assert found
    assert not [path for path in found if path.parts[0] == "lake"]
