"""JSON taken apart: the objects of a file that holds lines, an array, or a document."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.cli.infer.sample import Sample

_DECODER = json.JSONDecoder(parse_float=Decimal)
_BETWEEN = re.compile(r"[\s,]*")

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
        if between := _BETWEEN.match(text, position):
            position = between.end()
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
