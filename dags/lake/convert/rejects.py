"""The records that could not be converted, kept whole, with where they stood and why."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.convert.arrow import PARQUET_OPTIONS, array_of, array_of_bytes

ROW_GROUP_ROWS = 4096
MOST_RAW_BYTES = 4 << 20
"""Of raw records held in memory until they are written."""


class Reason(StrEnum):
    """Why a record was rejected."""

    RECORD_LENGTH = "record_length"
    """The line is longer or shorter than a record."""
    RECORD_TYPE = "record_type"
    """No record of the layout has this type."""
    MISPLACED_HEADER = "misplaced_header"
    """A header that is not the first line."""
    AFTER_TRAILER = "after_trailer"
    BLANK = "blank"
    """Nothing but spaces, in a column that is not nullable."""
    NOT_A_NUMBER = "not_a_number"
    NOT_A_DATE = "not_a_date"
    CONTROL_CHARACTER = "control_character"
    ENCODING = "encoding"
    """Bytes that are no text in the file's encoding."""


class Reject(NamedTuple):
    """One rejected line."""

    line_number: int
    """From 1."""
    byte_offset: int
    """Of the line's first byte in the file."""
    length_bytes: int
    """Without its line end; more than `raw` has where the line is too long to be kept whole."""
    reason: Reason
    column_name: str | None
    """The first column that cannot be read; None where the line as a whole is wrong."""
    raw: bytes
    """The line as it is in the file, without its line end."""


_FIELDS: list[pa.Field[Any]] = [
    pa.field("line_number", pa.int64(), nullable=False),
    pa.field("byte_offset", pa.int64(), nullable=False),
    pa.field("length_bytes", pa.int64(), nullable=False),
    pa.field("reason", pa.string(), nullable=False),
    pa.field("column_name", pa.string()),
    pa.field("raw", pa.binary(), nullable=False),
]
SCHEMA = pa.schema(_FIELDS)


class Rejects:
    """Writes rejected records to a Parquet file, which is made with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._pending: list[Reject] = []
        self._pending_bytes = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pending:
            self._write()
        if self._writer:
            self._writer.close()

    def extend(self, rejects: list[Reject]) -> None:
        """Add rejects in any order, which all stand after those that were added before."""
        for reject in sorted(rejects):
            self._pending.append(reject)
            self._pending_bytes += len(reject.raw)
            self.reasons[reject.reason.value] += 1
            if len(self._pending) == ROW_GROUP_ROWS or self._pending_bytes >= MOST_RAW_BYTES:
                self._write()
        self.count += len(rejects)

    def _write(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, SCHEMA, **PARQUET_OPTIONS)
        *integers, reasons, names, raw = zip(*self._pending, strict=True)
        columns = [
            *(array_of(np.array(values, np.int64), pa.int64()) for values in integers),
            array_of_bytes([reason.encode() for reason in reasons], pa.string()),
            array_of_bytes([name and name.encode() for name in names], pa.string()),
            array_of_bytes(raw, pa.binary()),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
        self._pending.clear()
        self._pending_bytes = 0
