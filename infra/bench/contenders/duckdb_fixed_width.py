"""DuckDB in one pass: each line a text, cut and cast by SQL on its way to Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb
from lake.dataset import FixedWidthColumn, FixedWidthDataSet


def convert(data_set: FixedWidthDataSet, source: str, folder: Path) -> None:
    """Convert with DuckDB's `read_csv` and `try_cast`: what cannot be read becomes NULL."""
    fields = ", ".join(f"{_expression(column)} AS {column.name}" for column in data_set.columns)
    lines = (
        "read_csv($source, columns={line: 'VARCHAR'}, auto_detect=false, header=false, "
        "delim='', quote='', escape='', encoding='latin-1')"
    )
    # It would take as many threads as the machine has cores, not the process.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (SELECT {fields} FROM {lines} WHERE substr(line, 1, 2) = '01') "  # noqa: S608  # the data set's own names
            "TO $target (FORMAT parquet)",
            {"source": source, "target": str(folder / "rows.parquet")},
        )


def _expression(column: FixedWidthColumn) -> str:
    text = f"substr(line, {column.position}, {column.width})"
    match column.kind:
        case "int" | "bigint":
            return f"try_cast({text} AS BIGINT)"
        case "decimal":
            whole = column.width - column.scale
            units = f"substr(line, {column.position}, {whole})"
            fraction = f"substr(line, {column.position + whole}, {column.scale})"
            kind = f"DECIMAL({column.precision}, {column.scale})"
            return f"try_cast(concat({units}, '.', {fraction}) AS {kind})"
        case "date":
            return f"try_strptime({text}, '%Y%m%d')::DATE"
        case _:
            return f"nullif(rtrim({text}), '')"
