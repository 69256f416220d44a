"""JSON lines: a web shop's events, nested, with an array of structs."""

from __future__ import annotations

import datetime
from pathlib import Path

from infra.bench.contenders import LAKE, Contender
from infra.bench.workloads import DATA_SETS, RECORDS_A_MALFORMED, Sample, Workload
from infra.samples.events import write_events

_DAY = datetime.date(2024, 1, 2)
_RECORD_BYTES = 883
"""Of a line, on average."""


def write_sample(path: Path, size_bytes: int) -> Sample:
    """Write a file of events of about `size_bytes`; the same arguments give the same bytes."""
    records = size_bytes // _RECORD_BYTES
    malformed = max(4, records // RECORDS_A_MALFORMED)
    truth = write_events(path, day=_DAY, rows=records - malformed, malformed=malformed)
    return Sample(path, path.stat().st_size, truth.rows, truth.malformed, truth.total_amount)


WORKLOAD = Workload(
    name="json",
    data_set=DATA_SETS / "web" / "events.yaml",
    amount="amount",
    suffix=".jsonl",
    write=write_sample,
    contenders=(
        LAKE,
        Contender("DuckDB", "duckdb_json"),
        Contender("polars", "polars_json"),
        # It holds a whole file in memory, several times its size.
        Contender("pandas.json_normalize", "pandas_json", most_bytes=250_000_000),
    ),
)
