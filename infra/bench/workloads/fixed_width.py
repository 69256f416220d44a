"""Fixed width: quotes in the layout of B3's COTAHIST, a thousandth of the records malformed."""

from __future__ import annotations

import datetime
import os
import shutil
from decimal import Decimal
from pathlib import Path

from infra.bench.contenders import LAKE, Contender
from infra.bench.workloads import DATA_SETS, RECORDS_A_MALFORMED, Sample, Workload
from infra.samples.cotahist import RECORD_BYTES, write_quotes

_FIRST_DAY = datetime.date(2024, 1, 2)
_LINE_BYTES = RECORD_BYTES + len(b"\r\n")
_TRAILER_COUNT_OFFSET = 31
_TRAILER_COUNT_DIGITS = 11


def write_sample(path: Path, size_bytes: int, *, most_records_a_day: int = 20_000_000) -> Sample:
    """Write a file of quotes; the same arguments give the same bytes.

    Args:
        path: the file, replaced where it exists.
        size_bytes: about how large it gets, `SMALLEST_BYTES` at least.
        most_records_a_day: the days of a file follow each other; this makes another one. There are
            not many more papers that could be quoted on a day.
    """
    records = size_bytes // _LINE_BYTES - 2
    day_path = path.with_suffix(".day")
    rows = malformed = 0
    total = Decimal()
    with path.open("wb") as file:
        for index, first in enumerate(range(0, records, most_records_a_day)):
            count = min(most_records_a_day, records - first)
            truth = write_quotes(
                day_path,
                trading_day=_FIRST_DAY + datetime.timedelta(days=index),
                rows=count - count // RECORDS_A_MALFORMED,
                malformed=count // RECORDS_A_MALFORMED,
            )
            rows += truth.rows
            malformed += truth.malformed
            total += truth.total_voltot
            with day_path.open("rb") as day:
                if index:  # one header and one trailer: go on in the place of the last trailer
                    day.seek(_LINE_BYTES)
                    file.seek(-_LINE_BYTES, os.SEEK_END)
                shutil.copyfileobj(day, file)
        file.seek(_TRAILER_COUNT_OFFSET - _LINE_BYTES, os.SEEK_END)
        file.write(str(records + 2).zfill(_TRAILER_COUNT_DIGITS).encode())
    day_path.unlink()
    return Sample(path, path.stat().st_size, rows, malformed, total)


WORKLOAD = Workload(
    name="fixed_width",
    data_set=DATA_SETS / "market" / "quotes.yaml",
    amount="voltot",
    suffix=".TXT",
    write=write_sample,
    contenders=(
        LAKE,
        Contender("DuckDB", "duckdb_fixed_width"),
        Contender("polars", "polars_fixed_width"),
        # They hold a whole file in memory, several times its size.
        Contender("pandas.read_fwf", "pandas_fixed_width", most_bytes=250_000_000),
        Contender("awswrangler", "awswrangler_fixed_width", most_bytes=250_000_000, reads_s3=True),
    ),
)
