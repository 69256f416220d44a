"""Sample quotes are what they say they are."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from lake.convert import convert
from lake.dataset import load_data_set

from infra.samples.cotahist import PLACES, RECORD_BYTES, file_name, write_quotes

REPOSITORY = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 20)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / file_name(DAY)


def quotes(sample: Path) -> list[dict[str, str]]:
    """The good quotes of a file without malformed lines, by field."""
    lines = sample.read_bytes().decode("latin-1").split("\r\n")[1:-2]
    return [{name: line[place] for name, place in PLACES.items()} for line in lines]


def test_files_are_named_as_b3_names_them() -> None:
    """Day, month, year."""
    assert file_name(date(2021, 6, 25)) == "COTAHIST_D25062021.TXT"


def test_the_same_arguments_give_the_same_bytes(sample: Path) -> None:
    """And another seed or day other prices."""
    contents = []
    for seed, day in ((1, DAY), (1, DAY), (2, DAY), (1, date(2026, 11, 19))):
        write_quotes(sample, trading_day=day, rows=100, malformed=5, seed=seed)
        contents.append(sample.read_bytes())
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


def test_the_truth_is_what_the_lines_say(sample: Path) -> None:
    """Counted and added up from the text alone."""
    truth = write_quotes(sample, trading_day=DAY, rows=123)
    rows = quotes(sample)
    assert (len(rows), truth.rows, truth.malformed, truth.lines) == (123, 123, 0, 125)
    assert truth.total_voltot == sum(Decimal(row["voltot"]) for row in rows) / 100
    assert all(
        int(row["voltot"]) == int(row["premed"]) * int(row["quatot"])
        and row["premin"] <= min(row["preabe"], row["premed"], row["preult"])
        and row["premax"] >= max(row["preabe"], row["premed"], row["preult"])
        for row in rows
    )


@pytest.mark.parametrize(("rows", "malformed"), [(1, 0), (50_001, 60), (120_000, 0)])
def test_the_converter_finds_the_truth(
    sample: Path, tmp_path: Path, rows: int, malformed: int
) -> None:
    """With every malformed line rejected, over one chunk of the generator and over three."""
    truth = write_quotes(sample, trading_day=DAY, rows=rows, malformed=malformed, seed=3)
    dataset = load_data_set(REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml")
    with sample.open("rb") as stream:
        counts = convert(
            dataset, stream, folder=tmp_path / "out", size_bytes=sample.stat().st_size
        ).counts
    assert (counts.rows, counts.rejected, counts.lines) == (rows, malformed, truth.lines)
    kinds = {"not_a_date", "not_a_number", "record_length", "record_type"} if malformed else set()
    assert counts.reasons == dict.fromkeys(kinds, malformed // 4)


def test_keys_are_unique(sample: Path) -> None:
    """By the data set's own keys."""
    dataset = load_data_set(REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml")
    write_quotes(sample, trading_day=DAY, rows=20_000)
    keys = Counter(tuple(row[key] for key in dataset.keys) for row in quotes(sample))
    assert (len(keys), max(keys.values())) == (20_000, 1)


def test_there_are_all_markets_and_accents(sample: Path) -> None:
    """Cash, odd lots, forwards with a term, calls and puts that expire on a Friday."""
    write_quotes(sample, trading_day=DAY, rows=1000)
    rows = quotes(sample)
    assert Counter(row["tpmerc"] for row in rows) == {
        "010": 60, "020": 60, "030": 80, "070": 400, "080": 400,
    }  # fmt: skip
    assert {row["prazot"] for row in rows if row["tpmerc"] == "030"} == {"016", "030", "060", "090"}
    expiries = {row["datven"] for row in rows if row["tpmerc"] in ("070", "080")}
    assert expiries == {"20261218", "20270115"}
    assert any(not row["nomres"].isascii() for row in rows)


def test_lines_have_b3s_length_and_end(sample: Path) -> None:
    """245 bytes and CRLF; header and trailer included."""
    write_quotes(sample, trading_day=DAY, rows=10)
    content = sample.read_bytes()
    assert len(content) == 12 * (RECORD_BYTES + 2)
    assert {len(line) for line in content.split(b"\r\n")} == {RECORD_BYTES, 0}
    assert content.startswith(b"00COTAHIST.2026BOVESPA 20261120 ")
    assert content[-247:].startswith(b"99COTAHIST.2026BOVESPA 2026112000000000012 ")


@pytest.mark.parametrize("rows", [0, 30_000_000])
def test_more_quotes_than_there_are_papers_are_refused(sample: Path, rows: int) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match="rows should be 1 to 22848800"):
        write_quotes(sample, trading_day=DAY, rows=rows)
    assert not sample.exists()
