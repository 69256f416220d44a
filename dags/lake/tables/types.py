"""The types of a table's columns: compared with those that are there, and made for Arrow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lake.dataset.nested import Array, NestedType, Scalar, Struct, parse_type

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def column_type(glue_type: str) -> NestedType:
    """A type of Glue; one that no data set file may have, such as binary or a map, by its text."""
    text = "".join(glue_type.split())
    try:
        return parse_type(text)
    except ValueError:
        return Scalar(text)


def decimal_digits(kind: Scalar) -> tuple[int, int] | None:
    """Precision and scale of a decimal; None of other types."""
    found = _DECIMAL.fullmatch(kind.text)
    return (int(found[1]), int(found[2])) if found else None


def widens(old: NestedType, new: NestedType) -> bool:
    """Whether every value of `old` is one of `new`, and its files can be read as `new`.

    These are the promotions of Iceberg (https://iceberg.apache.org/spec/#schema-evolution).
    """
    if not isinstance(old, Scalar) or not isinstance(new, Scalar):
        return False
    before, after = decimal_digits(old), decimal_digits(new)
    if before and after:
        return before[1] == after[1] and before[0] < after[0]
    return (old.text, new.text) in {("int", "bigint"), ("float", "double")}


def arrow_field(
    name: str, kind: NestedType, field_ids: Mapping[str, int], path: str = ""
) -> pa.Field[Any]:
    """An Arrow field that Parquet stores as Athena reads it, with its field ids where known.

    `field_ids` are by path: `address`, `address.city`, `tags.element`.
    """
    import pyarrow as pa  # noqa: PLC0415  # 40 MB, wanted in tasks alone

    path = f"{path}.{name}" if path else name
    metadata = {"PARQUET:field_id": str(field_ids[path])} if path in field_ids else None
    arrow: pa.DataType
    match kind:
        case Array(element):
            arrow = pa.list_(arrow_field("element", element, field_ids, path))
        case Struct(members):
            arrow = pa.struct([arrow_field(*member, field_ids, path) for member in members])
        case Scalar("date"):
            arrow = pa.date32()
        case Scalar("timestamp"):
            arrow = pa.timestamp("us")
        case Scalar(text) if digits := decimal_digits(kind):
            arrow = pa.decimal128(*digits)
        case Scalar(text):
            alias: Any = _ARROW_ALIASES.get(text, text)
            arrow = pa.type_for_alias(alias)
    return pa.field(name, arrow, metadata=metadata)


_ARROW_ALIASES = {"boolean": "bool", "int": "int32", "bigint": "int64"}
