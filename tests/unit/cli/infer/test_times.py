"""Dates and times have one reading, or a person chooses."""

from __future__ import annotations

import pytest

from infra.cli.infer.times import guess_times


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (["2024-01-02", "9999-12-31"], "date", ["YYYY-MM-DD"]),
        (["13/01/2024", "02/03/2024"], "date", ["DD/MM/YYYY"]),
        (["01/13/2024"], "date", ["MM/DD/YYYY"]),
        (["20240229", "99991231"], "date", ["YYYYMMDD"]),
        (["2024-01-02 03:04:05"], "timestamp", ["YYYY-MM-DD hh:mm:ss"]),
        (["2024-01-02T03:04:05.123Z"], "timestamp", ["YYYY-MM-DDThh:mm:ss.fffZ"]),
        (["20240102030405"], "timestamp", ["YYYYMMDDhhmmss"]),
        (
            ["13.01.2024 10:00", "01.01.2024 10:00:30"],
            "timestamp",
            ["DD.MM.YYYY hh:mm", "DD.MM.YYYY hh:mm:ss"],
        ),
    ],
)
def test_a_pattern_that_reads_every_value_is_found(
    values: list[str], kind: str, formats: list[str]
) -> None:
    found = guess_times(values)
    assert found
    assert (found.kind, sorted(found.formats)) == (kind, sorted(formats))


def test_days_up_to_the_twelfth_have_two_readings_and_none_is_chosen() -> None:
    found = guess_times(["01/02/2024", "12/11/2023"])
    assert found
    assert found.formats == ()
    assert dict(found.readings) == {
        "day first": ("DD/MM/YYYY",),
        "month first": ("MM/DD/YYYY",),
    }


@pytest.mark.parametrize(
    "values",
    [
        ["2024-02-30"],
        ["2024-01-02", "unknown"],
        ["2024-01-02", "2024-01-02 10:00:00"],
        ["12345678"],
        ["20241301"],
        ["2024-01-02 25:00:00"],
        ["1/2/2024", "01/02/2024"],
        [],
    ],
)
def test_what_does_not_read_every_value_is_none(values: list[str]) -> None:
    assert guess_times(values) is None
