"""polars: each line a text, of which each column takes the value at its path."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from lake.dataset import JsonColumn, JsonDataSet
from lake.dataset.json_text import path_text


def convert(data_set: JsonDataSet, source: str, folder: Path) -> None:
    """Convert with `json_path_match` and lenient casts: what cannot be read becomes NULL.

    `scan_ndjson` ends at the first line that is no JSON, whatever `ignore_errors` says. Nested
    values stay texts.
    """
    lines = pl.scan_csv(
        source,
        has_header=False,
        separator="\x01",  # no file has it: a line is one field
        quote_char=None,
        schema={"line": pl.String},
    )
    lines.select(map(_expression, data_set.columns)).sink_parquet(folder / "rows.parquet")


def _expression(column: JsonColumn) -> pl.Expr:
    text = pl.col("line").str.json_path_match(path_text(column.keys))
    match column.kind:
        case "int" | "bigint":
            value = text.cast(pl.Int64, strict=False)
        case "decimal":
            value = text.cast(pl.Decimal(column.precision, column.scale), strict=False)
        case "boolean":
            value = pl.when(text == "true").then(True).when(text == "false").then(False)
        case "date":
            value = text.str.to_date("%Y-%m-%d", strict=False)
        case "timestamp" if column.epoch:
            value = pl.from_epoch(text.cast(pl.Int64, strict=False), time_unit="ms")
        case "timestamp":
            value = text.str.to_datetime(time_zone="UTC", strict=False).dt.replace_time_zone(None)
        case _:
            value = text
    return value.alias(column.name)
