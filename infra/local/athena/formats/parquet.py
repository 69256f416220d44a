"""Parquet: columns by name whatever their case, NULL where an older file has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from infra.local.athena.catalog import Storage, Table
from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.formats.reader import DataFile, file_number, path_list
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.named import column_type
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import Type, duckdb_type, row_field

_DUCKDB_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FITS: dict[str, set[str]] = {
    "boolean": {"BOOLEAN"},
    "tinyint": _DUCKDB_INTEGERS,
    "smallint": _DUCKDB_INTEGERS,
    "integer": _DUCKDB_INTEGERS,
    "bigint": _DUCKDB_INTEGERS | {"UBIGINT"},
    "real": {"FLOAT"},
    "double": {"DOUBLE", "FLOAT"},
    "decimal": {"DECIMAL", *_DUCKDB_INTEGERS},
    "varchar": {"VARCHAR", "BLOB", "UUID", "JSON", "ENUM"},
    "char": {"VARCHAR", "BLOB"},
    "varbinary": {"BLOB", "VARCHAR"},
    "date": {"DATE"},
    "timestamp": {
        "TIMESTAMP",
        "TIMESTAMP_S",
        "TIMESTAMP_MS",
        "TIMESTAMP_NS",
        "TIMESTAMP WITH TIME ZONE",
    },
    "array": {"LIST"},
    "map": {"MAP"},
    "row": {"STRUCT"},
}


def read(session: Session, table: Table, _: Storage, files: list[DataFile]) -> str:
    """The SELECT over the files, after each file's columns were compared with the table's.

    Raises:
        QueryError: HIVE_BAD_DATA, a file is no Parquet.
    """
    misfits = _misfits(session, table, files)
    source = f"read_parquet({path_list(files)}, union_by_name = true)"
    physical = {
        name.lower(): (name, kind) for name, kind in session.columns(f"SELECT * FROM {source}")
    }
    columns = []
    for column in table.columns:
        kind = column_type(table, column.name, column.hive_type)
        if column.name in misfits:
            # Fails a query that reads the column, and no other.
            message = quote_text(f"HIVE_BAD_DATA: {misfits[column.name]}")
            value = f"CAST(athena_fail({message}) AS {duckdb_type(kind)})"
        elif column.name in physical:
            name, stored = physical[column.name]
            value = _converted(quote_name(name), stored, kind)
        else:
            value = f"CAST(NULL AS {duckdb_type(kind)})"
        columns.append(f"{value} AS {quote_name(column.name)}")
    return f"SELECT {', '.join([*columns, file_number(files)])} FROM {source}"


def _bad_data(message: str) -> QueryError:
    return QueryError("HIVE_BAD_DATA", message, error_type=ErrorType.DATA)


def _misfits(session: Session, table: Table, files: list[DataFile]) -> dict[str, str]:
    """The columns that a file stores as another type than the table declares, and what to say."""
    for file in files:
        with file.path.open("rb") as content:
            magic = content.read(4)
        if magic != b"PAR1":
            raise _bad_data(
                f"Not valid Parquet file: {file.object.uri} expected magic number: PAR1"
                f" got: {magic.decode('latin-1')!r}"
            )
    wanted = {column.name: column for column in table.columns}
    by_path = {str(file.path): file for file in files}
    try:
        schemas = session.rows(
            "SELECT file_name, name, duckdb_type, type, num_children FROM"
            f" parquet_schema({path_list(files)}) WHERE column_id IS NOT NULL"
        )
    except duckdb.Error as error:
        raise _bad_data(str(error)) from error
    misfits: dict[str, str] = {}
    for path, name, stored, physical in _top_level(schemas):
        column = wanted.get(name.lower())
        if column is None:
            continue
        kind = column_type(table, column.name, column.hive_type)
        if stored not in _FITS.get(kind.name, set()):
            misfits[column.name] = (
                f"Field {column.name}'s type {physical} in parquet file"
                f" {by_path[path].object.uri} is incompatible with type {kind}"
                " defined in table schema"
            )
    return misfits


def _top_level(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, str, str, str]]:
    """File, name, DuckDB's and Parquet's type of the columns, not of what is nested in them.

    A schema is listed depth first, each group with the number of its children.
    """
    remaining: dict[str, list[int]] = {}
    for path, name, duckdb_name, physical, children in rows:
        groups = remaining.setdefault(path, [])
        if len(groups) == 1:
            base = (duckdb_name or "").split("(")[0]
            yield path, name, "LIST" if base.endswith("[]") else base, physical or "group"
        if groups:
            groups[-1] -= 1
        groups.append(children or 0)
        while len(groups) > 1 and groups[-1] == 0:
            groups.pop()


def _converted(sql: str, source: Any, to: Type) -> str:
    """A stored value as the declared type."""
    match to.name:
        case "timestamp":
            # Athena keeps milliseconds; a stored instant is shown in UTC.
            if str(source) == "TIMESTAMP WITH TIME ZONE":
                sql = f"timezone('UTC', {sql})"
            return f"round_to_millis(CAST({sql} AS TIMESTAMP))"
        case "varchar" | "char" if str(source) == "BLOB":
            return f"decode({sql})"
        case "char":
            return f"rpad(left({sql}, {to.precision}), {to.precision}, ' ')"
        case "varchar" if to.precision:
            return f"left({sql}, {to.precision})"
        case "varbinary" if str(source) == "VARCHAR":
            return f"encode({sql})"
        case "array":
            name, (_, element) = fresh_name(), source.children[0]
            return f"list_transform({sql}, lambda {name}: {_converted(name, element, to.element)})"
        case "map":
            return f"CAST({sql} AS {duckdb_type(to)})"
        case "row":
            stored = {name.lower(): (name, kind) for name, kind in source.children}
            parts = [
                f"{row_field(i)} := "
                + (
                    _converted(f"({sql}).{quote_name(stored[name][0])}", stored[name][1], item)
                    if name in stored
                    else f"CAST(NULL AS {duckdb_type(item)})"
                )
                for i, (name, item) in enumerate(zip(to.fields, to.items, strict=True))
                if name is not None
            ]
            return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"
    return f"CAST({sql} AS {duckdb_type(to)})"
