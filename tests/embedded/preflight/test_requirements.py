"""`lake preflight`: requirements, resolved with uv against the package index."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.settings import REPOSITORY, LocalSettings
from infra.preflight.requirements import check_requirements
from infra.preflight.result import Outcome, Result

pytestmark = pytest.mark.embedded


def check(file: Path, *, home: Path, private: bool = False) -> dict[str, Result]:
    results = check_requirements(
        file,
        repository=REPOSITORY,
        airflow_version="3.3.1",
        private=private,
        local=LocalSettings(home=home),
    )
    return {result.check: result for result in results}


def test_the_requirements_of_the_bundle_pass(tmp_path: Path) -> None:
    found = check(REPOSITORY / "requirements" / "requirements.txt", home=tmp_path)

    assert {result.outcome for result in found.values()} == {Outcome.PASS}
    assert "packages beside the image" in found["requirements: resolution"].found
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_package_with_a_source_only_is_found_on_mwaas_platform(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# -c none\npsycopg2==2.9.10\n")

    public = check(file, home=tmp_path / "home")["requirements: wheels"]
    private = check(file, home=tmp_path / "home", private=True)["requirements: wheels"]

    assert public.found == "source only: psycopg2==2.9.10"
    assert (public.outcome, private.outcome) == (Outcome.WARN, Outcome.FAIL)


def test_a_requirement_that_cannot_be_had_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# -c none\niniconfig==99.0\n")

    result = check(file, home=tmp_path / "home")["requirements: resolution"]

    assert result.outcome is Outcome.FAIL
    assert f"{file}:2: iniconfig==99.0" in result.found
