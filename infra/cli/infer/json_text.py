"""JSON: the columns that the values of a file's objects suggest."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.cli.infer.json_records import Object, Path, Records
from infra.cli.infer.numbers import NumberStyle, guess_number
from infra.cli.infer.proposal import Proposal, ProposedColumn, name_of
from infra.cli.infer.sample import Sample
from infra.cli.infer.values import Guess, guess_column

_MEMBER = re.compile(r"[a-z_][a-z0-9_]*")
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:?\d\d|Z)?")
_ISO_FORMAT = re.compile(r"YYYY-MM-DD([T ]hh:mm:ss(\.f+)?Z?)?")
"""Which needs not be said."""
_EPOCH_DIGITS = {10: "seconds", 13: "milliseconds"}
_MOST_LEVELS = 8


def propose_json(sample: Sample, records: Records, *, rows: int) -> Proposal:
    """A data set for the sample; nested objects become columns, arrays stay what they are.

    Args:
        rows: how many records are looked at, at most.
    """
    objects = records.objects[:rows]
    columns: list[ProposedColumn] = []
    for path in _paths(objects):
        values = [_value(each, path) for each in objects]
        guess = _guess(values)
        name = name_of("_".join(path), len(columns), [column.name for column in columns])
        dotted = ".".join(path)
        plain = all(part and "." not in part and not part.isdecimal() for part in path)
        place = {} if path == (name,) else {"path": dotted if plain else list(path)}
        texts = [_text(value) for value in values]
        columns.append(ProposedColumn(name, guess, place, dotted, texts))
    layout: dict[str, Any] = {"format": "json", "records": records.how}
    if sample.encoding != "utf-8":
        layout["encoding"] = sample.encoding
    if records.items:
        layout["items"] = ".".join(records.items)
    seen = {"records": f"{len(records.objects):,} objects", "encoding": sample.encoding_seen}
    return Proposal(layout, tuple(columns), seen, records.data)


def _paths(objects: Iterable[Object]) -> list[Path]:
    """The keys of all values that are no objects, in the order in which they are first seen.

    What is an object in one record and a value in another is taken as a whole.
    """
    leaves: dict[Path, None] = {}
    whole: set[Path] = set()
    inner: set[Path] = set()
    for each in objects:
        for path, value in _walk(each, ()):
            leaves[path] = None
            inner |= {path[:length] for length in range(1, len(path))}
            if value is not None:
                whole.add(path)
    mixed = whole & inner
    found: dict[Path, None] = {}
    for path in leaves:
        cut = next((path[:n] for n in range(1, len(path)) if path[:n] in mixed), path)
        if cut in mixed or cut not in inner:
            found[cut] = None
    return list(found)


def _walk(value: Object, path: Path) -> Iterator[tuple[Path, Any]]:
    for key, inner in value.items():
        here = (*path, key)
        if isinstance(inner, dict) and inner and len(here) < _MOST_LEVELS:
            yield from _walk(inner, here)
        else:
            yield here, inner


def _value(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _guess(values: Sequence[Any]) -> Guess:
    """The type of a column: of JSON's kinds, and what their texts say."""
    present = [value for value in values if value is not None]
    nullable = len(present) < len(values)
    seen = f"{len(present):,} of {len(values):,} values are "
    if not present:
        return Guess("json", nullable=True, seen=("all values are null",))
    if all(isinstance(value, str) for value in present):
        return _of_strings(values)
    if all(isinstance(value, list) for value in present):
        return Guess(_nested(present), nullable=nullable, seen=(f"{seen}arrays",))
    scalar = _scalar(present)
    if scalar is None:
        return Guess("json", nullable=nullable, seen=(f"{seen}of several kinds, kept as text",))
    asked = _epoch(present)
    name = {"boolean": "true or false"}.get(scalar, "numbers")
    return Guess(scalar, nullable=nullable, seen=(f"{seen}{name}", *asked))


def _of_strings(values: Sequence[Any]) -> Guess:
    texts = [value or "" for value in values]
    present = [text for text in texts if text]
    guess = guess_column(texts, style=NumberStyle())
    is_time = guess.type in ("date", "timestamp")
    if guess.type == "string" and present and all(map(_is_offset_time, present)):
        seen = f"{len(present):,} of {len(texts):,} values are times as ISO 8601 has them"
        guess, is_time = replace(guess, type="timestamp", seen=(seen,)), True
    if not is_time:
        seen = f"{len(present):,} of {len(texts):,} values are strings"
        examples = ", ".join(repr(text) for text in dict.fromkeys(present[:100]))[:60]
        notes = guess.seen[1:] if guess.type == "string" else ()
        return Guess(
            nullable=any(value is None for value in values), seen=(f"{seen}: {examples}", *notes)
        )
    if all(map(_ISO_FORMAT.fullmatch, guess.formats)):
        guess = replace(guess, formats=())
    empty = ("",) if any(value == "" for value in values) else ()
    return replace(guess, missing=(*empty, *guess.missing))


def _is_offset_time(text: str) -> bool:
    if not _WITH_OFFSET.fullmatch(text):
        return False
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _scalar(values: Sequence[Any]) -> str | None:
    """The type of numbers or booleans; None where they are neither, or both."""
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if any(isinstance(value, bool) or not isinstance(value, int | Decimal) for value in values):
        return None
    number = guess_number([str(value) for value in values], NumberStyle())
    return number.type if number else "double"


def _epoch(values: Sequence[Any]) -> tuple[str, ...]:
    digits = {len(str(value)) for value in values if isinstance(value, int)}
    if len(digits) == 1 and (unit := _EPOCH_DIGITS.get(next(iter(digits)))):
        return (f"for times since 1970: type: timestamp, epoch: {unit}",)
    return ()


def _nested(values: Sequence[Any]) -> str:
    """The type of arrays; `json` where their elements have no one type that a table can have."""
    elements = [element for value in values for element in value if element is not None]
    inner = _element(elements)
    return f"array<{inner}>" if inner else "json"


def _element(values: Sequence[Any]) -> str | None:
    if not values:
        return None
    if all(isinstance(value, str) for value in values):
        return "string"
    if all(isinstance(value, list) for value in values):
        nested = _nested(values)
        return nested if nested != "json" else None
    if all(isinstance(value, dict) for value in values):
        return _struct(values)
    return _scalar(values)


def _struct(values: Sequence[Object]) -> str | None:
    members = []
    for key in dict.fromkeys(key for value in values for key in value):
        inner = [value[key] for value in values if value.get(key) is not None]
        kind = _element(inner) if inner else "string"
        if kind is None or not _MEMBER.fullmatch(key):
            return None
        members.append(f"{key}:{kind}")
    return f"struct<{','.join(members)}>" if members else None
