"""Columns of a file as those of a table: matched by field id, so that a name may have changed.

Source: https://iceberg.apache.org/spec/#column-projection and #schema-evolution
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyiceberg import types as iceberg
from pyiceberg.table.name_mapping import MappedField, NameMapping

from infra.local.athena.errors import unsupported
from infra.local.athena.formats.parquet_schema import StoredField
from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.session import quote_name
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import duckdb_type, row_field


def with_ids(
    columns: Sequence[StoredField], mapping: NameMapping | None, table: str
) -> dict[int, StoredField]:
    """The columns of a file by field id; a file without ids has them by the table's name mapping.

    Raises:
        QueryError: NOT_SUPPORTED, the file has no ids and the table no mapping.
    """
    if all(column.field_id is None for column in columns):
        if mapping is None:
            raise unsupported(f"a file without field ids in a table without name mapping ({table})")
        columns = _mapped(columns, mapping.root)
    return {column.field_id: column for column in columns if column.field_id is not None}


def _mapped(columns: Sequence[StoredField], names: Sequence[MappedField]) -> list[StoredField]:
    by_name = {name: field for field in names for name in field.names}
    result = []
    for column in columns:
        found = by_name.get(column.name)
        if found is not None:
            fields = tuple(_mapped(column.fields, found.fields))
            result.append(replace(column, field_id=found.field_id, fields=fields))
        elif column.field_id is None and column.physical == "group":
            # The repeated group of a list or a map, which no mapping names.
            result.append(replace(column, fields=tuple(_mapped(column.fields, names))))
    return result


def converted(sql: str, stored: StoredField, to: iceberg.IcebergType) -> str:
    """A stored value as the table's type, to which the stored one was promoted, if it differs."""
    match to:
        case iceberg.StructType():
            fields = {field.field_id: field for field in stored.fields}
            parts = [
                f"{row_field(i)} := {_member(sql, fields.get(field.field_id), field)}"
                for i, field in enumerate(to.fields)
            ]
            return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"
        case iceberg.ListType():
            name = fresh_name()
            element = converted(name, stored.element, to.element_type)
            return f"list_transform({sql}, lambda {name}: {element})"
        case iceberg.MapType():
            return _map(sql, stored, to)
        case iceberg.StringType() if stored.kind == "BLOB":
            return f"decode({sql})"
        case iceberg.BinaryType() if stored.kind == "VARCHAR":
            return f"encode({sql})"
        case iceberg.TimestampType() if stored.kind == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {sql})"
    return f"CAST({sql} AS {duckdb_type(athena_type(to))})"


def _member(sql: str, stored: StoredField | None, field: iceberg.NestedField) -> str:
    if stored is None:
        return f"CAST(NULL AS {duckdb_type(athena_type(field.field_type))})"
    return converted(f"({sql}).{quote_name(stored.name)}", stored, field.field_type)


def _map(sql: str, stored: StoredField, to: iceberg.MapType) -> str:
    name = fresh_name()
    (entries,) = stored.fields
    key, value = entries.fields
    pair = (
        f"row({converted(f'{name}.key', key, to.key_type)},"
        f" {converted(f'{name}.value', value, to.value_type)})"
    )
    items = f"list_transform(map_entries({sql}), lambda {name}: {pair})"
    return f"CAST(map_from_entries({items}) AS {duckdb_type(athena_type(to))})"
