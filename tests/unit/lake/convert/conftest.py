"""What the tests of the conversion share."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.dataset import DataSet, load_data_set

REPOSITORY = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def quotes() -> DataSet:
    """The product's data set of quotes."""
    return load_data_set(REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml")
