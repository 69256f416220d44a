"""Types inside of types: `array<struct<sku:string,price:decimal(9,2)>>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake.dataset.column import type_text

MOST_LEVELS = 8
"""Of arrays and structs inside of each other."""

_TOKEN = re.compile(r"array<|struct<|[a-z_][a-z0-9_]*:|[a-z]+(?:\(\d+,\d+\))?|[,>]")
_SHAPE = "should be a scalar type, array<type> or struct<name:type,...>, names in lower case"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type that has no other inside."""

    text: str
    """As a data set file has it, for example `decimal(9,2)`."""


@dataclass(frozen=True, slots=True)
class Array:
    """`array<element>`; an element may be NULL."""

    element: NestedType


@dataclass(frozen=True, slots=True)
class Struct:
    """`struct<name:type,...>`; a member may be NULL."""

    members: tuple[tuple[str, NestedType], ...]


type NestedType = Scalar | Array | Struct


def parse_type(text: str) -> NestedType:
    """A type as a data set file has it, without spaces.

    Raises:
        ValueError: it is none; the message says what it should be.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text or not tokens:
        raise ValueError(_SHAPE)
    tokens.reverse()
    try:
        found = _next_type(tokens, MOST_LEVELS)
    except IndexError:
        raise ValueError(f"{_SHAPE}; a `>` is missing") from None
    if tokens:
        raise ValueError(f"{_SHAPE}; nothing can follow the type")
    return found


def _next_type(tokens: list[str], levels: int) -> NestedType:
    token = tokens.pop()
    if token not in ("array<", "struct<"):
        return Scalar(type_text(token))
    if not levels:
        raise ValueError(f"has more than {MOST_LEVELS} types inside of each other")
    if token == "array<":  # noqa: S105  # a type's start, no password
        array = Array(_next_type(tokens, levels - 1))
        _expect(tokens, ">")
        return array
    members: dict[str, NestedType] = {}
    while True:
        name = tokens.pop()
        if not name.endswith(":"):
            raise ValueError(_SHAPE)
        if name[:-1] in members:
            raise ValueError(f"has the member {name[:-1]!r} twice")
        members[name[:-1]] = _next_type(tokens, levels - 1)
        if tokens[-1] == ">":
            tokens.pop()
            return Struct(tuple(members.items()))
        _expect(tokens, ",")


def _expect(tokens: list[str], token: str) -> None:
    if tokens.pop() != token:
        raise ValueError(_SHAPE)
