"""Why a record is rejected, and which column's value is at fault."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from lake.convert.json_text.chunks import Why
from lake.convert.json_text.syntax import syntax_fault
from lake.dataset import JsonColumn
from lake.dataset.json_text import path_text

_PLACED = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
_INDEX = re.compile(r"\[\d+\]")
_SHOWN_CHARACTERS = 100


class Reasons:
    """Words errors: what varies from record to record stands in brackets of its own."""

    def __init__(self, columns: Sequence[JsonColumn], *, encoding: str) -> None:
        self._columns = [(path_text(column.keys), column) for column in columns]
        self._encoding = encoding

    def of(self, error: Exception, text: bytes) -> Why:
        """Why `text` is no record."""
        if not isinstance(error, msgspec.ValidationError):
            fault = syntax_fault(error, text, self._encoding)
            return Why(f"{fault.what} (byte {fault.byte})", None)
        found = _PLACED.fullmatch(str(error))
        if found is None:
            raise ValueError(f"no error of decoding: {error}")
        what, path = found["what"], self._without_indices(found["path"] or "$")
        at = f" - at `{path}`" if found["path"] else ""
        if unknown := _UNKNOWN.fullmatch(what):
            field = unknown["field"][:_SHOWN_CHARACTERS]
            return Why(f"Object contains an unknown field (`{field}`{at})", None)
        if missing := _MISSING.fullmatch(what):
            field = missing["field"]
            return Why(what + at, self._column_at(f"{path}.{field}", is_missing=True))
        name = self._column_at(path)
        if what.startswith("Invalid enum value"):  # a text besides those for missing values
            kind = next(column.type for _, column in self._columns if column.name == name)
            what = f"Expected `{kind}`, got `str`"
        return Why(what + at, name)

    def of_value(self, what: str, column: JsonColumn, place: str) -> Why:
        """As `of`, of a value that is wrong inside of a column."""
        return Why(f"{what} - at `{path_text(column.keys)}{place}`", column.name)

    def _without_indices(self, path: str) -> str:
        """A path inside of a column's value with `[...]` for every index there."""
        for place, _ in self._columns:
            if _is_inside(path, place):
                return place + _INDEX.sub("[...]", path[len(place) :])
        return path

    def _column_at(self, path: str, *, is_missing: bool = False) -> str | None:
        """The column whose value is at `path` or around it, or else the first one below it.

        Where that is missing, it is the first one that needs a value.
        """
        if path == "$":
            return None
        for place, column in self._columns:
            if _is_inside(path, place) and not (is_missing and column.nullable):
                return column.name
        below = [column for place, column in self._columns if _is_inside(place, path)]
        if is_missing:
            below = [column for column in below if not column.nullable]
        return below[0].name if below else None


def _is_inside(path: str, outer: str) -> bool:
    """Whether a path is another one, or leads on from it."""
    return path.startswith(outer) and path[len(outer) : len(outer) + 1] in ("", ".", "[")
