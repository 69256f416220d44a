"""pandas, as it is usually written: the file as a frame of text, typed column by column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from lake.dataset import FixedWidthDataSet


def convert(data_set: FixedWidthDataSet, source: str, folder: Path) -> None:
    """Convert with `pandas.read_fwf`: what cannot be read becomes a missing value."""
    frame = pd.read_fwf(source, **read_options(data_set))
    write(typed(frame, data_set), folder)


def read_options(data_set: FixedWidthDataSet) -> dict[str, Any]:
    """The arguments of `read_fwf` for the data set's layout: every field a text."""
    return {
        "colspecs": [(column.position - 1, column.end) for column in data_set.columns],
        "names": [column.name for column in data_set.columns],
        "header": None,
        "dtype": str,
        "encoding": data_set.layout.encoding,
    }


def typed(frame: pd.DataFrame, data_set: FixedWidthDataSet) -> pd.DataFrame:
    """The detail records of a frame of texts, with the data set's types as pandas has them."""
    frame = frame[frame["tipreg"] == "01"].copy()
    for column in data_set.columns:
        values = frame[column.name]
        match column.kind:
            case "int" | "bigint":
                frame[column.name] = pd.to_numeric(values, errors="coerce")
            case "decimal":
                frame[column.name] = pd.to_numeric(values, errors="coerce") / 10**column.scale
            case "date":
                frame[column.name] = pd.to_datetime(values, format="%Y%m%d", errors="coerce")
    return frame


def write(frame: pd.DataFrame, folder: Path) -> None:
    """Write the frame as Parquet, as pandas does by default."""
    frame.to_parquet(folder / "rows.parquet")
