"""What a statement gives: its columns, its rows, how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

type Value = bool | int | float | str | None
"""A value as the Data API shows it: a decimal, a date and a timestamp are texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeColumn:
    """A column of a result; the fields are those of the Data API's `ColumnMetadata`."""

    name: str
    label: str
    type_name: str
    """Redshift's own name: int2, int4, int8, float4, float8, numeric, bool, varchar, bpchar, date,
    timestamp, timestamptz, varbyte."""
    length: int
    """Bytes of a text's declared length, 0 for other types."""
    precision: int
    scale: int
    nullable: int = 1
    """0 never NULL, 1 may be NULL, 2 unknown."""
    schema_name: str = ""
    table_name: str = ""
    """Of the table that the column comes from unchanged; empty for a computed column."""
    is_signed: bool = False
    is_case_sensitive: bool = False
    column_default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one statement gave."""

    tag: str
    """`SELECT`, `INSERT`, `CREATE TABLE`, `COPY`…"""
    columns: tuple[OutcomeColumn, ...] = ()
    rows: pa.Table | None = None
    """The rows, its columns of bool, int64, float64 or string; None without a result set."""
    row_count: int = -1
    """Rows of the result, or rows that were changed; -1 where the statement counts none."""

    @property
    def has_result_set(self) -> bool:
        """Whether the statement gives rows, be there none."""
        return self.rows is not None

    def records(self) -> Iterator[tuple[Value, ...]]:
        """The rows, one tuple a row, in their order."""
        if self.rows is None:
            return
        for batch in self.rows.to_batches(max_chunksize=1 << 12):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
