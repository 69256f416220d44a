"""The small files are whole files of the data set, and differ."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
from lake.convert import convert
from lake.dataset import DataSet

from infra.bench.airflow.workload import small_files


def test_every_small_file_is_10_kb_and_converts_without_a_reject(
    quotes: DataSet, tmp_path: Path
) -> None:
    keys = set()
    for number, content in enumerate(small_files(3)):
        assert 9_500 < len(content) < 10_500
        folder = tmp_path / str(number)
        conversion = convert(quotes, io.BytesIO(content), folder=folder)
        assert (conversion.counts.rows, conversion.counts.rejected) == (39, 0)
        [part] = conversion.parts
        table = pq.read_table(folder / part.path, columns=list(quotes.keys), partitioning=None)
        keys |= {tuple(row.values()) for row in table.to_pylist()}
    assert len(keys) == 3 * 39
