"""The records that could not be converted, kept whole, with where they stood and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.convert.arrow import PARQUET_OPTIONS, array_of, array_of_bytes
from lake.convert.conversion import Part
from lake.convert.source import Source, SourceFile

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
    FIELD_COUNT = "field_count"
    """A record with more or fewer fields than the file's columns."""
    QUOTING = "quoting"
    """A quote that is never closed, or neither opens nor closes a field."""
    OUT_OF_RANGE = "out_of_range"
    """A number that the column's type cannot hold."""
    NOT_A_BOOLEAN = "not_a_boolean"
    NOT_A_TIMESTAMP = "not_a_timestamp"
    NOT_A_TIME = "not_a_time"
    TOO_LONG = "too_long"
    """A text of a partition column that is too long for a folder's name."""


class Reject(NamedTuple):
    """One rejected record."""

    line_number: int
    """Of its first line, from 1; in a byte range, from the range's start."""
    byte_offset: int
    """Of its first byte in what the source gives."""
    length_bytes: int
    """Without its line end; more than `raw` has where the line is too long to be kept whole."""
    reason: str
    column_name: str | None
    """The first column that cannot be read; None where the record as a whole is wrong."""
    raw: bytes
    """The record as it was read, without its line end."""

    @property
    def category(self) -> str:
        """The reason without what stands in brackets, which may be another for every record."""
        return self.reason.partition(" (")[0]


_FIELDS: list[pa.Field[Any]] = [
    pa.field("source_key", pa.string(), nullable=False),
    pa.field("source_version", pa.string(), nullable=False),
    pa.field("member", pa.string()),
    pa.field("line_number", pa.int64(), nullable=False),
    pa.field("byte_offset", pa.int64(), nullable=False),
    pa.field("length_bytes", pa.int64(), nullable=False),
    pa.field("reason", pa.string(), nullable=False),
    pa.field("column_name", pa.string()),
    pa.field("raw", pa.string(), nullable=False),
    pa.field("raw_bytes", pa.binary(), nullable=False),
    pa.field("run_id", pa.string(), nullable=False),
]
QUARANTINE_SCHEMA = pa.schema(_FIELDS)
"""Of every data set's quarantine; `raw` has the bytes that are no text as `\\xNN`."""


class Quarantined(NamedTuple):
    """A rejected record and where it comes from, as `QUARANTINE_SCHEMA` has it."""

    source_key: str
    source_version: str
    member: str | None
    line_number: int
    byte_offset: int
    length_bytes: int
    reason: str
    column_name: str | None
    raw: str
    raw_bytes: bytes
    run_id: str


class RejectsFile:
    """A Parquet file of rejected records, which is made with the first of them."""

    def __init__(self, folder: Path, path: str, *, schema: pa.Schema) -> None:
        self._file = folder / path
        self._path = path
        self._schema = schema
        self._pending: list[Quarantined] = []
        self._pending_bytes = 0
        self._rows = 0
        self._keys: list[str] = []
        self._writer: pq.ParquetWriter | None = None

    @property
    def is_written(self) -> bool:
        """Whether there is a file yet: more than what is held in memory."""
        return self._writer is not None

    def write(self, records: Iterable[Quarantined]) -> None:
        """Add records, in memory until they are many or large."""
        for record in records:
            self._pending.append(record)
            self._pending_bytes += len(record.raw_bytes)
            if len(self._pending) == ROW_GROUP_ROWS or self._pending_bytes >= MOST_RAW_BYTES:
                self._flush()

    def taken(self) -> list[Quarantined]:
        """The records that are not in the file yet, to be written elsewhere."""
        taken, self._pending = self._pending, []
        return taken

    def close(self) -> Part | None:
        """Write what is left; None where there are no records at all."""
        if self._pending:
            self._flush()
        if self._writer is None:
            return None
        self._writer.close()
        return Part(
            path=self._path,
            partition={},
            rows=self._rows,
            size_bytes=self._file.stat().st_size,
            first_source_key=min(self._keys),
            last_source_key=max(self._keys),
        )

    def discard(self) -> None:
        """Remove what was written."""
        if self._writer is not None:
            self._writer.close()
            self._file.unlink()

    def _flush(self) -> None:
        if self._writer is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._file, self._schema, **PARQUET_OPTIONS)
        arrays = [
            _array(values, field.type)
            for values, field in zip(zip(*self._pending, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        keys = [record.source_key for record in self._pending]
        self._keys = [min([*self._keys, *keys]), max([*self._keys, *keys])]
        self._rows += len(self._pending)
        self._pending.clear()
        self._pending_bytes = 0


class Rejects:
    """Takes the rejected records of one source, and counts them."""

    def __init__(
        self, file: RejectsFile, source: SourceFile, *, run_id: str, encoding: str
    ) -> None:
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._file = file
        self._key, self._version, self._run_id = source.key, source.version_id, run_id
        self._encoding = encoding
        self._member: str | None = None
        self._content: Source | None = None

    def begin(self, content: Source, member: str | None) -> None:
        """What follows comes from here: the file, or this member of it."""
        self._content, self._member = content, member

    def extend(self, rejects: list[Reject]) -> None:
        """Add rejects in any order, which all stand after those that were added before."""
        self._file.write(map(self._quarantined, sorted(rejects)))
        self.reasons.update(reject.category for reject in rejects)
        self.count += len(rejects)

    def _quarantined(self, reject: Reject) -> Quarantined:
        offset = self._content.offset_bytes if self._content else 0
        return Quarantined(
            source_key=self._key,
            source_version=self._version,
            member=self._member,
            line_number=reject.line_number,
            byte_offset=offset + reject.byte_offset,
            length_bytes=reject.length_bytes,
            reason=str(reject.reason),
            column_name=reject.column_name,
            raw=reject.raw.decode(self._encoding, "backslashreplace"),
            raw_bytes=reject.raw,
            run_id=self._run_id,
        )


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array[Any]:
    if pa.types.is_int64(kind):
        return array_of(np.array(values, np.int64), kind)
    return array_of_bytes(
        [value.encode() if isinstance(value, str) else value for value in values], kind
    )
