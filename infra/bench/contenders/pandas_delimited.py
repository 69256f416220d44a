"""pandas, as it is usually written: a frame, typed column by column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from lake.dataset import DelimitedDataSet


def convert(data_set: DelimitedDataSet, source: str, folder: Path) -> None:
    """Convert with `pandas.read_csv`: lines that it cannot cut are skipped, values coerced."""
    write(typed(pd.read_csv(source, **read_options(data_set)), data_set), folder)


def read_options(data_set: DelimitedDataSet) -> dict[str, Any]:
    """The arguments of `read_csv`: a byte that is no character must not end it all."""
    layout = data_set.layout
    return {
        "sep": layout.delimiter,
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "encoding": layout.encoding,
        "encoding_errors": "replace",
        "on_bad_lines": "skip",
    }


def typed(frame: pd.DataFrame, data_set: DelimitedDataSet) -> pd.DataFrame:
    """A frame of texts with the data set's names and types, as pandas has them."""
    result = pd.DataFrame(index=frame.index)
    for column in data_set.columns:
        if column.header_name not in frame:
            result[column.name] = None
            continue
        texts = frame[column.header_name]
        numbers = texts.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        match column.kind:
            case "int" | "bigint" | "decimal":
                result[column.name] = pd.to_numeric(numbers, errors="coerce")
            case "date":
                result[column.name] = pd.to_datetime(texts, format="%d/%m/%Y", errors="coerce")
            case "timestamp":
                result[column.name] = pd.to_datetime(texts, errors="coerce")
            case "boolean":
                result[column.name] = texts.map({"S": True, "N": False})
            case _:
                result[column.name] = texts
    return result


def write(frame: pd.DataFrame, folder: Path) -> None:
    """Write the frame as Parquet, as pandas does by default."""
    frame.to_parquet(folder / "rows.parquet")
