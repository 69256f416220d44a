"""The values of projected partition keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.local.athena.catalog import Column, Storage, Table
from infra.local.athena.errors import QueryError
from infra.local.athena.projection import key_values, projected

NOW = datetime(2021, 3, 31, 12, 30, 45, 678, tzinfo=UTC)


def _table(**properties: str) -> Table:
    return Table(
        database="lake",
        name="t",
        columns=(),
        partition_keys=(Column("k", "string"),),
        storage=Storage("s3://data/t/", "serde"),
        parameters={name.replace("__", "."): value for name, value in properties.items()},
        kind="EXTERNAL_TABLE",
    )


def _values(properties: dict[str, str], equals: frozenset[str] | None = None) -> list[str]:
    table = _table(**{f"projection__k__{name}": value for name, value in properties.items()})
    return list(key_values(table, table.partition_keys[0], equals=equals, now=NOW))


@pytest.mark.parametrize(
    ("properties", "values"),
    [
        ({"type": "enum", "values": "a, b,c"}, ["a", "b", "c"]),
        ({"type": "integer", "range": "-1,1"}, ["-1", "0", "1"]),
        (
            {"type": "integer", "range": "1,9", "interval": "4", "digits": "2"},
            ["01", "05", "09"],
        ),
        (
            {"type": "date", "format": "yyyy-MM-dd", "range": "2021-02-27,2021-03-01"},
            ["2021-02-27", "2021-02-28", "2021-03-01"],
        ),
        (
            {"type": "date", "format": "yyyy/MM", "range": "2021/01,NOW"},
            ["2021/01", "2021/02", "2021/03"],
        ),
        (
            {"type": "date", "format": "yyyyMMdd", "range": "NOW-2DAYS,NOW"},
            ["20210329", "20210330", "20210331"],
        ),
        (
            {
                "type": "date",
                "format": "yyyy-MM-dd",
                "range": "NOW-1MONTHS,NOW",
                "interval": "1",
                "interval__unit": "MONTHS",
            },
            ["2021-02-28", "2021-03-28"],
        ),
        (
            {
                "type": "date",
                "format": "yyyy-MM-dd'T'HH",
                "range": "2021-03-31T22,2021-04-01T01",
                "interval": "3",
                "interval__unit": "HOURS",
            },
            ["2021-03-31T22", "2021-04-01T01"],
        ),
    ],
)
def test_values_are_those_of_the_range(properties: dict[str, str], values: list[str]) -> None:
    assert _values(properties) == values


def test_an_injected_key_has_the_values_of_the_query() -> None:
    assert _values({"type": "injected"}, frozenset({"b", "a"})) == ["a", "b"]


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({}, "projection.k.type is missing"),
        ({"type": "wat"}, "projection.k.type is 'wat'"),
        ({"type": "integer", "range": "1"}, "projection.k.range is '1': expected first,last"),
        ({"type": "integer", "range": "a,b"}, "projection.k.range has no integers"),
        (
            {"type": "integer", "range": "1,2", "interval": "0"},
            "projection.k.interval is no number",
        ),
        ({"type": "date", "range": "a,b", "format": "yyyy"}, "projection.k.range"),
        ({"type": "date", "range": "NOW,NOW", "format": "QQ"}, "projection.k.format has 'QQ'"),
        (
            {"type": "date", "range": "NOW,NOW", "format": "yyyy-MM-dd'T'HH"},
            "projection.k.interval.unit is missing",
        ),
        ({"type": "injected"}, "CONSTRAINT_VIOLATION"),
    ],
)
def test_wrong_properties_are_named(properties: dict[str, str], error: str) -> None:
    with pytest.raises(QueryError, match=error):
        _values(properties)


def test_a_location_follows_the_template_or_the_keys() -> None:
    (partition,) = projected(_table(), [["x"]])
    assert partition.storage.location == "s3://data/t/k=x/"
    template = _table(storage__location__template="s3://other/${k}/data")
    (partition,) = projected(template, [["x"]])
    assert partition.storage.location == "s3://other/x/data/"
