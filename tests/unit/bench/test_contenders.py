"""Every contender converts the same rows; what becomes of bad records differs."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from lake.convert.conversion import REJECTS_FILE
from lake.dataset import DataSet

from infra.bench.contenders import CONTENDERS, LAKE, Contender
from infra.bench.outcome import Outcome, inspect
from infra.bench.sample import Sample

DUCKDB, PANDAS = CONTENDERS[1:]


@pytest.fixture(scope="module")
def folders(
    quotes: DataSet, sample: Sample, tmp_path_factory: pytest.TempPathFactory
) -> dict[Contender, Path]:
    """What each made of the sample."""
    folders = {each: tmp_path_factory.mktemp(each.module) for each in CONTENDERS}
    for contender, folder in folders.items():
        module = import_module(f"infra.bench.contenders.{contender.module}")
        module.convert(quotes, sample.path, folder)
    return folders


def good_rows(folder: Path, quotes: DataSet) -> list[dict[str, Any]]:
    """The rows without a gap, with the data set's columns but the partition's."""
    [path] = [path for path in folder.rglob("*.parquet") if path.name != REJECTS_FILE]
    names = [column.name for column in quotes.columns if column.name not in quotes.partitions]
    required = [c.name for c in quotes.columns if not c.nullable and c.name in names]
    rows = pq.read_table(path, partitioning=None, columns=names).to_pylist()
    return [row for row in rows if all(row[name] is not None for name in required)]


def test_the_lake_keeps_every_bad_record(
    folders: dict[Contender, Path], quotes: DataSet, sample: Sample
) -> None:
    """With the line that it is on."""
    found = inspect(folders[LAKE], data_set=quotes)
    assert found == Outcome(sample.rows, 0, 8, sample.total_voltot)
    rejects = pq.read_table(folders[LAKE] / REJECTS_FILE)
    lines = enumerate(sample.path.read_bytes().split(b"\r\n"), start=1)
    kept = dict(zip(*rejects.select(["line_number", "raw"]).to_pydict().values(), strict=True))
    assert len(kept) == 8
    assert kept == {number: line for number, line in lines if number in kept}


def test_duckdb_loses_two_of_eight_bad_records_and_takes_six_for_quotes(
    folders: dict[Contender, Path], quotes: DataSet, sample: Sample
) -> None:
    """Its amounts are exact."""
    found = inspect(folders[DUCKDB], data_set=quotes)
    assert found == Outcome(sample.rows, 6, 0, sample.total_voltot)


def test_pandas_loses_two_of_eight_bad_records_and_takes_six_for_quotes(
    folders: dict[Contender, Path], quotes: DataSet, sample: Sample
) -> None:
    """Its amounts are less than exact."""
    found = inspect(folders[PANDAS], data_set=quotes)
    assert found == Outcome(sample.rows, 6, 0, found.total_voltot)
    assert found.total_voltot < sample.total_voltot


def test_duckdb_gives_the_lakes_good_rows(
    folders: dict[Contender, Path], quotes: DataSet, sample: Sample
) -> None:
    """Value by value."""
    rows = good_rows(folders[LAKE], quotes)
    assert len(rows) == sample.rows
    assert good_rows(folders[DUCKDB], quotes) == rows


def test_pandas_gives_floats_whose_eighteenth_digit_is_lost(
    folders: dict[Contender, Path], quotes: DataSet
) -> None:
    """Of columns with a missing value, leading zeros counted; its other values are the lake's.

    https://github.com/pandas-dev/pandas/issues/64184
    """
    expected = good_rows(folders[LAKE], quotes)
    for row in expected:
        row["quatot"] -= row["quatot"] % 10
        row["voltot"] -= row["voltot"] % Decimal("0.10")
    rows = good_rows(folders[PANDAS], quotes)
    assert {type(row["voltot"]) for row in rows} == {float}
    for row in rows:
        row["datven"] = row["datven"].date()
        for column in quotes.columns:
            if column.kind == "decimal":
                row[column.name] = round(Decimal(row[column.name]), column.scale)
    assert rows == expected


def test_arrow_reads_31_february_as_3_march() -> None:
    """Why the conversion has dates of its own, as the decision on it says."""
    day = pc.strptime(pa.array(["20210231"]), format="%Y%m%d", unit="s", error_is_null=True)
    assert str(day[0]) == "2021-03-03 00:00:00"
