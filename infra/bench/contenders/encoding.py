"""The limit: columns that are ready in memory, written to Parquet with the lake's settings."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow.parquet as pq
from lake.convert.arrow import BATCH_ROWS, PARQUET_OPTIONS
from lake.dataset import DataSet

SECONDS_FILE = "cpu_seconds"
"""In the output folder: what the writing alone took, without the reading before it."""


def convert(data_set: DataSet, source: str, folder: Path) -> None:
    """Write the rows of the Parquet files in the folder `source` again, and time that alone."""
    texts = [column.name for column in data_set.columns if column.kind == "string"]
    seconds = 0.0
    for index, path in enumerate(row_files(Path(source))):
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            target = folder / f"{index}.parquet"
            writer = pq.ParquetWriter(target, file.schema_arrow, **PARQUET_OPTIONS)
            for batch in file.iter_batches(BATCH_ROWS):
                started = time.process_time()
                writer.write_batch(batch)
                seconds += time.process_time() - started
            started = time.process_time()
            writer.close()
            seconds += time.process_time() - started
    (folder / SECONDS_FILE).write_text(repr(seconds))


def row_files(folder: Path) -> list[Path]:
    """The Parquet files of rows that a conversion left, not those of rejects."""
    return sorted(
        path
        for path in folder.rglob("*.parquet")
        if path.name != "rejects.parquet" and "rejects" not in path.relative_to(folder).parts
    )
