"""The Arrow types that a data set's columns are converted to, and arrays of them.

Arrays are made from buffers: `pyarrow.array` imports pandas, a second and 60 MB for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.dataset import Column
from lake.dataset.column import WIDEST_INT32

BATCH_ROWS = 1 << 17
"""Rows of a batch and of a Parquet row group: what a conversion holds in memory."""

PARQUET_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "store_decimal_as_integer": True,
    "store_schema": False,  # what Parquet says of a type is what Athena reads
}


def arrow_type(column: Column) -> pa.DataType:
    """The type of a column's arrays; text comes as a dictionary, since most of it repeats."""
    match column.kind:
        case "string":
            return pa.dictionary(pa.int32(), pa.string())
        case "int":
            return pa.int32() if column.width <= WIDEST_INT32 else pa.int64()
        case "decimal":
            return pa.decimal64(column.precision, column.scale)
        case "date":
            return pa.date32()


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The schema of a batch of these columns."""
    return pa.schema(
        [pa.field(column.name, arrow_type(column), column.nullable) for column in columns]
    )


def array_of(
    values: NDArray[Any], kind: pa.DataType, present: NDArray[np.bool_] | None = None
) -> pa.Array[Any]:
    """Values of a machine type as an array, without a copy; NULL where not `present`."""
    return pa.Array.from_buffers(kind, len(values), [_bitmap(present), pa.py_buffer(values)])


def kept[T: np.generic](rows: NDArray[T], good: slice | NDArray[np.intp]) -> NDArray[T]:
    """The good rows; moved to the front of their buffer, since a copy would be another buffer."""
    if isinstance(good, slice):
        return rows[good]
    rows[: len(good)] = rows[good]
    return rows[: len(good)]


def array_of_bytes(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array[Any]:
    """Byte strings as an array of `pa.binary()`, or where they are UTF-8 of `pa.string()`."""
    there = [value or b"" for value in values]
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value) for value in there], out=offsets[1:])
    present = np.array([value is not None for value in values], np.bool_)
    buffers = [_bitmap(present), pa.py_buffer(offsets), pa.py_buffer(b"".join(there))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def distinct(array: pa.Array[Any]) -> tuple[pa.Array[Any], NDArray[np.int32]]:
    """The distinct values of an array without NULLs, and of each row which of them it has."""
    encoded: Any = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    indices: Any = np.from_dlpack(encoded.indices)
    return encoded.dictionary, indices


def _bitmap(present: NDArray[np.bool_] | None) -> pa.Buffer | None:
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
