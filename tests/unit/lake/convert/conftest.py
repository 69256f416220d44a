"""What the tests of the conversion share."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.dataset import FixedWidthDataSet, load_data_set

REPOSITORY = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def quotes() -> FixedWidthDataSet:
    """The product's data set of quotes."""
    loaded = load_data_set(REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml")
    assert isinstance(loaded, FixedWidthDataSet)
    return loaded
