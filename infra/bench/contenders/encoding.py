"""The limit: columns that are ready in memory, written to Parquet with the lake's settings."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow.parquet as pq
from lake.convert.arrow import PARQUET_OPTIONS, dictionary_columns
from lake.dataset import DataSet

SECONDS_FILE = "cpu_seconds"
"""In the output folder: what the writing alone took, without the reading before it."""


def convert(data_set: DataSet, source: str, folder: Path) -> None:
    """Write the rows of the Parquet files in the folder `source` again, and time that alone."""
    names = {column.name for column in data_set.columns if column.kind == "string"}
    seconds = 0.0
    for index, path in enumerate(row_files(Path(source))):
        texts = sorted(names & _with_dictionary(path))
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            writer = None
            for number in range(file.num_row_groups):
                rows = file.read_row_group(number)
                started = time.process_time()
                writer = writer or pq.ParquetWriter(
                    folder / f"{index}.parquet",
                    file.schema_arrow,
                    use_dictionary=dictionary_columns(rows),
                    **PARQUET_OPTIONS,
                )
                writer.write_table(rows, row_group_size=max(1, rows.num_rows))
                seconds += time.process_time() - started
            started = time.process_time()
            if writer is not None:
                writer.close()
            seconds += time.process_time() - started
    (folder / SECONDS_FILE).write_text(repr(seconds))


def _with_dictionary(path: Path) -> set[str]:
    """The columns that Parquet has as dictionaries, as the conversion wrote them."""
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    return {column.path_in_schema for column in columns if column.has_dictionary_page}


def row_files(folder: Path) -> list[Path]:
    """The Parquet files of rows that a conversion left, not those of rejects."""
    return sorted(
        path
        for path in folder.rglob("*.parquet")
        if path.name != "rejects.parquet" and "rejects" not in path.relative_to(folder).parts
    )
