"""Arrays, structs and sentinels: types that are made of other types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Annotated, Any, Literal, Optional

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.json_text.buffers import bits
from lake.convert.json_text.presence import Presence
from lake.convert.json_text.raw import (
    NULL,
    NULL_TEXT,
    Decimals,
    Doubles,
    Epochs,
    LenientTexts,
    RawTexts,
    WholeNumbers,
)
from lake.convert.json_text.values import (
    ArrayBuilder,
    Booleans,
    Fault,
    Numbers,
    Texts,
    Times,
    Values,
)
from lake.dataset import JsonColumn
from lake.dataset.json_text import JSON_TYPE
from lake.dataset.nested import Array, NestedType, Scalar, Struct

LONGEST_PARTITION = 38
"""Characters, of up to four bytes each, of a text that a folder is named by: a name has 255 bytes,
of which the column's name may take 100."""


def array_builder(column: JsonColumn, *, names_folders: bool, only_members: bool) -> ArrayBuilder:
    """For the values of a column.

    Args:
        column: the column.
        names_folders: whether folders are named by the values.
        only_members: whether an object with a key that no member of a struct reads is wrong.
    """
    if column.type == JSON_TYPE:
        return RawTexts()
    if column.epoch:
        found: ArrayBuilder = Epochs(column.epoch, column.type, lenient=column.lenient)
    elif column.lenient:
        found = _lenient_builder(column)
    elif column.kind in ("date", "timestamp"):
        found = Times(column.type, column.format)
    else:
        found = _builder(column.nested_type, only_members)
    if names_folders and isinstance(found, Texts) and not isinstance(found, Times):
        limits = msgspec.Meta(min_length=1, max_length=LONGEST_PARTITION)
        found.json_type = Annotated[str, limits]
    return Sentinels(found, column.missing) if column.missing else found


def _builder(  # noqa: PLR0911  # a type has one rule
    kind: NestedType, only_members: bool
) -> ArrayBuilder:
    match kind:
        case Array(element):
            return Lists(_builder(element, only_members))
        case Struct(members):
            builders = {name: _builder(member, only_members) for name, member in members}
            return Structs(builders, only_members=only_members)
        case Scalar("string"):
            return Texts()
        case Scalar("int" | "bigint" | "double"):
            return Numbers(kind.text)
        case Scalar("boolean"):
            return Booleans()
        case Scalar("date" | "timestamp"):
            return Times(kind.text, ())
        case Scalar():
            return Decimals(kind.text)


def _lenient_builder(column: JsonColumn) -> ArrayBuilder:
    match column.kind:
        case "string":
            return LenientTexts()
        case "double":
            return Doubles(lenient=True)
        case "int" | "bigint":
            return WholeNumbers(column.type, lenient=True)
        case _:
            return Decimals(column.type, lenient=True)


def optional(json_type: Any) -> Any:
    """The type of a value that may be null."""
    return json_type if json_type is msgspec.Raw else Optional[json_type]  # noqa: UP045  # a value


def absent(json_type: Any) -> Any:
    """What is decoded where there is no value of this type."""
    return NULL if json_type is msgspec.Raw else None


def object_type(members: Sequence[tuple[str, Any, bool]], *, only_members: bool) -> Any:
    """The type of an object that is decoded to a struct.

    Args:
        members: key and type of each, and whether it has to be there; a tuple of them in this order
            is `msgspec.structs.astuple` of a struct.
        only_members: whether another key is wrong.
    """
    fields: list[Any] = []
    for index, (_, json_type, is_required) in enumerate(members):
        if is_required:
            fields.append((f"f{index}", json_type))
        else:
            fields.append((f"f{index}", optional(json_type), absent(json_type)))
    return msgspec.defstruct(
        "Object",
        fields,
        rename={f"f{index}": key for index, (key, _, _) in enumerate(members)},
        forbid_unknown_fields=only_members,
        kw_only=True,
        eq=False,
        gc=False,
    )


def columns_of(objects: Values) -> Iterator[Values]:
    """The values of each member of some structs, one at least."""
    return zip(*map(msgspec.structs.astuple, objects), strict=True)


