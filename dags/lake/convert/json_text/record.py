"""A record's shape: which objects and arrays lead to the columns' values.

A node says what `msgspec` is to decode; of what was decoded it hands on what is below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lake.convert.json_text.nesting import (
    absent,
    array_builder,
    columns_of,
    object_type,
    optional,
)
from lake.convert.json_text.values import ArrayBuilder, Values
from lake.dataset import JsonColumn, JsonDataSet
from lake.dataset.json_text import Path, path_text


@dataclass(frozen=True, slots=True)
class Leaf:
    """The value of a column."""

    column: JsonColumn
    builder: ArrayBuilder

    @property
    def json_type(self) -> Any:
        """What is decoded."""
        return self.builder.json_type

    @property
    def is_required(self) -> bool:
        """Whether it has to be there."""
        return not self.column.nullable

    @property
    def has_elements(self) -> bool:
        """Whether the values are yet to be taken out of arrays."""
        return False

    def resolve(self, value: Any) -> Any:
        """The value itself."""
        return value

    def add(self, values: Values) -> None:
        """Take the values of some records."""
        self.builder.add(values)

    def leaves(self) -> Iterator[Leaf]:
        """It alone."""
        yield self


class Shared:
    """A value that several columns hold, each in its own way, of what is decoded alike."""

    has_elements = False

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = leaves
        self.json_type = leaves[0].json_type
        self.is_required = any(leaf.is_required for leaf in leaves)

    def resolve(self, value: Any) -> Any:
        """The value itself."""
        return value

    def add(self, values: Values) -> None:
        """Take the values of some records."""
        for leaf in self._leaves:
            leaf.add(values)

    def leaves(self) -> Iterator[Leaf]:
        """The columns."""
        yield from self._leaves


class Branch:
    """An object on the way to values, or the record itself."""

    json_type: Any
    is_required: bool

    def __init__(self, members: Sequence[tuple[str, Node]], *, only_members: bool) -> None:
        self._members = members
        self.json_type = object_type(
            [(key, member.json_type, member.is_required) for key, member in members],
            only_members=only_members,
        )
        self.is_required = any(member.is_required for _, member in members)
        self._empty = None if self.is_required else self.json_type()
        self._deep = [
            (f"f{index}", member)
            for index, (_, member) in enumerate(members)
            if member.has_elements
        ]

    @property
    def has_elements(self) -> bool:
        """Whether there are values to be taken out of arrays below."""
        return bool(self._deep)

    def resolve(self, value: Any) -> Any:
        """The object with the elements of arrays in the arrays' place."""
        for name, member in self._deep:
            if (inner := getattr(value, name)) is not None:
                setattr(value, name, member.resolve(inner))
        return value

    def add(self, values: Values) -> None:
        """Take the values below some objects, which may be missing."""
        if not self.is_required:
            values = [self._empty if value is None else value for value in values]
        for (_, member), column in zip(self._members, columns_of(values), strict=True):
            member.add(column)

    def leaves(self) -> Iterator[Leaf]:
        """The columns below."""
        for _, member in self._members:
            yield from member.leaves()


class Elements:
    """An array of which some elements are on the way to values."""

    json_type = list[msgspec.Raw]
    is_required: bool
    has_elements = True

    def __init__(self, path: Path, elements: Sequence[tuple[int, Node]]) -> None:
        self._path = path
        self._elements = [
            (index, node, msgspec.json.Decoder(_type_of(node))) for index, node in elements
        ]
        self.is_required = any(node.is_required for _, node in elements)

    def resolve(self, value: list[msgspec.Raw]) -> list[Any]:
        """The elements that are on the way, read.

        Raises:
            msgspec.ValidationError: one is not as its columns have it.
        """
        found = []
        for index, node, decoder in self._elements:
            if index >= len(value):
                if node.is_required:
                    place = path_text(self._path)
                    error = f"Expected `array` of length >= {index + 1} - at `{place}`"
                    raise msgspec.ValidationError(error)
                found.append(absent(node.json_type))
                continue
            try:
                element = decoder.decode(value[index])
                found.append(element if element is None else node.resolve(element))
            except msgspec.ValidationError as error:
                raise msgspec.ValidationError(self._placed(str(error), index)) from None
        return found

    def add(self, values: Values) -> None:
        """Take the values below some resolved arrays, which may be missing."""
        for at, (_, node, _) in enumerate(self._elements):
            nothing = absent(node.json_type)
            node.add([nothing if each is None else each[at] for each in values])

    def leaves(self) -> Iterator[Leaf]:
        """The columns below."""
        for _, node, _ in self._elements:
            yield from node.leaves()

    def _placed(self, error: str, index: int) -> str:
        """An error in an element with its place in the record."""
        if f" - at `{path_text(self._path)}" in error:
            return error  # of an array in the element, which said it
        what, _, inner = error.partition(" - at `$")
        return f"{what} - at `{path_text(self._path)}[{index}]{inner.removesuffix('`')}`"


type Node = Leaf | Shared | Branch | Elements


def record_type(dataset: JsonDataSet) -> Branch:
    """The shape of a data set's records."""
    node = _node((), dataset.columns, dataset)
    if not isinstance(node, Branch):
        raise TypeError("a record is an object")
    return node


def _node(path: Path, columns: Sequence[JsonColumn], dataset: JsonDataSet) -> Node:
    """What is at `path`, on the way to these columns, whose paths are one or do not overlap."""
    only_members = dataset.layout.unknown_fields == "reject"
    if columns[0].keys == path:
        leaves = [_leaf(column, dataset, only_members=only_members) for column in columns]
        return leaves[0] if len(leaves) == 1 else Shared(leaves)
    below: dict[str | int, list[JsonColumn]] = {}
    for column in columns:
        below.setdefault(column.keys[len(path)], []).append(column)
    nodes = [(part, _node((*path, part), some, dataset)) for part, some in below.items()]
    indices = [(part, node) for part, node in nodes if isinstance(part, int)]
    if indices:
        return Elements(path, indices)
    members = [(part, node) for part, node in nodes if isinstance(part, str)]
    return Branch(members, only_members=only_members)


def _leaf(column: JsonColumn, dataset: JsonDataSet, *, only_members: bool) -> Leaf:
    names_folders = column.name in dataset.partitions
    return Leaf(
        column, array_builder(column, names_folders=names_folders, only_members=only_members)
    )


def _type_of(node: Node) -> Any:
    return node.json_type if node.is_required else optional(node.json_type)
