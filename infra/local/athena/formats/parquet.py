"""Parquet: columns by name whatever their case, NULL where an older file has none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from infra.local.athena.catalog import Column, Storage, Table
from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.formats.reader import DataFile, file_number, path_list
from infra.local.athena.session import Session, quote_name
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
    """The SELECT over the files, after each file's columns were compared with the table's."""
    _check(session, table, files)
    try:
        found = session.columns(
            f"SELECT * FROM read_parquet({path_list(files)}, union_by_name = true)"
        )
    except duckdb.Error as error:
        raise _bad_data(str(error)) from error
    physical = {name.lower(): (name, kind) for name, kind in found}
    columns = []
    for column in table.columns:
        kind = column_type(table, column.name, column.hive_type)
        if column.name in physical:
            name, source = physical[column.name]
            value = _converted(quote_name(name), source, kind)
        else:
            value = f"CAST(NULL AS {duckdb_type(kind)})"
        columns.append(f"{value} AS {quote_name(column.name)}")
    items = ", ".join([*columns, file_number(files)])
    return f"SELECT {items} FROM read_parquet({path_list(files)}, union_by_name = true)"


def _bad_data(message: str) -> QueryError:
    return QueryError("HIVE_BAD_DATA", message, error_type=ErrorType.DATA)


def _check(session: Session, table: Table, files: list[DataFile]) -> None:
    """Refuse a file whose column cannot be read as the table declares it.

    Raises:
        QueryError: HIVE_BAD_DATA with the file and the column, or that it is no Parquet at all.
    """
    wanted = {column.name: column for column in table.columns}
    for file in files:
        with file.path.open("rb") as content:
            magic = content.read(4)
        if magic != b"PAR1":
            raise _bad_data(
                f"Not valid Parquet file: {file.object.uri} expected magic number: PAR1"
                f" got: {magic.decode('latin-1')!r}"
            )
    by_path = {str(file.path): file for file in files}
    try:
        schemas = session.rows(
            "SELECT file_name, name, duckdb_type, type, num_children FROM"
            f" parquet_schema({path_list(files)}) WHERE column_id IS NOT NULL"
        )
    except duckdb.Error as error:
        raise _bad_data(str(error)) from error
    for path, column, stored in _top_level(schemas):
        declared = wanted.get(column.lower())
        if declared is not None:
            _check_column(table, declared, stored, by_path[path])


def _top_level(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[str, str, tuple[str, str]]]:
    """File, name and (DuckDB, Parquet) type of the columns themselves, not of what is in them."""
    pending: dict[str, list[int]] = {}
    for path, name, duckdb_name, physical, children in rows:
        open_groups = pending.setdefault(path, [])
        is_root = path not in pending or not open_groups
        if is_root:
            open_groups.append(children or 0)
            continue
        depth = len(open_groups)
        if depth == 1:
            yield path, name, (duckdb_name or "", physical or "group")
        open_groups[-1] -= 1
        if children:
            open_groups.append(children)
        while len(open_groups) > 1 and open_groups[-1] == 0:
            open_groups.pop()


def _check_column(table: Table, column: Column, stored: tuple[str, str], file: DataFile) -> None:
    kind = column_type(table, column.name, column.hive_type)
    duckdb_name, physical = stored
    base = duckdb_name.split("(")[0]
    if base.endswith("[]"):
        base = "LIST"
    if base not in _FITS.get(kind.name, set()):
        raise _bad_data(
            f"Field {column.name}'s type {physical} in parquet file {file.object.uri}"
            f" is incompatible with type {kind} defined in table schema"
        )


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
