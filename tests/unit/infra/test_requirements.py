"""The files of requirements/ agree with each other."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"
LOCKS = REQUIREMENTS / "locks"
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)", re.MULTILINE)
SOURCE_ONLY = {"psycopg2"}
"""In the image, and without a wheel: psycopg2-binary is the same module."""


def pins(path: Path) -> dict[str, str]:
    """The version of each package that a file pins."""
    found = PIN.findall(path.read_text())
    assert found
    assert len(found) == len(dict(found)), f"{path.name} pins a package twice"
    return dict(found)


IMAGE = pins(LOCKS / "mwaa-image.txt")
ADDED = pins(LOCKS / "mwaa-requirements.txt")
CONSTRAINTS = pins(REQUIREMENTS / "constraints.txt")
REQUIRED = pins(REQUIREMENTS / "requirements.txt")


def test_constraints_are_the_image_and_what_the_requirements_add() -> None:
    without_source_only = {k: v for k, v in CONSTRAINTS.items() if k not in SOURCE_ONLY}
    assert without_source_only == IMAGE | ADDED
    assert set(CONSTRAINTS) >= SOURCE_ONLY


def test_the_requirements_add_to_the_image_and_change_nothing_in_it() -> None:
    assert not set(IMAGE) & set(ADDED)
    assert REQUIRED.items() <= ADDED.items()


def test_the_image_is_that_of_the_airflow_that_the_environments_run() -> None:
    assert IMAGE["apache-airflow"] == "3.3.1"
    assert IMAGE["apache-airflow-providers-amazon"] == "9.34.0"


def test_the_image_has_no_data_frames() -> None:
    """So that a requirement that is missing is missing on the laptop as on MWAA."""
    assert not {"pandas", "numpy", "pyarrow", "awswrangler"} & set(IMAGE)


def test_constraints_carry_versions_and_no_hashes() -> None:
    """pip refuses hashes in a constraints file whose requirements have none."""
    lines = (REQUIREMENTS / "constraints.txt").read_text().splitlines()
    assert all(PIN.fullmatch(line) for line in lines)
    assert lines == sorted(lines)


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_locked_package_has_a_hash_and_no_lock_names_an_index(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "index" not in text.split()
    entries = text.replace("\\\n", " ").splitlines()
    for entry in entries:
        if not entry.startswith("#"):
            assert PIN.match(entry), entry
            assert "--hash=sha256:" in entry, entry


def test_no_requirement_names_an_index_or_a_host() -> None:
    for name in ("requirements.txt", "constraints.txt"):
        assert "://" not in (REQUIREMENTS / name).read_text()


@pytest.mark.parametrize("times", [1, 2])
def test_the_startup_script_exports_the_retries_however_often_it_runs(times: int) -> None:
    run = f". {shlex.quote(str(REQUIREMENTS / 'startup.sh'))};" * times
    shown = subprocess.run(
        ["sh", "-euc", f"{run} env"],
        env={"PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert {"AWS_RETRY_MODE=standard", "AWS_MAX_ATTEMPTS=10"} <= set(shown)
