"""Sample orders are what they say they are."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from lake.convert import Conversion, convert
from lake.dataset import DelimitedDataSet, load_data_set

from infra.samples.orders import ENCODING, HEADERS, Version, file_name, write_orders

REPOSITORY = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def dataset() -> DelimitedDataSet:
    loaded = load_data_set(REPOSITORY / "dags" / "datasets" / "retail" / "orders.yaml")
    assert isinstance(loaded, DelimitedDataSet)
    return loaded


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / file_name(DAY)


def converted(dataset: DelimitedDataSet, sample: Path, folder: Path) -> Conversion:
    with sample.open("rb") as stream:
        return convert(dataset, stream, folder=folder, size_bytes=sample.stat().st_size)


def rows_of(conversion: Conversion, folder: Path) -> list[dict[str, Any]]:
    return [
        row
        for part in conversion.parts
        for row in pq.ParquetFile(folder / part.path).read().to_pylist()
    ]


def records(sample: Path) -> list[dict[str, str]]:
    """As Python's csv module reads a file without malformed records."""
    with sample.open(encoding=ENCODING, newline="") as file:
        return list(csv.DictReader(file, delimiter=";", strict=True))


def test_files_are_named_by_their_day() -> None:
    """Year, month, day."""
    assert file_name(date(2026, 11, 2)) == "pedidos_20261102.csv"


def test_the_same_arguments_give_the_same_bytes(sample: Path) -> None:
    """And another seed, day or version others."""
    contents = []
    for seed, day, version in ((1, DAY, 1), (1, DAY, 1), (2, DAY, 1), (1, DAY, 2)):
        number: Version = 1 if version == 1 else 2
        write_orders(sample, day=day, rows=100, malformed=6, seed=seed, version=number)
        contents.append(sample.read_bytes())
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


@pytest.mark.parametrize("version", [1, 2])
def test_the_truth_is_what_the_records_say(sample: Path, version: Version) -> None:
    """Counted and added up from the text alone, under the version's header."""
    truth = write_orders(sample, day=DAY, rows=200, version=version)
    found = records(sample)
    assert tuple(found[0]) == HEADERS[version]
    assert (len(found), truth.rows, truth.malformed, truth.records) == (200, 200, 0, 201)
    amounts = [Decimal(row["Total"].replace(".", "").replace(",", ".")) for row in found]
    assert sum(amounts) == truth.total_amount
    assert len({(row["Pedido"], row["Item"]) for row in found}) == 200


def test_there_are_quotes_line_breaks_accents_and_delimiters(sample: Path) -> None:
    """What makes such files hard to read."""
    write_orders(sample, day=DAY, rows=200)
    found = records(sample)
    texts = [text for row in found for text in row.values()]
    assert all(any(special in text for text in texts) for special in ('"', "\n", ";", "ç"))
    assert {row["Presente"] for row in found} == {"S", "N"}


@pytest.mark.parametrize(("rows", "malformed"), [(1, 0), (25_000, 60)])
def test_the_converter_finds_the_truth(
    dataset: DelimitedDataSet, sample: Path, tmp_path: Path, rows: int, malformed: int
) -> None:
    """With every malformed record rejected for its own reason, and the amounts to the cent."""
    truth = write_orders(sample, day=DAY, rows=rows, malformed=malformed, seed=3)
    conversion = converted(dataset, sample, tmp_path / "out")
    counts = conversion.counts
    assert (counts.rows, counts.rejected, counts.lines) == (rows, malformed, truth.records)
    sixth = malformed // 6
    reasons = {
        "not_a_date": sixth, "not_a_number": 2 * sixth, "field_count": sixth, "quoting": sixth,
        "encoding": sixth,
    }  # fmt: skip
    assert counts.reasons == (reasons if malformed else {})
    found = rows_of(conversion, tmp_path / "out")
    assert sum(row["amount"] for row in found) == truth.total_amount
    keys = Counter(tuple(row[key] for key in dataset.keys) for row in found)
    assert max(keys.values()) == 1


def test_both_versions_give_the_same_orders(
    dataset: DelimitedDataSet, sample: Path, tmp_path: Path
) -> None:
    """Columns are found by name; the coupon, which version 1 does not write, is NULL there."""
    found = []
    for version in (1, 2):
        number: Version = 1 if version == 1 else 2
        write_orders(sample, day=DAY, rows=500, version=number)
        folder = tmp_path / str(version)
        found.append(rows_of(converted(dataset, sample, folder), folder))
    assert {row["coupon"] for row in found[0]} == {None}
    assert {row["coupon"] for row in found[1]} == {None, "VOLTE10", "NATAL"}
    assert [row | {"coupon": None} for row in found[1]] == found[0]


def test_no_row_differs_from_duckdbs_reading(
    dataset: DelimitedDataSet, sample: Path, tmp_path: Path
) -> None:
    """Of a file without malformed records, which DuckDB gets in UTF-8."""
    write_orders(sample, day=DAY, rows=20_000, version=2)
    expected = rows_of(converted(dataset, sample, tmp_path / "out"), tmp_path / "out")
    utf8 = tmp_path / "utf-8.csv"
    utf8.write_bytes(sample.read_bytes().decode(ENCODING).encode())
    number = "replace(replace({}, '.', ''), ',', '.')::{}"
    expressions = []
    for column in dataset.columns:
        name = f'"{column.header_name}"'
        match column.kind:
            case "int" | "bigint" | "decimal":
                name = number.format(name, column.type)
            case "date" | "timestamp":
                form = "%d/%m/%Y" if column.kind == "date" else "%Y-%m-%d %H:%M:%S"
                name = f"strptime({name}, '{form}')::{column.type}"
            case "boolean":
                name = f"{name} = 'S'"
        expressions.append(f"{name} AS {column.name}")
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {', '.join(expressions)} FROM read_csv('{utf8}', delim=';', quote='\"', "
            "escape='\"', header=true, all_varchar=true)"
        ).fetchall()
    names = [column.name for column in dataset.columns]
    assert found == [tuple(row[name] for name in names) for row in expected]


def test_the_data_set_declares_the_generators_columns(dataset: DelimitedDataSet) -> None:
    """Those of version 2, of which version 1 lacks the optional ones."""
    declared = {column.header_name for column in dataset.columns}
    assert declared == set(HEADERS[2])
    optional = {column.header_name for column in dataset.columns if column.optional}
    assert set(HEADERS[1]) == declared - optional
    assert dataset.partitions == ("ordered_on",)


def test_an_empty_file_cannot_be_asked_for(sample: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match="rows should be 1 at least, not 0"):
        write_orders(sample, day=DAY, rows=0)
    assert not sample.exists()
