"""JSON: how a file holds its records, and the columns that their values suggest."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from infra.cli.infer.numbers import NumberStyle, guess_number
from infra.cli.infer.proposal import Proposal, ProposedColumn, name_of
from infra.cli.infer.sample import Sample
from infra.cli.infer.values import Guess, guess_column

_DECODER = json.JSONDecoder(parse_float=Decimal)
_MEMBER = re.compile(r"[a-z_][a-z0-9_]*")
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:?\d\d|Z)?")
_ISO_FORMAT = re.compile(r"YYYY-MM-DD([T ]hh:mm:ss(\.f+)?Z?)?")
"""Which needs not be said."""
_EPOCH_DIGITS = {10: "seconds", 13: "milliseconds"}
_MOST_LEVELS = 8

type Path = tuple[str, ...]
type Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Records:
    """The objects in a sample, and how the file holds them."""

    objects: Sequence[Object]
    how: str
    """`lines`, `array` or `document`."""
    items: Path = ()
    """The keys that lead to the array of records inside of a document."""
    data: bytes = b""
    """The part of the sample that holds these objects, as a file of its own."""


def records_of(sample: Sample) -> Records | None:
    """The records of a JSON file; None where it is none."""
    text = sample.head
    start = text.lstrip()[:1]
    if start == "[":
        return _array(text, sample, path=())
    if start != "{":
        return None
    lines = [line for block in sample.blocks for line in sample.text(block).split("\n")]
    objects = [found for line in lines if line.strip() and (found := _object(line)) is not None]
    first = next(line for line in lines if line.strip())
    if _object(first) is not None and objects:
        return Records(objects, "lines", data=b"".join(sample.blocks))
    if (whole := _object(text)) is not None:
        items = _longest_list(whole)
        inside = _at(whole, items) if items else [whole]
        return Records(inside, "document", items, sample.blocks[0])
    opening = re.search(r'"([^"\\]+)"\s*:\s*\[\s*(?=\{)', text)
    return _array(text, sample, path=(opening[1],), start=opening.end()) if opening else None


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


def _object(text: str) -> Object | None:
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _array(text: str, sample: Sample, *, path: Path, start: int | None = None) -> Records | None:
    """The whole elements of an array that may be cut off."""
    position = text.index("[") + 1 if start is None else start
    end, objects = position, []
    while True:
        position += len(re.compile(r"[\s,]*").match(text, position)[0])  # type: ignore[index]  # it always matches
        try:
            found, position = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError:
            break
        if isinstance(found, dict):
            objects.append(found)
        end = position
    if not objects:
        return None
    data = sample.blocks[0] if sample.is_whole else f"{text[:end]}]{'}' * len(path)}".encode()
    return Records(objects, "document" if path else "array", path, data)


def _longest_list(value: Object, path: Path = ()) -> Path:
    """The keys to the longest array of objects; none where there is no array of several."""
    best: tuple[int, Path] = (1, ())
    for key, inner in value.items():
        here = (*path, key)
        if isinstance(inner, list) and all(isinstance(item, dict) for item in inner):
            best = max(best, (len(inner), here), key=lambda found: found[0])
        elif isinstance(inner, dict) and (deeper := _longest_list(inner, here)):
            length = len(_at(value, deeper[len(path) :]))
            best = max(best, (length, deeper), key=lambda found: found[0])
    return best[1]


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


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
