"""What a contender made of a file, compared record by record with what the file holds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from lake.dataset import DataSet

from infra.bench.contenders.encoding import row_files

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What stands in the Parquet files of one conversion."""

    exact: int
    """Good records with all of their values."""
    altered: int
    """Good records with other values in one column or more."""
    bad_as_rows: int
    """Rows that are no good record, or repeat one."""
    kept: int
    """Bad records kept beside the rows."""
    amount: Decimal
    """Summed over all rows, to the cent."""

    @property
    def rows(self) -> int:
        """All of them, right or wrong."""
        return self.exact + self.altered + self.bad_as_rows


def inspect(folder: Path, *, truth: Path | None, data_set: DataSet, amount: str) -> Outcome:
    """Count what a conversion left in `folder`.

    Args:
        truth: the Parquet files of exactly the good records; None where `folder` itself has them,
            which the caller finds true or not by the counts.
        amount: the column to sum.
    """
    found = _parquet(folder)
    kept = sum(
        pq.read_metadata(path).num_rows
        for path in folder.rglob("*.parquet")
        if path not in row_files(folder)
    )
    with duckdb.connect() as connection:
        total, rows = connection.execute(
            f"SELECT sum(try_cast({amount} AS DECIMAL(38,6))), count(*) FROM {found}"  # noqa: S608  # the data set's own names
        ).fetchall()[0]
        exact = present = rows
        if truth:
            _hash(connection, "truth", _parquet(truth), data_set)
            _hash(connection, "found", found, data_set)
            present, exact = (_shared(connection, "id"), _shared(connection, "id, content"))
    return Outcome(
        exact=exact,
        altered=present - exact,
        bad_as_rows=rows - present,
        kept=kept,
        amount=Decimal(total or 0).quantize(_CENT),
    )


def _hash(connection: duckdb.DuckDBPyConnection, name: str, source: str, data_set: DataSet) -> None:
    """A table of each row's identity and content, with its values as the data set types them.

    What a reader gave as another type counts as equal where a cast gives the same value: a float
    for a decimal does, as long as it is near enough. Nested columns are not compared.
    """
    values = {
        column.name: f'try_cast("{column.name}" AS {_duckdb_type(column.glue_type)})'
        for column in data_set.columns
        if "<" not in column.glue_type
    }
    identity = ", ".join(values[key] for key in data_set.keys or values)
    content = ", ".join(values.values())
    connection.execute(
        f"CREATE TEMP TABLE {name} AS "  # noqa: S608  # the data set's own names
        f"SELECT hash({identity}) AS id, hash({content}) AS content FROM {source}"
    )


def _shared(connection: duckdb.DuckDBPyConnection, names: str) -> int:
    """How many different values of these columns both tables have."""
    shared = f"SELECT DISTINCT {names} FROM found SEMI JOIN truth USING ({names})"  # noqa: S608  # two literals
    [[count]] = connection.execute(f"SELECT count(*) FROM ({shared})").fetchall()  # noqa: S608
    return int(count)


def _duckdb_type(glue_type: str) -> str:
    return {"string": "VARCHAR", "int": "INTEGER"}.get(glue_type, glue_type.upper())


def _parquet(folder: Path) -> str:
    paths = ", ".join(f"'{path}'" for path in row_files(folder))
    return f"read_parquet([{paths}], hive_partitioning=false)"
