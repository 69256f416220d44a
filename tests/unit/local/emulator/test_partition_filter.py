"""The filter of GetPartitions."""

from __future__ import annotations

import pytest

from infra.local.emulator.partition_filter import matching

KEYS = {"year": "int", "dt": "date", "code": "string"}
PARTITIONS = [
    ("9", "2021-06-01", "a_b"),
    ("10", "2021-06-02", "A%B"),
    ("2021", "2021-07-01", "c"),
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year > 9", [1, 2]),  # as numbers
        ("year = '10'", [1]),
        ("year IN (9, 2021) AND NOT code = 'c'", [0]),
        ("dt BETWEEN '2021-06-02' AND '2021-06-30' or year = 9", [0, 1]),
        ("dt >= '2021-07'", [2]),
        ("code LIKE 'a%'", [0]),
        ("code <> 'c'", [0, 1]),
        ("code IS NULL", []),
        ("CODE = 'c'", [2]),
    ],
)
def test_a_condition_on_the_keys(condition: str, expected: list[int]) -> None:
    assert matching(KEYS, PARTITIONS, condition) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "nothing = 1",
        "year =",
        "1) ; DROP TABLE partitions; --",
        "year = 1; SELECT 1",
        "year = (SELECT count(*) FROM sqlite_master)",
        "EXISTS (SELECT load_extension('x'))",
    ],
)
def test_what_is_no_condition_on_the_keys_is_refused(condition: str) -> None:
    with pytest.raises(ValueError, match="Unsupported expression"):
        matching(KEYS, PARTITIONS, condition)
