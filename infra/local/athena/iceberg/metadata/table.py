"""What a table of metadata is made of: columns, and rows as JSON holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IcebergType, PrimitiveType

from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.types import Type, row_field

type Columns = list[tuple[str, Type]]
type Row = Sequence[Any]
"""Values as JSON holds them: moments as ISO 8601, a row by the names of its fields in DuckDB."""


@dataclass(frozen=True, slots=True)
class MetadataTable:
    """One table of metadata."""

    columns: Callable[[TableVersion], Columns]
    rows: Callable[[TableVersion], Iterable[Row]]


def fixed(*columns: tuple[str, Type]) -> Callable[[TableVersion], Columns]:
    """Columns that are the same for every table."""
    return lambda _: list(columns)


def row_of(*values: Any) -> dict[str, Any]:
    """A row inside of a row."""
    return {row_field(i): value for i, value in enumerate(values)}


def text_of(value: Any, of: IcebergType) -> str | None:
    """A value as people read it, which is also what a column is cast from."""
    return None if value is None else IdentityTransform().to_human_string(of, value)


def bound_of(content: bytes | None, of: IcebergType) -> str | None:
    """A least or greatest value, which metadata keeps as bytes."""
    if content is None or not isinstance(of, PrimitiveType):
        return None
    return text_of(from_bytes(of, content), of)
