"""What the reader of a format is given and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.athena.catalog import Storage, Table
from infra.local.athena.objects import S3Object
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.types import Type, duckdb_type


@dataclass(frozen=True, slots=True)
class DataFile:
    """One object of a scan on the disk."""

    number: int
    """Its number in the scan, which becomes the column `file_number`."""
    object: S3Object
    path: Path


def nothing(columns: Sequence[tuple[str, Type]]) -> str:
    """The SELECT of no rows."""
    items = (f"CAST(NULL AS {duckdb_type(of)}) AS {quote_name(name)}" for name, of in columns)
    return f"SELECT {', '.join(items)} WHERE false"


Reader = Callable[[Session, Table, Storage, list[DataFile]], str]
"""The SELECT of a table's own columns, typed, and of `file_number`."""


def path_list(files: Sequence[DataFile]) -> str:
    """DuckDB's list of the files."""
    return f"[{', '.join(quote_text(str(file.path)) for file in files)}]"


def file_number(files: Sequence[DataFile]) -> str:
    """The number of the file that a row comes from; readers of DuckDB count theirs from 0."""
    if [file.number for file in files] == list(range(len(files))):
        return "file_index AS file_number"
    numbers = of_its_file([str(file.number) for file in files])
    return f"CAST({numbers} AS UBIGINT) AS file_number"


def of_its_file(values: Sequence[str]) -> str:
    """For each row the value of the file that it comes from."""
    return f"[{', '.join(values)}][CAST(file_index AS BIGINT) + 1]"
