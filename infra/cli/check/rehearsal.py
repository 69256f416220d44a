"""One file converted as a task would, and looked at before anything is published or thrown away."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import duckdb
import pyarrow.parquet as pq
from lake.convert.attempt import Attempt
from lake.convert.conversion import REJECTS_FOLDER, Conversion, Counts, FileRefused
from lake.convert.partitions import PartitionedTable, PartNames
from lake.convert.rejects import QUARANTINE_SCHEMA, Quarantined, RejectsFile
from lake.convert.source import SourceFile, Stream
from lake.dataset import DataSet

_REJECTS_PATH = f"{REJECTS_FOLDER}/part-00000.parquet"
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of a file."""

    counts: Counts
    refusal: str
    """Why the file would not be published; empty where it would."""
    seconds: float
    peak_bytes: int
    """Of this process's resident memory, until now."""
    rows: Sequence[dict[str, Any]]
    """The first ones."""
    rejects: Sequence[Quarantined]
    """The first ones."""


def rehearse(
    data_set: DataSet, stream: Stream, source: SourceFile, *, folder: Path, rows: int, rejects: int
) -> Rehearsal:
    """Convert a file into `folder`, where its Parquet files stay unless it is refused.

    Args:
        rows: how many to give, at most.
        rejects: likewise.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    table = PartitionedTable(data_set, folder, names=PartNames(data_set), field_ids={})
    rejects_file = RejectsFile(folder, _REJECTS_PATH, schema=QUARANTINE_SCHEMA)
    attempt = Attempt(
        data_set, source, folder=folder, table=table, rejects_file=rejects_file, run_id=""
    )  # fmt: skip
    outcome: Conversion | FileRefused
    try:
        outcome = attempt.convert(stream)
    except FileRefused as refused:
        outcome = refused
    seconds = time.monotonic() - started
    for batch in attempt.held:
        table.write(batch, source.key)
    table.close()
    rejects_file.close()
    paths = [folder / part.path for part in table.parts]
    refusal = outcome.reason if isinstance(outcome, FileRefused) else _repeated(paths, data_set)
    found = Rehearsal(
        counts=outcome.counts,
        refusal=refusal,
        seconds=seconds,
        peak_bytes=getrusage(RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES,
        rows=_first(paths, rows),
        rejects=[Quarantined(**each) for each in _first([folder / _REJECTS_PATH], rejects)],
    )
    if refusal:
        for path in paths:
            path.unlink()
    return found


def _repeated(paths: Sequence[Path], data_set: DataSet) -> str:
    """What is wrong with the keys of the rows; empty where each is there once."""
    if not data_set.keys:
        return ""
    keys = ", ".join(data_set.keys)
    files = ", ".join(f"'{path}'" for path in paths)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {keys}, count(*) FROM read_parquet([{files}], hive_partitioning=false) "  # noqa: S608  # the data set's own names
            f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
        ).fetchone()
    if found is None:
        return ""
    *values, times = found
    shown = ", ".join(f"{name} {value}" for name, value in zip(data_set.keys, values, strict=True))
    return f"its keys repeat: {shown} is there {times} times"


def _first(paths: Sequence[Path], count: int) -> list[dict[str, Any]]:
    """The first rows of Parquet files."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        if len(rows) >= count or not path.exists():
            break
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(count - len(rows)):
                rows += batch.to_pylist()
                break
    return rows
