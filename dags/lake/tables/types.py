"""The types of Glue and Athena, nested ones too: read from their text, compared, made for Arrow.

Source: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type without fields; precision and scale are a decimal's."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name


@dataclass(frozen=True, slots=True)
class Array:
    """A list of elements of one type."""

    element: Type

    def __str__(self) -> str:
        return f"array<{self.element}>"


@dataclass(frozen=True, slots=True)
class Map:
    """Values by key."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"map<{self.key},{self.value}>"


@dataclass(frozen=True, slots=True)
class Struct:
    """Named fields, in their order."""

    fields: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{name}:{kind}' for name, kind in self.fields)}>"


type Type = Scalar | Array | Map | Struct

SCALARS = (
    "boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp",
)  # fmt: skip

_TOKEN = re.compile(r"decimal\(\d+,\d+\)|\w+|[<>:,]")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def parse_type(text: str) -> Type:
    """The type that `text` names, such as `struct<city:string,tags:array<string>>`.

    Raises:
        ValueError: it is none that a table of the lake can have.
    """
    compact = "".join(text.split())
    tokens = _TOKEN.findall(compact)
    if "".join(tokens) != compact or not tokens:
        raise ValueError(f"{text!r} is not a type of Glue")
    try:
        parsed, rest = _parsed(tokens)
    except IndexError:
        rest = ["nothing"]
    if rest:
        raise ValueError(f"{text!r} is not a type of Glue")
    return parsed


def _parsed(tokens: list[str]) -> tuple[Type, list[str]]:
    """The type at the start of the tokens, and the tokens after it."""
    name, rest = tokens[0], tokens[1:]
    if name in SCALARS:
        return Scalar(name), rest
    if found := _DECIMAL.fullmatch(name):
        return Scalar("decimal", int(found[1]), int(found[2])), rest
    if name == "array":
        element, rest = _parsed(_after("<", rest))
        return Array(element), _after(">", rest)
    if name == "map":
        key, rest = _parsed(_after("<", rest))
        value, rest = _parsed(_after(",", rest))
        return Map(key, value), _after(">", rest)
    if name == "struct":
        fields = []
        rest = ["," if rest[0] == "<" else rest[0], *rest[1:]]
        while rest[0] != ">":
            field, *rest = _after(",", rest)
            kind, rest = _parsed(_after(":", rest))
            fields.append((field, kind))
        return Struct(tuple(fields)), rest[1:]
    raise ValueError(f"{name!r} is not a type that a table of the lake can have")


def _after(token: str, tokens: list[str]) -> list[str]:
    if tokens[0] != token:
        raise ValueError(f"{token!r} should stand where {tokens[0]!r} does")
    return tokens[1:]


def widens(old: Type, new: Type) -> bool:
    """Whether every value of `old` is one of `new`, and its files can be read as `new`.

    These are the promotions of Iceberg (https://iceberg.apache.org/spec/#schema-evolution).
    """
    if not isinstance(old, Scalar) or not isinstance(new, Scalar):
        return False
    if old.name == new.name == "decimal":
        return old.scale == new.scale and old.precision < new.precision
    return (old.name, new.name) in {("int", "bigint"), ("float", "double")}


def arrow_field(
    name: str, kind: Type, field_ids: Mapping[str, int], path: str = ""
) -> pa.Field[Any]:
    """An Arrow field that Parquet stores as Athena reads it, with its field ids where known.

    `field_ids` are by path: `address`, `address.city`, `tags.element`, `by_day.key`.
    """
    import pyarrow as pa  # noqa: PLC0415  # 40 MB, wanted in tasks alone

    path = f"{path}.{name}" if path else name
    metadata = {"PARQUET:field_id": str(field_ids[path])} if path in field_ids else None

    def inner(name: str, kind: Type) -> pa.Field[Any]:
        return arrow_field(name, kind, field_ids, path)

    arrow: pa.DataType
    match kind:
        case Array(element):
            arrow = pa.list_(inner("element", element))
        case Map(key, value):
            entry: tuple[Any, Any] = inner("key", key).with_nullable(False), inner("value", value)
            arrow = pa.map_(*entry)
        case Struct(fields):
            arrow = pa.struct([inner(field, of) for field, of in fields])
        case Scalar("decimal", precision, scale):
            arrow = pa.decimal128(precision, scale)
        case Scalar("date"):
            arrow = pa.date32()
        case Scalar("timestamp"):
            arrow = pa.timestamp("us")
        case Scalar(scalar):
            alias: Any = _ARROW_ALIASES.get(scalar, scalar)
            arrow = pa.type_for_alias(alias)
    return pa.field(name, arrow, metadata=metadata)


_ARROW_ALIASES = {"boolean": "bool", "int": "int32", "bigint": "int64"}
