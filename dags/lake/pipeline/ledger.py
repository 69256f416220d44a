"""The ledger: what every run of every data set did, in the tables `lake_runs` and `lake_files`.

One Parquet object a run and table, named by the change or the run, so that writing it again
changes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lake.dataset import DataSet
from lake.pipeline.documents import FileOutcome, RunRecord
from lake.pipeline.external_table import ensure_external_table
from lake.pipeline.places import LEDGER_FILES, LEDGER_RUNS, safe_name
from lake.pipeline.store import Store
from lake.tables import Warehouse

RUNS = "lake_runs"
RUNS_COLUMNS = {
    "run_id": "string",
    "data_set": "string",
    "kind": "string",
    "engine": "string",
    "change": "bigint",
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "seconds": "double",
    "files": "bigint",
    "files_unchanged": "bigint",
    "files_refused": "bigint",
    "bytes": "bigint",
    "records": "bigint",
    "rows": "bigint",
    "quarantined": "bigint",
    "control": "bigint",
}
"""`engine` is what converted the files, several with commas between; `change` is its number in the
change log, NULL where the run changed nothing; `files`, bytes and records are those loaded."""
FILES = "lake_files"
FILES_COLUMNS = {
    "run_id": "string",
    "data_set": "string",
    "key": "string",
    "version_id": "string",
    "sha256": "string",
    "size_bytes": "bigint",
    "landed_at": "timestamp",
    "state": "string",
    "reason": "string",
    "records": "bigint",
    "rows": "bigint",
    "quarantined": "bigint",
    "control": "bigint",
    "engine": "string",
    "seconds": "double",
    "recorded_at": "timestamp",
}


class Ledger:
    """Writes what the runs of one data set did."""

    def __init__(self, *, store: Store, warehouse: Warehouse, data_set: DataSet) -> None:
        self._store = store
        self._warehouse = warehouse
        self._name = f"{data_set.domain}/{data_set.table}"
        self._folder = f"{data_set.table_name}/"

    def ensure(self) -> None:
        """Create the ledger's tables, or give them the columns of this version."""
        for table, columns, prefix, description in (
            (RUNS, RUNS_COLUMNS, LEDGER_RUNS, "What each run of each data set did"),
            (FILES, FILES_COLUMNS, LEDGER_FILES, "What became of each file in each run"),
        ):
            ensure_external_table(
                self._warehouse,
                name=table,
                columns=columns,
                prefix=prefix,
                description=description,
            )

    def record(self, run: RunRecord, *, change: int | None) -> None:
        """Write what a run did, and what became of its files."""
        name = f"{change:012}" if change else safe_name(run.run_id)
        if run.files:
            rows = [self._file_row(run, file) for file in run.files]
            self._write(f"{LEDGER_FILES}{self._folder}{name}.parquet", FILES_COLUMNS, rows)
        row = self._run_row(run, change)
        self._write(f"{LEDGER_RUNS}{self._folder}{name}.parquet", RUNS_COLUMNS, [row])

    def _run_row(self, run: RunRecord, change: int | None) -> dict[str, Any]:
        loaded = [file for file in run.files if file.state == "loaded"]
        states = [file.state for file in run.files]
        return {
            "run_id": run.run_id,
            "data_set": self._name,
            "kind": run.kind,
            "engine": ", ".join(sorted({file.engine for file in run.files})) or None,
            "change": change,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "seconds": (run.ended_at - run.started_at).total_seconds(),
            "files": len(loaded),
            "files_unchanged": states.count("unchanged"),
            "files_refused": states.count("refused"),
            "bytes": sum(file.file.size_bytes for file in loaded),
            "records": sum(file.records for file in loaded),
            "rows": sum(file.rows for file in loaded),
            "quarantined": sum(file.quarantined for file in loaded),
            "control": sum(file.control for file in loaded),
        }

    def _file_row(self, run: RunRecord, file: FileOutcome) -> dict[str, Any]:
        return {
            "run_id": run.run_id,
            "data_set": self._name,
            "recorded_at": run.ended_at,
            **file.file.model_dump(),
            **file.model_dump(exclude={"file"}),
        }

    def _write(
        self, key: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        self._store.put_bytes(key, _parquet(columns, rows))


def _parquet(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    import pyarrow as pa  # noqa: PLC0415  # 40 MB, wanted in tasks alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    arrays = [_array([row[name] for row in rows], kind) for name, kind in columns.items()]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), sink, compression="zstd")
    return sink.getvalue()


def _array(values: Sequence[Any], kind: str) -> Any:
    """Values of a Glue type, None as NULL; `pyarrow.array` would import pandas."""
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    from lake.convert.arrow import array_of, array_of_bytes  # noqa: PLC0415

    if kind == "string":
        return array_of_bytes([None if v is None else v.encode() for v in values], pa.string())
    present = np.array([value is not None for value in values])
    if kind == "double":
        return array_of(np.array([v or 0.0 for v in values], np.float64), pa.float64(), present)
    if kind == "timestamp":
        return array_of(
            np.array([_micros(v) for v in values], np.int64), pa.timestamp("us"), present
        )
    return array_of(np.array([v or 0 for v in values], np.int64), pa.int64(), present)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
