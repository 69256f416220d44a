"""What the reader of a format is given and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.athena.catalog import Storage, Table
from infra.local.athena.objects import S3Object
from infra.local.athena.session import Session, quote_text


@dataclass(frozen=True, slots=True)
class DataFile:
    """One object of a scan on the disk."""

    number: int
    """Its number in the scan, which becomes the column `file_number`."""
    object: S3Object
    path: Path


Reader = Callable[[Session, Table, Storage, list[DataFile]], str]
"""The SELECT of a table's own columns, typed, and of `file_number`."""


def path_list(files: list[DataFile]) -> str:
    """DuckDB's list of the files."""
    return f"[{', '.join(quote_text(str(file.path)) for file in files)}]"


def file_number(files: list[DataFile]) -> str:
    """The number of the file that a row comes from; readers of DuckDB count theirs from 0."""
    if [file.number for file in files] == list(range(len(files))):
        return "file_index AS file_number"
    numbers = ", ".join(str(file.number) for file in files)
    return f"CAST([{numbers}][file_index + 1] AS UBIGINT) AS file_number"
