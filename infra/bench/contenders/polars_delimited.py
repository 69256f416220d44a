"""polars: fields as texts, cast on their way to Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from lake.dataset import DelimitedColumn, DelimitedDataSet


def convert(data_set: DelimitedDataSet, source: str, folder: Path) -> None:
    """Convert with `scan_csv` and lenient casts: what cannot be read becomes NULL.

    Text is UTF-8 to polars, so that it gets a copy in that.
    """
    records = pl.scan_csv(
        source,
        separator=data_set.layout.delimiter,
        infer_schema=False,
        truncate_ragged_lines=True,
        ignore_errors=True,
    )
    found = records.collect_schema().names()
    by_name = {column.header_name: column for column in data_set.columns}
    expressions = [_expression(name, by_name[name]) for name in found if name in by_name]
    missing = [
        pl.lit(None, pl.String).alias(column.name)
        for name, column in by_name.items()
        if name not in found
    ]
    records.select(*expressions, *missing).sink_parquet(folder / "rows.parquet")


def _expression(name: str, column: DelimitedColumn) -> pl.Expr:
    text = pl.col(name)
    number = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    match column.kind:
        case "int" | "bigint":
            value = number.cast(pl.Int64, strict=False)
        case "decimal":
            value = number.cast(pl.Decimal(column.precision, column.scale), strict=False)
        case "date":
            value = text.str.to_date("%d/%m/%Y", strict=False)
        case "timestamp":
            value = text.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
        case "boolean":
            value = pl.when(text == "S").then(True).when(text == "N").then(False)
        case _:
            value = text
    return value.alias(column.name)
