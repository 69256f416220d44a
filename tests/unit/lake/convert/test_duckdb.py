"""No row differs from what DuckDB reads of the good records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from lake.convert import convert
from lake.dataset import FixedWidthColumn, FixedWidthDataSet

from infra.samples.cotahist import write_quotes


def expression(column: FixedWidthColumn) -> str:
    """The column in DuckDB's SQL, of a `line`; decimals exactly."""
    text = f"substr(line, {column.position}, {column.width})"
    match column.kind:
        case "string":
            value = f"nullif(rtrim({text}, ' '), '')"
        case "date":
            value = f"strptime({text}, '%Y%m%d')::DATE"
        case "decimal":
            value = f"({text}::BIGINT::DECIMAL(38,6) / {10**column.scale})::{column.type}"
        case _:
            value = f"nullif(trim({text}), '')::{'BIGINT' if column.width > 9 else 'INTEGER'}"
    return f"{value} AS {column.name}"


@pytest.mark.parametrize("seed", range(2))
def test_rows_are_those_that_duckdb_reads(
    seed: int, quotes: FixedWidthDataSet, tmp_path: Path
) -> None:
    """Every column of every good record of a generated day, in both directions."""
    source = tmp_path / "quotes.txt"
    write_quotes(source, trading_day=date(2024, 2, 29), rows=5000, malformed=40, seed=seed)
    with source.open("rb") as stream:
        conversion = convert(quotes, stream, folder=tmp_path / "out")
    assert conversion.counts.rows == 5000
    columns = ", ".join(expression(column) for column in quotes.columns)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            CREATE VIEW numbered AS
            SELECT line, row_number() OVER () AS line_number
            FROM read_csv('{source}', columns={{'line': 'VARCHAR'}}, header=false,
                          delim='\x01', quote='', escape='', encoding='latin-1',
                          auto_detect=false)
            """
        )
        connection.execute(
            f"""
            CREATE TABLE expected AS SELECT {columns} FROM numbered
            WHERE line[1:2] = '01' AND line_number NOT IN
                (SELECT line_number FROM '{tmp_path}/out/rejects/*.parquet')
            """
        )
        parts = f"{tmp_path}/out/data=*/*.parquet"
        connection.execute(f"CREATE VIEW found AS SELECT * EXCLUDE (source_key) FROM '{parts}'")
        for one, other in (("expected", "found"), ("found", "expected")):
            differing = connection.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall()
            assert differing == []
        assert connection.execute("SELECT count(*) FROM expected").fetchall() == [(5000,)]
