"""The product's events: the truth of their generator, and DuckDB's reading of the good ones."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from lake.convert import Conversion, convert
from lake.dataset import DataSet, load_data_set

from infra.samples.events import SampleTruth, file_name, write_events

REPOSITORY = Path(__file__).resolve().parents[5]
EVENTS = REPOSITORY / "dags" / "datasets" / "web" / "events.yaml"
DAY = datetime.date(2026, 3, 14)


@pytest.fixture(scope="module")
def events() -> DataSet:
    return load_data_set(EVENTS)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleTruth]:
    path = tmp_path_factory.mktemp("events") / file_name(DAY)
    return path, write_events(path, day=DAY, rows=3000, malformed=12)


@pytest.fixture(scope="module")
def conversion(
    events: DataSet, sample: tuple[Path, SampleTruth], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Conversion, Path]:
    path, folder = sample[0], tmp_path_factory.mktemp("converted")
    with path.open("rb") as stream:
        return convert(events, stream, folder=folder, size_bytes=path.stat().st_size), folder


def test_counts_are_the_generators(
    sample: tuple[Path, SampleTruth], conversion: tuple[Conversion, Path]
) -> None:
    """Four ways to be malformed, each with its reason."""
    truth, counts = sample[1], conversion[0].counts
    assert (counts.lines, counts.rows, counts.rejected) == (
        truth.lines, truth.rows, truth.malformed,
    )  # fmt: skip
    assert dict(counts.reasons) == {
        "Expected `int`, got `str` - at `$.session.sequence`": 3,
        "Expected `date`, got another `str`": 3,
        "Object missing required field `event_id`": 3,
        "JSON is malformed: it ends too early": 3,
    }


def test_the_same_arguments_give_the_same_file(
    sample: tuple[Path, SampleTruth], tmp_path: Path
) -> None:
    """And another seed other events."""
    path, truth = sample
    assert write_events(tmp_path / "a", day=DAY, rows=3000, malformed=12) == truth
    assert (tmp_path / "a").read_bytes() == path.read_bytes()
    write_events(tmp_path / "b", day=DAY, rows=3000, malformed=12, seed=1)
    assert (tmp_path / "b").read_bytes() != path.read_bytes()


def test_no_row_differs_from_duckdbs_reading(
    sample: tuple[Path, SampleTruth], conversion: tuple[Conversion, Path]
) -> None:
    """Nested values included."""
    _, truth = sample
    result, folder = conversion
    parts = [str(folder / part.path) for part in result.parts]
    rejects = [str(folder / part.path) for part in result.rejects]
    good = """
        SELECT line FROM (SELECT line, row_number() OVER () AS line_number FROM
          read_csv($source, columns={line: 'VARCHAR'}, header=false, auto_detect=false,
                   delim='\x01', quote='', escape=''))
        WHERE line_number NOT IN (SELECT line_number FROM read_parquet($rejects))
    """
    expected = f"""
        SELECT line->>'event_id', (line->>'day')::DATE, line->>'type',
               (line->>'occurred_at')::TIMESTAMP,
               make_timestamp((line->'received_at')::BIGINT * 1000),
               line->'session'->>'id', (line->'session'->'sequence')::INT,
               (line->'user'->>'id')::BIGINT, line->'user'->>'country', line->'page'->>'url',
               line->'page'->>'title', line->'page'->>'referrer',
               (line->'device')::STRUCT(kind VARCHAR, os VARCHAR, browser VARCHAR,
                                        screen STRUCT(width INT, height INT)),
               line->>'user_agent',
               CASE WHEN line->>'basket' IS NOT NULL THEN (line->'basket')::STRUCT(
                   sku VARCHAR, quantity INT, price DECIMAL(9,2))[] END,
               (line->>'amount')::DECIMAL(11,2), (line->'flags'->'bot')::BOOLEAN
        FROM ({good})
    """
    with duckdb.connect() as connection:
        parameters = {"source": str(sample[0]), "rejects": rejects}
        connection.execute(
            "CREATE TABLE parts AS SELECT * EXCLUDE (source_key) "
            "FROM read_parquet($parts, hive_partitioning=false)",
            {"parts": parts},
        )
        for left, right in (("FROM parts", expected), (expected, "FROM parts")):
            found = connection.execute(f"({left}) EXCEPT ALL ({right})", parameters).fetchall()
            assert found == []
        total = connection.execute("SELECT sum(amount), count(*) FROM parts").fetchone()
    assert total == (truth.total_amount, truth.rows)


def test_array_and_struct_stay_what_they_are(conversion: tuple[Conversion, Path]) -> None:
    """As Glue has them."""
    result, folder = conversion
    schema = pq.read_schema(folder / result.parts[0].path)
    assert str(schema.field("basket").type).startswith("list<element: struct<sku: string")
    assert str(schema.field("device").type).startswith("struct<kind: string")


def test_pandas_is_not_imported(sample: tuple[Path, SampleTruth], tmp_path: Path) -> None:
    """It would cost a second and 60 MB."""
    program = (
        "import sys; from pathlib import Path; from lake.convert import convert; "
        "from lake.dataset import load_data_set; "
        f"convert(load_data_set(Path({str(EVENTS)!r})), open({str(sample[0])!r}, 'rb'), "
        f"folder=Path({str(tmp_path)!r})); print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        cwd=REPOSITORY / "dags",
    )  # fmt: skip
    assert done.stdout.strip() == "False"
