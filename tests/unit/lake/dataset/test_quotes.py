"""The data set of quotes is B3's layout, whole."""

from __future__ import annotations

from lake.dataset import FixedWidthDataSet, load_data_set

from infra.samples import cotahist
from tests.unit.lake.dataset.test_load import DATA_SETS

LOADED = load_data_set(DATA_SETS / "market" / "quotes.yaml")
assert isinstance(LOADED, FixedWidthDataSet)
QUOTES: FixedWidthDataSet = LOADED


def test_every_byte_of_a_quote_is_in_a_column() -> None:
    """245 bytes without a gap."""
    assert QUOTES.layout.record_length == 245
    assert QUOTES.gaps == []


def test_its_fields_are_those_of_the_generator_of_samples() -> None:
    """Written down twice, independently, with B3's names in B3's order."""
    places = {column.name: slice(column.position - 1, column.end) for column in QUOTES.columns}
    assert places == cotahist.PLACES
    assert list(places) == list(cotahist.PLACES)


def test_prices_have_two_decimals_and_points_six() -> None:
    """Implied; B3 writes no point."""
    scales = {column.name: column.scale for column in QUOTES.columns if column.kind == "decimal"}
    assert scales == {
        "preabe": 2, "premax": 2, "premin": 2, "premed": 2, "preult": 2, "preofc": 2, "preofv": 2,
        "voltot": 2, "preexe": 2, "ptoexe": 6,
    }  # fmt: skip
    assert QUOTES.partitions == ("data",)
