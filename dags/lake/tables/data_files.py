"""Parts as Iceberg lists them: with their partition, sizes, and bounds for pruning."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    NestedField,
    PrimitiveType,
    StringType,
)
from pyiceberg.utils.decimal import unscaled_to_decimal
from pyiceberg.utils.truncate import (
    truncate_upper_bound_binary_string,
    truncate_upper_bound_text_string,
)

from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import UNKNOWN_LAST, Part
from lake.tables.objects import split_uri
from lake.tables.parquet import open_parquet
from lake.tables.table import THREADS, Warehouse

BOUND_CHARACTERS = 16
"""Longer text is cut in the bounds, as Iceberg's writers do by default."""

_EPOCH = date(1970, 1, 1)
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def data_files(table: Table, warehouse: Warehouse, parts: Iterable[Part]) -> list[DataFile]:
    """Parts as the table's manifests list them; reads the footer of each."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda part: _data_file(table, warehouse, part), parts))


def _data_file(table: Table, warehouse: Warehouse, part: Part) -> DataFile:
    with open_parquet(warehouse, part.key, size_bytes=part.size_bytes) as file:
        footer = file.metadata
    schema = table.schema()
    sizes, counts, nulls, lower, upper = _statistics(footer, schema)
    source_key = schema.find_field(SOURCE_KEY)
    lower[source_key.field_id] = part.first_source_key.encode()
    if part.last_source_key != UNKNOWN_LAST:
        upper[source_key.field_id] = part.last_source_key.encode()
    made = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=f"s3://{warehouse.bucket}/{part.key}",
        file_format=FileFormat.PARQUET,
        partition=_partition_record(table, part.partition),
        record_count=footer.num_rows,
        file_size_in_bytes=part.size_bytes,
        column_sizes=sizes,
        value_counts=counts,
        null_value_counts=nulls,
        nan_value_counts={},
        lower_bounds=lower,
        upper_bounds=upper,
        split_offsets=[_first_byte(footer.row_group(n)) for n in range(footer.num_row_groups)],
        sort_order_id=None,
        equality_ids=None,
        key_metadata=None,
    )
    made.spec_id = table.spec().spec_id
    return made


def part_of(table: Table, listed: DataFile) -> Part:
    """A part as a manifest lists it."""
    source_key = table.schema().find_field(SOURCE_KEY).field_id
    lower, upper = (listed.lower_bounds or {}), (listed.upper_bounds or {})
    last = upper.get(source_key)
    return Part(
        key=split_uri(listed.file_path)[1],
        partition=_partition_values(table, listed),
        rows=listed.record_count,
        size_bytes=listed.file_size_in_bytes,
        first_source_key=lower.get(source_key, b"").decode(errors="replace"),
        last_source_key=UNKNOWN_LAST if last is None else last.decode(errors="replace"),
    )


def _partition_record(table: Table, partition: dict[str, str]) -> Record:
    values: list[Any] = []
    for field in table.spec().fields:
        kind = table.schema().find_type(field.source_id)
        text = partition[field.name]
        if isinstance(kind, DateType):
            values.append((date.fromisoformat(text) - _EPOCH).days)
        else:
            values.append(text if isinstance(kind, StringType) else int(text))
    return Record(*values)


def _partition_values(table: Table, listed: DataFile) -> dict[str, str]:
    values = {}
    spec = table.specs()[listed.spec_id]
    for index, field in enumerate(spec.fields):
        value = listed.partition[index]
        if value is not None and isinstance(table.schema().find_type(field.source_id), DateType):
            value = (_EPOCH + timedelta(days=value)).isoformat()
        values[field.name] = _NULL_PARTITION if value is None else str(value)
    return values


type _Statistics = tuple[
    dict[int, int], dict[int, int], dict[int, int], dict[int, bytes], dict[int, bytes]
]


def _statistics(footer: pq.FileMetaData, schema: Schema) -> _Statistics:
    """Sizes, counts, NULLs, lower and upper bounds by field id, of the columns without fields.

    A bound is left out where one row group does not give it.
    """
    sizes: dict[int, int] = {}
    counts: dict[int, int] = {}
    nulls: dict[int, int] = {}
    bounds: dict[int, list[Any]] = {}
    silent: set[int] = set()
    fields = _fields(footer, schema)
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for index in range(footer.num_columns):
            chunk = group.column(index)
            field = fields.get(chunk.path_in_schema)
            if field is None:
                continue
            key, said = field.field_id, chunk.statistics
            sizes[key] = sizes.get(key, 0) + chunk.total_compressed_size
            counts[key] = counts.get(key, 0) + chunk.num_values
            if said is None or said.null_count is None:
                silent.add(key)
                continue
            nulls[key] = nulls.get(key, 0) + said.null_count
            if said.has_min_max:
                bounds.setdefault(key, []).extend(_min_max(field.field_type, said))
            elif said.null_count < chunk.num_values:
                silent.add(key)
    kinds = {key: schema.find_type(key) for key in bounds if key not in silent}
    lower = {key: _lower_bound(kind, bounds[key]) for key, kind in kinds.items()}
    upper = {key: _upper_bound(kind, bounds[key]) for key, kind in kinds.items()}
    known_nulls = {key: count for key, count in nulls.items() if key not in silent}
    known_upper = {key: bound for key, bound in upper.items() if bound is not None}
    return sizes, counts, known_nulls, lower, known_upper


def _fields(footer: pq.FileMetaData, schema: Schema) -> dict[str, NestedField]:
    """The table's columns by their name in the file: by field id, or by name where it has none."""
    found = {}
    for column in footer.schema.to_arrow_schema():
        field_id = (column.metadata or {}).get(b"PARQUET:field_id")
        for field in schema.fields:
            same = (
                field.name == column.name if field_id is None else field.field_id == int(field_id)
            )
            if same and isinstance(field.field_type, PrimitiveType):
                found[column.name] = field
    return found


def _min_max(kind: Any, said: Any) -> tuple[Any, Any]:
    if isinstance(kind, DecimalType) and said.physical_type in ("INT32", "INT64"):
        return (
            unscaled_to_decimal(said.min_raw, kind.scale),
            unscaled_to_decimal(said.max_raw, kind.scale),
        )
    return said.min, said.max


def _lower_bound(kind: Any, values: list[Any]) -> bytes:
    value = min(values)
    return to_bytes(kind, value[:BOUND_CHARACTERS] if isinstance(value, str | bytes) else value)


def _upper_bound(kind: Any, values: list[Any]) -> bytes | None:
    value = max(values)
    if isinstance(kind, StringType):
        value = truncate_upper_bound_text_string(value, BOUND_CHARACTERS)
    elif isinstance(kind, BinaryType):
        value = truncate_upper_bound_binary_string(value, BOUND_CHARACTERS)
    return None if value is None else to_bytes(kind, value)


def _first_byte(group: pq.RowGroupMetaData) -> int:
    first = group.column(0)
    dictionary = first.dictionary_page_offset
    return first.data_page_offset if dictionary is None else min(dictionary, first.data_page_offset)
