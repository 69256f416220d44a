"""pandas, as it is usually written: each line loaded, a frame normalized and typed by column."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd
from lake.dataset import JsonDataSet


def convert(data_set: JsonDataSet, source: str, folder: Path) -> None:
    """Convert with `json.loads` and `json_normalize`: what is no JSON is skipped, values coerced.

    `pandas.read_json` ends at the first line that is none.
    """
    records = []
    with Path(source).open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(json.JSONDecodeError):
                records.append(json.loads(line))
    most_levels = max(len(column.keys) for column in data_set.columns) - 1
    frame = pd.json_normalize(records, max_level=most_levels)
    result = pd.DataFrame(index=frame.index)
    for column in data_set.columns:
        path = ".".join(map(str, column.keys))
        if column.kind in ("struct", "array"):  # it would have taken structs apart
            result[column.name] = [record.get(path) for record in records]
            continue
        values = frame[path]
        match column.kind:
            case "int" | "bigint" | "decimal":
                result[column.name] = pd.to_numeric(values, errors="coerce")
            case "date":
                result[column.name] = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
            case "timestamp":
                if column.epoch:
                    values = pd.to_numeric(values, errors="coerce") * 1_000_000
                times = pd.to_datetime(values, utc=True, errors="coerce")
                result[column.name] = times.dt.tz_localize(None)
            case _:
                result[column.name] = values
    result.to_parquet(folder / "rows.parquet")
