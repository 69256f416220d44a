"""polars: each line a text, cut and cast on its way to Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from lake.dataset import FixedWidthColumn, FixedWidthDataSet


def convert(data_set: FixedWidthDataSet, source: str, folder: Path) -> None:
    """Convert with `scan_csv` and lenient casts: what cannot be read becomes NULL.

    Text is UTF-8 to polars: other bytes are replaced, one character for each.
    """
    lines = pl.scan_csv(
        source,
        has_header=False,
        separator="\x01",  # no file has it: a line is one field
        quote_char=None,
        schema={"line": pl.String},
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    ).filter(pl.col("line").str.slice(0, 2) == "01")
    lines.select(_expression(column) for column in data_set.columns).sink_parquet(
        folder / "rows.parquet"
    )


def _expression(column: FixedWidthColumn) -> pl.Expr:
    text = pl.col("line").str.slice(column.position - 1, column.width)
    match column.kind:
        case "int" | "bigint":
            value = text.cast(pl.Int64, strict=False)
        case "decimal":
            whole = column.width - column.scale
            point = pl.concat_str(text.str.slice(0, whole), pl.lit("."), text.str.slice(whole))
            value = point.cast(pl.Decimal(column.precision, column.scale), strict=False)
        case "date":
            value = text.str.to_date("%Y%m%d", strict=False)
        case _:
            trimmed = text.str.strip_chars_end(" ")
            value = pl.when(trimmed != "").then(trimmed)
    return value.alias(column.name)
