"""The Arrow types that a data set's columns are converted to, and arrays of them.

Arrays are made from buffers: `pyarrow.array` imports pandas, a second and 60 MB for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.dataset import Column

BATCH_ROWS = 1 << 17
"""Rows of a batch and of a Parquet row group: what a conversion holds in memory."""

PARQUET_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "store_decimal_as_integer": True,
    "store_schema": False,  # what Parquet says of a type is what Athena reads
}

_SAMPLE_ROWS = 4096
_MOST_DISTINCT = 1 / 2

_SCALARS: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NESTED = re.compile(r"(array|struct)<(.*)>")


def arrow_type(column: Column) -> pa.DataType:
    """The type of a column's arrays; text comes as a dictionary, since most of it repeats."""
    kind = type_of(column.glue_type)
    return pa.dictionary(pa.int32(), kind) if pa.types.is_string(kind) else kind


def type_of(glue_type: str) -> pa.DataType:
    """A type of Glue, such as `decimal(9,2)` or `struct<a:int,b:array<string>>`, as Arrow's."""
    if scalar := _SCALARS.get(glue_type):
        return scalar
    if decimal := _DECIMAL.fullmatch(glue_type):
        return pa.decimal64(int(decimal[1]), int(decimal[2]))
    nested = _NESTED.fullmatch(glue_type)
    if nested is None:
        raise ValueError(f"{glue_type!r} is no type of a column")
    if nested[1] == "array":
        return pa.list_(pa.field("element", type_of(nested[2])))
    members = (member.split(":", 1) for member in _members(nested[2]))
    return pa.struct([pa.field(name, type_of(kind)) for name, kind in members])


def _members(text: str) -> list[str]:
    """`a:int,b:struct<c:int,d:int>` cut at its own commas."""
    members, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and not depth:
            members.append("")
        else:
            members[-1] += character
    return members


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The schema of a batch of these columns."""
    return pa.schema(
        [pa.field(column.name, arrow_type(column), column.nullable) for column in columns]
    )


def with_field_ids(schema: pa.Schema, field_ids: Mapping[str, int]) -> pa.Schema:
    """A schema whose fields have Iceberg's ids in Parquet; nested ones by their dotted paths.

    An array's elements are `<array>.element`, a struct's members `<struct>.<member>`.
    """
    if not field_ids:
        return schema
    return pa.schema([_with_field_id(field, field.name, field_ids) for field in schema])


def _with_field_id(field: pa.Field[Any], path: str, field_ids: Mapping[str, int]) -> pa.Field[Any]:
    kind: Any = field.type
    if pa.types.is_list(kind):
        element = kind.value_field
        field = field.with_type(pa.list_(_with_field_id(element, f"{path}.element", field_ids)))
    elif pa.types.is_struct(kind):
        members = [_with_field_id(each, f"{path}.{each.name}", field_ids) for each in kind]
        field = field.with_type(pa.struct(members))
    return field.with_metadata({"PARQUET:field_id": str(field_ids[path])})


def array_of(
    values: NDArray[Any],
    kind: pa.DataType,
    present: NDArray[np.bool_] | None = None,
    length: int | None = None,
) -> pa.Array[Any]:
    """Values of a machine type as an array, without a copy; NULL where not `present`.

    Booleans are bits, so that their `length` is not that of `values`.
    """
    length = len(values) if length is None else length
    return pa.Array.from_buffers(kind, length, [bitmap(present), pa.py_buffer(values)])


def repeated_text(text: str, times: int) -> pa.Array[Any]:
    """A column of one text, as a dictionary."""
    values = array_of_bytes([text.encode()], pa.string())
    indices = array_of(np.zeros(times, np.int32), pa.int32())
    return pa.DictionaryArray.from_arrays(indices, values)


def kept[T: np.generic](rows: NDArray[T], good: slice | NDArray[np.intp]) -> NDArray[T]:
    """The good rows; moved to the front of their buffer, since a copy would be another buffer."""
    if isinstance(good, slice):
        return rows[good]
    rows[: len(good)] = rows[good]
    return rows[: len(good)]


def copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in memory of its own, which its reader does not overwrite."""
    return batch.take(array_of(np.arange(batch.num_rows), pa.int64()))


def array_of_bytes(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array[Any]:
    """Byte strings as an array of `pa.binary()`, or where they are UTF-8 of `pa.string()`."""
    there = [value or b"" for value in values]
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value) for value in there], out=offsets[1:])
    present = np.array([value is not None for value in values], np.bool_)
    buffers = [bitmap(present), pa.py_buffer(offsets), pa.py_buffer(b"".join(there))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def distinct(array: pa.Array[Any]) -> tuple[pa.Array[Any], NDArray[np.int32]]:
    """The distinct values of an array without NULLs, and of each row which of them it has."""
    encoded: Any = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    indices: Any = np.from_dlpack(encoded.indices)
    return encoded.dictionary, indices


def dictionary_columns(rows: pa.Table) -> Any:  # list[str], which the writer's stubs do not know
    """The columns that Parquet should build a dictionary for: text that repeats, or is nested.

    By the first rows: where most texts differ, the dictionary would be dropped after its cost.
    Numbers are as small without it, and written sooner. Nested columns are named by the paths of
    their leaves in Parquet.
    """
    paths: list[str] = []
    for field, column in zip(rows.schema, rows.columns, strict=True):
        if pa.types.is_nested(field.type):
            paths += _text_paths(field.type, field.name)
        elif _repeats(column):
            paths.append(field.name)
    return paths


def _text_paths(kind: Any, path: str) -> Iterator[str]:
    if pa.types.is_list(kind):
        yield from _text_paths(kind.value_type, f"{path}.list.element")
    elif pa.types.is_struct(kind):
        for member in kind:
            yield from _text_paths(member.type, f"{path}.{member.name}")
    elif pa.types.is_string(kind):
        yield path


def _repeats(column: pa.ChunkedArray[Any]) -> bool:
    if not pa.types.is_string(column.type):
        return pa.types.is_dictionary(column.type)
    sample = column.slice(0, _SAMPLE_ROWS)
    return pc.count_distinct(sample).as_py() <= len(sample) * _MOST_DISTINCT


def bitmap(present: NDArray[np.bool_] | None) -> pa.Buffer | None:
    """Arrow's bits of which values are there; None where all are."""
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
