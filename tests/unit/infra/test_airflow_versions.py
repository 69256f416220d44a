"""Between which versions of Airflow an environment changes in place."""

from __future__ import annotations

import pytest

from infra.airflow_versions import OFFERED, UnsupportedStep, check_step, is_downgrade, parts
from infra.settings import AirflowSettings


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ("3.3.1", "3.3.1"),
        ("3.0.6", "3.3.1"),
        ("3.2.1", "3.3.1"),
        ("3.3.1", "3.0.6"),
        ("2.10.3", "2.11.2"),
        ("2.11.0", "3.3.1"),
        ("2.11.2", "3.0.6"),
        ("3.0.6", "2.11.2"),
    ],
)
def test_a_step_that_mwaa_takes_passes(current: str, wanted: str) -> None:
    check_step(current, wanted)


@pytest.mark.parametrize(("current", "wanted"), [("2.10.3", "3.3.1"), ("3.3.1", "2.10.3")])
def test_a_major_version_is_crossed_at_2_11_only(current: str, wanted: str) -> None:
    with pytest.raises(UnsupportedStep, match=r"through 2\.11 only: first to 2\.11\.2"):
        check_step(current, wanted)


def test_a_version_that_mwaa_does_not_have_is_named_with_those_that_it_has() -> None:
    with pytest.raises(UnsupportedStep, match=r"does not offer 3\.1\.0: expected .*3\.3\.1"):
        check_step("3.0.6", "3.1.0")


def test_older_is_by_number_and_not_by_text() -> None:
    assert is_downgrade("2.10.3", "2.9.2")
    assert not is_downgrade("3.0.6", "3.3.1")
    assert list(OFFERED) == sorted(OFFERED, key=parts)


def test_every_version_of_the_settings_is_offered() -> None:
    versions = AirflowSettings.model_json_schema()["properties"]["version"]["enum"]
    assert set(versions) <= set(OFFERED)
