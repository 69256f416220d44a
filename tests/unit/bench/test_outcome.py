"""What stands in Parquet files is counted from them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from lake.dataset import DataSet

from infra.bench.outcome import Outcome, inspect


def test_rows_with_gaps_are_told_from_good_ones_over_all_files(
    quotes: DataSet, tmp_path: Path
) -> None:
    """A gap in a nullable column is none; columns that are in the path are not looked for."""
    for day, voltots in (("2024-01-02", [1.1, None]), ("2024-01-03", [None, 2.2])):
        folder = tmp_path / f"data={day}"
        folder.mkdir()
        table = pa.table({"codneg": ["A", "B"], "prazot": [None, None], "voltot": voltots})
        pq.write_table(table, folder / "part-00000.parquet")
    pq.write_table(pa.table({"line_number": [7, 8, 9]}), tmp_path / "rejects.parquet")
    assert inspect(tmp_path, data_set=quotes) == Outcome(
        rows=2, broken_rows=2, rejects=3, total_voltot=Decimal("3.30")
    )
