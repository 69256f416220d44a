"""What stands in Parquet files is counted from them, record by record."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.dataset import DataSet, load_data_set

from infra.bench.outcome import Outcome, inspect

YAML = """
description: d
owner: o
schedule: null
layout: {format: fixed_width, record_length: 20}
columns:
  - {name: id, type: int, position: 1, width: 4, description: d}
  - {name: amount, type: "decimal(9,2)", position: 5, width: 9, description: d}
keys: [id]
"""


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    path = tmp_path / "domain" / "table.yaml"
    path.parent.mkdir()
    path.write_text(YAML)
    return load_data_set(path)


def write(path: Path, **columns: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path.parent


def test_each_record_is_exact_altered_or_none(data_set: DataSet, tmp_path: Path) -> None:
    """A float that a cast makes the same amount is the same; a repeated record is a bad one."""
    truth = write(tmp_path / "truth" / "a.parquet", id=[1, 2, 3, 4], amount=["1.10"] * 4)
    found = write(tmp_path / "found" / "a.parquet", id=[1, 1, 2, 9], amount=[1.1, None, 7.0, 1.1])
    write(found / "rejects" / "b.parquet", line_number=[7, 8])
    assert inspect(found, truth=truth, data_set=data_set, amount="amount") == Outcome(
        exact=1, altered=1, bad_as_rows=2, kept=2, amount=Decimal("9.20")
    )


def test_the_truth_itself_is_only_counted(data_set: DataSet, tmp_path: Path) -> None:
    folder = write(tmp_path / "found" / "a.parquet", id=[1, 2], amount=["1.10", "2.00"])
    assert inspect(folder, truth=None, data_set=data_set, amount="amount") == Outcome(
        exact=2, altered=0, bad_as_rows=0, kept=0, amount=Decimal("3.10")
    )