class Lists(ArrayBuilder):
    """Arrays of one type; their elements may be NULL."""

    def __init__(self, element: ArrayBuilder) -> None:
        self._element = element
        self._lengths: list[NDArray[np.int32]] = []
        self._present = Presence()
        self.json_type = list[optional(element.json_type)]  # type: ignore[misc]  # made here
        self.kind = pa.list_(pa.field("element", element.kind))

    def add(self, values: Values) -> None:
        """All elements together, and how many there are in each array."""
        there = self._present.add(values, ())
        self._lengths.append(np.fromiter(map(len, there), np.int32, len(there)))
        if elements := list(chain.from_iterable(there)):
            self._element.add(elements)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The elements' array, cut."""
        elements, faults = self._element.finish()
        offsets = np.concatenate([np.zeros(1, np.int32), *self._lengths])
        np.cumsum(offsets, out=offsets)
        self._lengths.clear()
        buffers = [bits(self._present.finish()), pa.py_buffer(offsets)]
        array = pa.Array.from_buffers(self.kind, len(offsets) - 1, buffers, children=[elements])
        rows = np.searchsorted(offsets, [fault.row for fault in faults], "right") - 1
        return array, [
            fault._replace(row=row, place=f"[...]{fault.place}")
            for row, fault in zip(rows.tolist(), faults, strict=True)
        ]


class Structs(ArrayBuilder):
    """Objects of which some keys are kept; their values may be NULL."""

    def __init__(self, members: dict[str, ArrayBuilder], *, only_members: bool) -> None:
        self._members = members
        self._present = Presence()
        self.json_type = object_type(
            [(name, member.json_type, False) for name, member in members.items()],
            only_members=only_members,
        )
        self._empty = self.json_type()
        self.kind = pa.struct([pa.field(name, each.kind) for name, each in members.items()])

    def add(self, values: Values) -> None:
        """A member after the other."""
        objects = self._present.add(values, self._empty)
        for member, column in zip(self._members.values(), columns_of(objects), strict=True):
            member.add(column)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The members' arrays side by side."""
        children, faults = [], []
        for name, member in self._members.items():
            child, wrong = member.finish()
            children.append(child)
            faults += [fault._replace(place=f".{name}{fault.place}") for fault in wrong]
        missing = bits(self._present.finish())
        array = pa.Array.from_buffers(self.kind, len(children[0]), [missing], children=children)
        return array, faults


class Sentinels(ArrayBuilder):
    """Scalars of which some stand for a missing value."""

    def __init__(self, scalar: ArrayBuilder, missing: Sequence[str]) -> None:
        self._scalar = scalar
        self.kind = scalar.kind
        self._texts = frozenset(missing)
        self._raw_texts = frozenset(map(msgspec.json.encode, missing))
        self._numbers = frozenset(number for number in map(_number, missing) if number is not None)
        self.json_type = scalar.json_type
        if isinstance(scalar, Numbers):  # whose type has no texts
            self.json_type = scalar.json_type | Literal[*sorted(missing)]

    def add(self, values: Values) -> None:
        """Without those that stand for a missing value."""
        if self.json_type is msgspec.Raw:
            texts = b"\0".join(values).split(b"\0")
            missing = {text for text in set(texts) if self._is_missing_raw(text)}
            if missing:
                texts = [NULL_TEXT if text in missing else text for text in texts]
            self._scalar.add(texts)
        else:
            self._scalar.add([None if self._is_missing(each) else each for each in values])

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The scalars' array."""
        return self._scalar.finish()

    def _is_missing(self, value: str | float | None) -> bool:
        if isinstance(value, str):
            return value in self._texts
        return value is not None and _number(repr(value)) in self._numbers

    def _is_missing_raw(self, text: bytes) -> bool:
        if text[:1] == b'"':
            return text in self._raw_texts or (
                b"\\" in text and msgspec.json.decode(text) in self._texts
            )
        if not self._numbers or text[:1] not in b"-0123456789":
            return False
        return _number(text.decode()) in self._numbers


def _number(text: str) -> Decimal | None:
    """The number that a text is; None where it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
