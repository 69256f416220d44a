"""What converts a file of quotes to Parquet, a module each.

Each has `convert(data_set, source, folder)`, which reads the file `source` once and leaves Parquet
files in the empty `folder`; bad records that it keeps are in `rejects.parquet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DATA_SET = Path(__file__).resolve().parents[3] / "dags" / "datasets" / "market" / "quotes.yaml"
"""What every contender is given as the layout of its file."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to convert a file."""

    name: str
    """As the tables have it."""
    module: str
    """In this package."""
    most_bytes: int | None = None
    """The largest file that it is given; None for any."""

    def takes(self, size_bytes: int) -> bool:
        """Whether it is given files of this size."""
        return self.most_bytes is None or size_bytes <= self.most_bytes


LAKE = Contender("lake.convert", "lake_convert")
CONTENDERS = (
    LAKE,
    Contender("DuckDB", "duckdb_read_csv"),
    # It holds a whole file in memory, several times its size.
    Contender("pandas.read_fwf", "pandas_read_fwf", most_bytes=250_000_000),
)
