"""`lake requirements`, with uv, pip and the package index."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded


def lake(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env={**os.environ, "LAKE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def requirements(folder: Path, text: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text(text)
    return path


def test_what_was_packaged_installs_from_the_package_alone(tmp_path: Path, home: Path) -> None:
    file = requirements(tmp_path, "# -c none\npyarrow==25.0.0\nboto3\n")

    packaged = lake("requirements", "package", str(file), home=home)

    assert packaged.returncode == 0, packaged.stderr
    written = home / "package" / "requirements.txt"
    assert "--no-index" in written.read_text().splitlines()
    plugins = home / "package" / "plugins.zip"
    names = zipfile.ZipFile(plugins).namelist()
    wheels = [name for name in names if name.endswith(".whl")]
    assert len(wheels) == 1, "the image has boto3 and all that it needs"
    assert re.fullmatch(r"pyarrow-25\.0\.0-cp312-cp312-manylinux.*x86_64\.whl", wheels[0])
    assert {"constraints.txt", "lake_console.py"} <= set(names)
    made = plugins.read_bytes()
    assert lake("requirements", "package", str(file), home=home).returncode == 0
    assert plugins.read_bytes() == made, "the same has the same bytes"

    installed = lake(
        "requirements", "test", str(written), "--plugins", str(plugins), home=home
    )  # fmt: skip

    assert installed.returncode == 0, installed.stderr
    assert "pyarrow==25.0.0" in installed.stdout
    assert "Added 1 in" in installed.stdout
    assert sorted(path.name for path in home.iterdir()) == ["package", "wheelhouse"]


def test_a_package_without_a_wheel_is_named_with_its_line(tmp_path: Path, home: Path) -> None:
    file = requirements(tmp_path, "# -c none\npsycopg2==2.9.10\n")

    packaged = lake("requirements", "package", str(file), home=home)

    assert packaged.returncode == 1
    assert f"{file}:2: psycopg2==2.9.10" in packaged.stderr
    assert "wheel" in packaged.stderr
    assert not (home / "package").exists()


def test_a_version_that_does_not_exist_is_named_with_its_line(tmp_path: Path, home: Path) -> None:
    file = requirements(tmp_path, "# -c none\niniconfig==99.0\n")

    tested = lake("requirements", "test", str(file), home=home)

    assert tested.returncode == 1
    assert f"{file}:2: iniconfig==99.0" in tested.stderr


def test_a_constraints_file_that_plugins_zip_lacks_is_said(tmp_path: Path, home: Path) -> None:
    file = requirements(tmp_path, '-c "/usr/local/airflow/plugins/absent.txt"\niniconfig\n')

    tested = lake("requirements", "test", str(file), home=home)

    assert tested.returncode == 1
    assert "absent.txt" in tested.stderr
