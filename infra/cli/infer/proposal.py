"""A proposed data set: what was found in a sample, and the YAML file that says so."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import yaml
from lake.dataset.column import SOURCE_KEY

from infra.cli.infer.values import Guess

_MOST_KEY_COLUMNS = 3
_KEY_CANDIDATES = 12
_ROWS_A_PARTITION = 10
_LONGEST_LINE = 100


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """A column, where records hold it, and the values that a sample has."""

    name: str
    guess: Guess
    place: Mapping[str, Any]
    """The keys that say where it is, such as `position` and `width`."""
    description: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A data set that the sample suggests."""

    layout: Mapping[str, Any]
    columns: tuple[ProposedColumn, ...]
    seen: Mapping[str, str]
    """Comments, by the key of the layout that they are about; under "" what is about all."""
    data: bytes
    """The part of the sample that the data set should read without a reject."""


def name_of(text: str, number: int, taken: Sequence[str]) -> str:
    """A column's name from a header's text: letters, digits and _; another than those `taken`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    name = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")[:90] or f"column_{number}"
    name = name if name[0].isalpha() else f"column_{name}"
    wanted, repeat = name, 2
    while name in taken or name == SOURCE_KEY:
        name, repeat = f"{wanted}_{repeat}", repeat + 1
    return name


def unique_keys(columns: Sequence[ProposedColumn]) -> tuple[str, ...]:
    """The fewest columns whose values together are different in every record; none where all fail.

    Columns with missing values and measurements are no keys.
    """
    rows = len(columns[0].values) if columns else 0
    usable = [
        column
        for column in columns
        if not column.guess.nullable and not column.guess.type.startswith(("double", "decimal"))
    ]
    usable.sort(key=lambda column: -len(set(column.values)))  # stable: the left one of two equals
    for count in range(1, _MOST_KEY_COLUMNS + 1):
        for chosen in combinations(usable[:_KEY_CANDIDATES], count):
            values = zip(*(column.values for column in chosen), strict=True)
            if len(set(values)) == rows > 1:
                order = [column.name for column in columns]
                return tuple(sorted((column.name for column in chosen), key=order.index))
    return ()


def partition_column(columns: Sequence[ProposedColumn]) -> ProposedColumn | None:
    """The first date that is never missing and that many records share."""
    for column in columns:
        shared = len(set(column.values)) * _ROWS_A_PARTITION <= len(column.values)
        if column.guess.type == "date" and not column.guess.nullable and shared:
            return column
    return None


def document(proposal: Proposal, *, title: Sequence[str], pattern: str, description: str) -> str:
    """The data set file.

    Args:
        title: comments for its top, a line each.
        pattern: of the files' names.
        description: of the table.
    """
    drawing = proposal.seen.get("", "").split("\n")
    lines = [f"# {_printable(line)}".rstrip() for line in (*title, *drawing) if line]
    lines += [f"description: {_flow(description)}", "owner: nobody  # who answers for the data"]
    lines += ["schedule: on_arrival  # of a file; or by time, such as '@hourly'; null: by hand", ""]
    lines += ["source:", f"  pattern: {_flow(pattern)}", "", "layout:"]
    for key, value in proposal.layout.items():
        lines += [f"  # {comment}" for comment in _comments(proposal.seen.get(key, ""))]
        lines.append(f"  {key}: {_flow(value)}")
    lines += ["", "columns:"]
    for column in proposal.columns:
        lines += _column(column)
    return "\n".join([*lines, "", *_keys(proposal.columns)]) + "\n"


def column_keys(column: ProposedColumn) -> dict[str, Any]:
    """A column as its data set file has it, but for the description."""
    guess = column.guess
    keys: dict[str, Any] = {"name": column.name, "type": guess.type, **column.place}
    if guess.formats:
        keys["format"] = guess.formats[0] if len(guess.formats) == 1 else list(guess.formats)
    if guess.booleans:
        keys |= {"true_values": [guess.booleans[0]], "false_values": [guess.booleans[1]]}
    if guess.missing:
        keys["missing"] = list(guess.missing)
    if guess.nullable:
        keys["nullable"] = True
    return keys | guess.keys


def _column(column: ProposedColumn) -> list[str]:
    keys = _flow(column_keys(column)).removesuffix("}")
    comments = [f"  # {line}" for seen in column.guess.seen for line in _comments(seen)]
    return [*comments, f"  - {keys},", f"     description: {_flow(column.description[:255])}}}"]


def _keys(columns: Sequence[ProposedColumn]) -> list[str]:
    rows = len(columns[0].values) if columns else 0
    keys = unique_keys(columns)
    lines = [f"# no two of {rows:,} records are equal in these; are they in every file?"]
    lines += [f"keys: {_flow(list(keys))}"]
    if not keys:
        lines = [f"# no {_MOST_KEY_COLUMNS} columns tell all of {rows:,} records apart", "keys: []"]
    if partition := partition_column(columns):
        days = len(set(partition.values))
        lines += [f"# {days:,} different dates in {rows:,} records"]
        lines += [f"partitions: {_flow([partition.name])}"]
    return lines


def _comments(text: str) -> list[str]:
    """Text for a comment in lines that are not too long; it may hold anything."""
    return textwrap.wrap(_printable(text), _LONGEST_LINE)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _flow(value: Any) -> str:
    """`value` as one line of YAML."""
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")
