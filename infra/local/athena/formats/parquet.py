"""Parquet of Hive: columns by name whatever their case, NULL where an older file has none."""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.athena.catalog import Column, Storage, Table
from infra.local.athena.formats.parquet_schema import AlikeFiles, StoredField, alike
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
    """The SELECT over the files, each schema that occurs among them with conversions of its own.

    Raises:
        QueryError: HIVE_BAD_DATA, a file is no Parquet.
    """
    return " UNION ALL ".join(_select(table, group) for group in alike(session, files))


def _select(table: Table, group: AlikeFiles) -> str:
    stored = {field.name.lower(): field for field in group.columns}
    values = [
        f"{_column(table, column, stored.get(column.name), group.files)}"
        f" AS {quote_name(column.name)}"
        for column in table.columns
    ]
    columns = ", ".join([*values, file_number(group.files)])
    return f"SELECT {columns} FROM read_parquet({path_list(group.files)})"


def _column(
    table: Table, column: Column, stored: StoredField | None, files: Sequence[DataFile]
) -> str:
    kind = column_type(table, column.name, column.hive_type)
    if stored is None:
        return f"CAST(NULL AS {duckdb_type(kind)})"
    if stored.kind not in _FITS.get(kind.name, set()):
        # Fails a query that reads the column, and no other.
        message = quote_text(
            f"HIVE_BAD_DATA: Field {column.name}'s type {stored.physical} in parquet file"
            f" {files[0].object.uri} is incompatible with type {kind} defined in table schema"
        )
        return f"CAST(athena_fail({message}) AS {duckdb_type(kind)})"
    return _converted(quote_name(stored.name), stored, kind)


def _converted(sql: str, stored: StoredField, to: Type) -> str:
    """A stored value as the declared type."""
    match to.name:
        case "timestamp":
            # Athena keeps milliseconds; a stored instant is shown in UTC.
            if stored.kind == "TIMESTAMP WITH TIME ZONE":
                sql = f"timezone('UTC', {sql})"
            return f"round_to_millis(CAST({sql} AS TIMESTAMP))"
        case "varchar" | "char" if stored.kind == "BLOB":
            return f"decode({sql})"
        case "char":
            return f"rpad(left({sql}, {to.precision}), {to.precision}, ' ')"
        case "varchar" if to.precision:
            return f"left({sql}, {to.precision})"
        case "varbinary" if stored.kind == "VARCHAR":
            return f"encode({sql})"
        case "array":
            name = fresh_name()
            element = _converted(name, stored.element, to.element)
            return f"list_transform({sql}, lambda {name}: {element})"
        case "map":
            return f"CAST({sql} AS {duckdb_type(to)})"
        case "row":
            fields = {field.name.lower(): field for field in stored.fields}
            parts = [
                f"{row_field(i)} := "
                + (
                    _converted(f"({sql}).{quote_name(fields[name].name)}", fields[name], item)
                    if name in fields
                    else f"CAST(NULL AS {duckdb_type(item)})"
                )
                for i, (name, item) in enumerate(zip(to.fields, to.items, strict=True))
                if name is not None
            ]
            return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"
    return f"CAST({sql} AS {duckdb_type(to)})"
