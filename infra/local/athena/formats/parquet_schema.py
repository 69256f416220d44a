"""The schemas that Parquet files carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.formats.reader import DataFile, path_list
from infra.local.athena.session import Session

_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class StoredField:
    """A column of a file, or what is nested in one."""

    name: str
    field_id: int | None
    """By which Iceberg knows it, whatever its name."""
    duckdb_type: str
    physical: str
    """Parquet's own type, `group` for what has fields."""
    fields: tuple[StoredField, ...]

    @property
    def kind(self) -> str:
        """DuckDB's type without its parameters: `DECIMAL`, `LIST`."""
        base = self.duckdb_type.split("(")[0]
        return "LIST" if self.duckdb_type.endswith("[]") else base

    @property
    def element(self) -> StoredField:
        """What a list holds: below a repeated group, but in files of old writers."""
        (repeated,) = self.fields
        return repeated.fields[0] if len(repeated.fields) == 1 else repeated


def bad_data(message: str) -> QueryError:
    """A file is not what its table says."""
    return QueryError("HIVE_BAD_DATA", message, error_type=ErrorType.DATA)


@dataclass(frozen=True, slots=True)
class AlikeFiles:
    """Files with the same columns."""

    columns: tuple[StoredField, ...]
    files: list[DataFile]


def alike(session: Session, files: Sequence[DataFile]) -> list[AlikeFiles]:
    """The files by their schema.

    Raises:
        QueryError: HIVE_BAD_DATA, a file is no Parquet.
    """
    if not files:
        return []
    for file in files:
        with file.path.open("rb") as content:
            magic = content.read(len(_MAGIC))
        if magic != _MAGIC:
            raise bad_data(
                f"Not valid Parquet file: {file.object.uri} expected magic number: PAR1"
                f" got: {magic.decode('latin-1')!r}"
            )
    by_path = {str(file.path): file for file in files}
    try:
        # A schema is a list of its fields, depth first, each with the number of its children.
        rows = session.rows(
            "SELECT fields, list(file_name) FROM (SELECT file_name, list(row(name, field_id,"
            " duckdb_type, type, num_children) ORDER BY column_id) AS fields"
            f" FROM parquet_schema({path_list(files)}) GROUP BY file_name) GROUP BY fields"
        )
    except duckdb.Error as error:
        raise bad_data(str(error)) from error
    groups = [
        AlikeFiles(
            _field(iter(fields)).fields,
            sorted((by_path[path] for path in paths), key=lambda file: file.number),
        )
        for fields, paths in rows
    ]
    return sorted(groups, key=lambda group: group.files[0].number)


def _field(
    rows: Iterator[tuple[str, int | None, str | None, str | None, int | None]],
) -> StoredField:
    name, field_id, duckdb_type, physical, children = next(rows)
    fields = tuple(_field(rows) for _ in range(children or 0))
    return StoredField(name, field_id, duckdb_type or "", physical or "group", fields)
