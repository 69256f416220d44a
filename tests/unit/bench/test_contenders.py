"""What becomes of good and bad records differs from contender to contender."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from lake.dataset import DataSet

from infra.bench.contenders import ENCODING, LAKE, Contender
from infra.bench.contenders.encoding import SECONDS_FILE, row_files
from infra.bench.object_store import object_store
from infra.bench.outcome import Outcome, inspect
from infra.bench.workloads import Sample
from infra.bench.workloads.fixed_width import WORKLOAD

type Convert = Callable[..., Path]


@pytest.fixture(scope="module")
def converted(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """What a contender makes of the sample."""

    def convert(contender: Contender, source: str = str(sample.path)) -> Path:
        folder = tmp_path_factory.mktemp(contender.module)
        command = [sys.executable, "-m", "infra.bench.contenders", contender.module]
        subprocess.run([*command, str(WORKLOAD.data_set), source, str(folder)], check=True)
        return folder

    return convert


@pytest.fixture(scope="module")
def truth(converted: Convert) -> Path:
    """What the lake makes of it."""
    return converted(LAKE)


@pytest.fixture
def outcome(converted: Convert, truth: Path, quotes: DataSet) -> Callable[[str], Outcome]:
    """What a contender makes of the sample, beside the lake."""

    def of(name: str) -> Outcome:
        [contender] = (each for each in WORKLOAD.contenders if each.name == name)
        return inspect(converted(contender), truth=truth, data_set=quotes, amount="voltot")

    return of


def test_the_lake_keeps_every_bad_record_with_its_line(
    truth: Path, quotes: DataSet, sample: Sample
) -> None:
    found = inspect(truth, truth=truth, data_set=quotes, amount="voltot")
    assert found == Outcome(
        exact=sample.rows, altered=0, bad_as_rows=0, kept=8, amount=sample.amount
    )
    [path] = set(truth.rglob("*.parquet")) - set(row_files(truth))
    lines = sample.path.read_bytes().split(b"\r\n")
    for reject in pq.read_table(path, partitioning=None).to_pylist():
        assert reject["raw_bytes"] == lines[reject["line_number"] - 1]


def test_duckdb_gives_the_lakes_rows_and_takes_six_of_eight_bad_records_for_quotes(
    outcome: Callable[[str], Outcome], sample: Sample
) -> None:
    found = outcome("DuckDB")
    assert (found.exact, found.altered) == (sample.rows, 0)
    assert (found.bad_as_rows, found.kept) == (6, 0)


def test_polars_loses_the_accents_of_latin_1(
    outcome: Callable[[str], Outcome], sample: Sample
) -> None:
    found = outcome("polars")
    assert found.exact + found.altered == sample.rows
    assert found.altered > sample.rows / 2
    assert (found.bad_as_rows, found.kept) == (6, 0)


def test_pandas_loses_digits_of_large_numbers(
    outcome: Callable[[str], Outcome], sample: Sample
) -> None:
    """https://github.com/pandas-dev/pandas/issues/64184."""
    found = outcome("pandas.read_fwf")
    assert found.exact + found.altered == sample.rows
    assert found.altered > 0
    assert (found.bad_as_rows, found.kept) == (6, 0)


def test_awswrangler_reads_from_s3_what_pandas_reads(
    converted: Convert,
    truth: Path,
    quotes: DataSet,
    sample: Sample,
    outcome: Callable[[str], Outcome],
) -> None:
    [contender] = (each for each in WORKLOAD.contenders if each.reads_s3)
    with object_store() as store:
        folder = converted(contender, store.put(sample.path))
    found = inspect(folder, truth=truth, data_set=quotes, amount="voltot")
    assert found == outcome("pandas.read_fwf")


def test_encoding_writes_the_same_rows_again_and_says_what_that_alone_took(
    converted: Convert, truth: Path
) -> None:
    folder = converted(ENCODING, str(truth))
    again, lake = (
        pa.concat_tables(pq.read_table(path, partitioning=None) for path in row_files(each))
        for each in (folder, truth)
    )
    assert again.equals(lake)
    assert 0 < float((folder / SECONDS_FILE).read_text()) < 60


def test_arrow_reads_31_february_as_3_march() -> None:
    """Why the conversion has dates of its own, as the decision on it says."""
    day = pc.strptime(pa.array(["20210231"]), format="%Y%m%d", unit="s", error_is_null=True)
    assert str(day[0]) == "2021-03-03 00:00:00"
