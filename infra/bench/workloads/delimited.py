"""Delimited: a retailer's orders, quoted, with line breaks and a decimal comma, in cp1252."""

from __future__ import annotations

import datetime
from pathlib import Path

from infra.bench.contenders import LAKE, Contender
from infra.bench.workloads import DATA_SETS, RECORDS_A_MALFORMED, Sample, Workload
from infra.samples.orders import write_orders

_DAY = datetime.date(2024, 1, 2)
_RECORD_BYTES = 138
"""Of a record, on average."""


def write_sample(path: Path, size_bytes: int) -> Sample:
    """Write a file of orders of about `size_bytes`; the same arguments give the same bytes."""
    records = size_bytes // _RECORD_BYTES
    malformed = records // RECORDS_A_MALFORMED
    truth = write_orders(path, day=_DAY, rows=records - malformed, malformed=malformed)
    size = path.stat().st_size
    return Sample(path, size, truth.rows, truth.malformed, truth.total_amount)


WORKLOAD = Workload(
    name="delimited",
    data_set=DATA_SETS / "retail" / "orders.yaml",
    amount="amount",
    suffix=".csv",
    write=write_sample,
    contenders=(
        LAKE,
        Contender("DuckDB", "duckdb_delimited", reads_utf8=True),
        Contender("polars", "polars_delimited", reads_utf8=True),
        # They hold a whole file in memory, several times its size.
        Contender("pandas.read_csv", "pandas_delimited", most_bytes=250_000_000),
        Contender("awswrangler", "awswrangler_delimited", most_bytes=250_000_000, reads_s3=True),
    ),
)
