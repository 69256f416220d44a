"""pandas, as it is usually written: the file as a frame of text, typed column by column."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from lake.dataset import DataSet


def convert(data_set: DataSet, source: Path, folder: Path) -> None:
    """Convert with `pandas.read_fwf`: what cannot be read becomes a missing value."""
    frame = pd.read_fwf(
        source,
        colspecs=[(column.position - 1, column.end) for column in data_set.columns],
        names=[column.name for column in data_set.columns],
        header=None,
        dtype=str,
        encoding="latin-1",
    )
    frame = frame[frame["tipreg"] == "01"]
    for column in data_set.columns:
        values = frame[column.name]
        match column.kind:
            case "int":
                frame[column.name] = pd.to_numeric(values, errors="coerce")
            case "decimal":
                frame[column.name] = pd.to_numeric(values, errors="coerce") / 10**column.scale
            case "date":
                frame[column.name] = pd.to_datetime(values, format="%Y%m%d", errors="coerce")
    frame.to_parquet(folder / "quotes.parquet")
