"""DuckDB in one pass: fields as texts, cast by SQL; lines that it cannot cut are left out."""

from __future__ import annotations

from pathlib import Path

import duckdb
from lake.dataset import DelimitedColumn, DelimitedDataSet


def convert(data_set: DelimitedDataSet, source: str, folder: Path) -> None:
    """Convert with `read_csv`, `ignore_errors` and `try_cast`: what cannot be read becomes NULL.

    It has no cp1252 of its own, so that it gets a copy in UTF-8. In its strict mode, one quote that
    is never closed costs half of the file.
    """
    fields = ", ".join(
        f"{_expression(column)} AS {column.name}"
        for column in data_set.columns
        if not column.optional
    )
    missing = "".join(
        f", NULL::VARCHAR AS {column.name}" for column in data_set.columns if column.optional
    )
    records = (
        "read_csv($source, header=true, all_varchar=true, ignore_errors=true, strict_mode=false, "
        f"delim='{data_set.layout.delimiter}', quote='\"', escape='\"')"
    )
    # It would take as many threads as the machine has cores, not the process.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (SELECT {fields}{missing} FROM {records}) TO $target (FORMAT parquet)",  # noqa: S608  # the data set's own names
            {"source": source, "target": str(folder / "rows.parquet")},
        )


def _expression(column: DelimitedColumn) -> str:
    text = f'"{column.header_name}"'
    number = f"replace(replace({text}, '.', ''), ',', '.')"
    match column.kind:
        case "int" | "bigint":
            return f"try_cast({number} AS BIGINT)"
        case "decimal":
            return f"try_cast({number} AS DECIMAL({column.precision},{column.scale}))"
        case "date":
            return f"try_strptime({text}, '%d/%m/%Y')::DATE"
        case "timestamp":
            return f"try_strptime({text}, '%Y-%m-%d %H:%M:%S')"
        case "boolean":
            return f"CASE {text} WHEN 'S' THEN true WHEN 'N' THEN false END"
        case _:
            return text
