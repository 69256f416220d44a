from __future__ import annotations

from pathlib import Path

import pytest
from lake.dataset import DataSet, DataSetError, load_data_set

TEXT = """
description: Trades of a day
owner: tests
schedule: null
layout: {{format: fixed_width, record_length: 12}}
columns:
  - {{name: day, type: date, position: 1, width: 8, description: Day}}
  - {{name: market, type: string, position: 9, width: 2, description: Market}}
  - {{name: units, type: int, position: 11, width: 2, description: Units}}
partitions: {partitions}
target: {{format: {format}, projection: {projection}}}
"""


def load(
    folder: Path, projection: str, *, partitions: str = "[day]", format: str = "parquet"
) -> DataSet:
    path = folder / "datasets" / "market" / "trades.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(projection=projection, partitions=partitions, format=format))
    return load_data_set(path)


def test_dates_have_a_range_and_strings_have_values(tmp_path: Path) -> None:
    text = '{day: {range: ["2020-01-01", NOW]}, market: {values: [A, B]}}'
    projection = load(tmp_path, text, partitions="[day, market]").target.projection
    assert projection["day"].range == ("2020-01-01", "NOW")
    assert projection["market"].values == ("A", "B")


def test_ints_have_a_range(tmp_path: Path) -> None:
    made = load(tmp_path, '{units: {range: ["1", "99"]}}', partitions="[units]")
    assert made.target.projection["units"].range == ("1", "99")


@pytest.mark.parametrize(
    ("text", "partitions", "complaint"),
    [
        (
            "{day: {values: [A]}}",
            "[day]",
            r"projection.day: does not say which values the type date has",
        ),
        (
            "{day: {}}",
            "[day]",
            r"does not say which values the type date has.*range: \[2020-01-01, NOW\]",
        ),
        ('{market: {range: ["A", "B"]}}', "[market]", r"which values the type string has"),
        ('{market: {values: ["a/b"]}}', "[market]", r"market.values\[0\].*should match pattern"),
        ('{day: {range: ["2020", NOW]}}', "[day]", r"\['2020', 'NOW'\] does not fit the type date"),
        ('{units: {range: ["1", NOW]}}', "[units]", r"\['1', 'NOW'\] does not fit the type int"),
        ('{day: {range: ["2020-01-01", NOW]}}', "[day, market]", "needs every column of .*market"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, text: str, partitions: str, complaint: str
) -> None:
    with pytest.raises(DataSetError, match=complaint):
        load(tmp_path, text, partitions=partitions)


def test_iceberg_needs_no_projection(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="Iceberg finds its partitions in its own metadata"):
        load(tmp_path, '{day: {range: ["2020-01-01", NOW]}}', format="iceberg")
