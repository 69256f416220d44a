"""JSON as COPY reads it: documents one behind another, and what of each belongs to which column.

Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-json.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from infra.local.redshift.engine.copy.values import Refused
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.relation import Column

_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[(['\"])(?P<quoted>.*?)\3\]")


class _Number(str):
    """A number as the document writes it."""


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number)


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or why it is none."""

    line_number: int
    text: str
    value: Any = None
    refused: Refused | None = None


def documents(file: BinaryIO, replacement: str | None) -> Iterator[Document]:
    """The documents of a file: one a line, or one over several lines behind another."""
    whole: list[bytes] = []
    in_lines: bool | None = None
    for number, line in enumerate(file, 1):
        if in_lines is None and not line.strip():
            continue
        document = _document(line, number, replacement)
        if in_lines is None:
            in_lines = document.refused is None or document.refused.code != _MALFORMED
        if in_lines and line.strip():
            yield document
        elif not in_lines:
            whole.append(line)
    if whole:
        yield from _sequence(b"".join(whole), replacement)


_MALFORMED = 1224


def _text(raw: bytes, replacement: str | None) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if replacement is None:
            reason = "String contains invalid or unsupported UTF8 codepoints."
            raise Refused(1220, reason) from error
        return raw.decode(errors="replace").replace("\ufffd", replacement)


def _document(raw: bytes, number: int, replacement: str | None) -> Document:
    shown = raw.decode(errors="replace").rstrip("\r\n")
    try:
        text = _text(raw, replacement).strip()
        value, end = _DECODER.raw_decode(text)
        if text[end:].strip():
            raise Refused(_MALFORMED, "Invalid JSON: text behind the document")
        return Document(number, shown, value)
    except Refused as error:
        return Document(number, shown, refused=error)
    except (ValueError, RecursionError) as error:
        return Document(number, shown, refused=Refused(_MALFORMED, f"Invalid JSON: {error}"))


def _sequence(raw: bytes, replacement: str | None) -> Iterator[Document]:
    """Documents that span lines; behind one that is malformed nothing can be found again."""
    try:
        text = _text(raw, replacement)
    except Refused as error:
        yield Document(1, raw[:1024].decode(errors="replace"), refused=error)
        return
    at = len(text) - len(text.lstrip())
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            refused = Refused(_MALFORMED, f"Invalid JSON: {error}")
            yield Document(line, text[at:], refused=refused)
            return
        yield Document(line, text[at:end], value)
        at = end + len(text[end:]) - len(text[end:].lstrip())


def as_text(value: Any) -> str | None:
    """A value of a document as the text that a column converts."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _written(value)


def _written(value: Any) -> str:
    """Nested JSON as it was written, without blanks."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, _Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


type Pick = Callable[[Any], list[Any]]


def by_name(columns: Sequence[Column], *, ignore_case: bool) -> Pick:
    """The values of a document by the names of the columns."""
    names = [column.name for column in columns]

    def pick(document: Any) -> list[Any]:
        if not isinstance(document, dict):
            raise Refused(_MALFORMED, "Invalid JSON: the document is no object")
        if ignore_case:
            document = {key.lower(): value for key, value in document.items()}
        return [document.get(name) for name in names]

    return pick


def by_paths(text: bytes, columns: Sequence[Column]) -> Pick:
    """The values of a document by the paths of a JSONPaths file, in the order of the columns.

    Raises:
        RedshiftError: it is no such file, or has another number of paths.
    """
    try:
        paths = [_steps(str(path)) for path in json.loads(text)["jsonpaths"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RedshiftError(f"Invalid JSONPath format: {error}", "22023") from error
    if len(paths) != len(columns):
        message = (
            "Number of jsonpaths and the number of columns should match. JSONPath size: "
            f"{len(paths)}, Number of columns in table or column list: {len(columns)}"
        )
        raise RedshiftError(message, "22023")
    return lambda document: [_at(document, steps) for steps in paths]


def _steps(path: str) -> list[str | int]:
    """`$.a['b'][0]` as names and numbers."""
    if not path.startswith("$"):
        raise ValueError(f"{path!r} does not begin with $")
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(f"{path!r} at {at}")
        index = match["index"]
        steps.append(int(index) if index is not None else match["name"] or match["quoted"])
        at = match.end()
    return steps


def _at(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value
