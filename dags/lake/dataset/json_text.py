"""JSON: objects as lines, as the elements of an array, or inside of one document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lake.dataset.column import Column, Kind
from lake.dataset.errors import Problem
from lake.dataset.layout import Layout
from lake.dataset.model import DataSet
from lake.dataset.nested import NestedType, parse_type
from lake.dataset.time_formats import TimeFormats, kind_of

JSON_TYPE = "json"
"""A value of any kind, kept as the text that it is in the file."""

_HIGHEST_INDEX = 999
_KEY = re.compile(r'[^"\\\x00-\x1f]+')
_SENTINEL_KINDS = ("string", "int", "bigint", "double", "decimal", "date", "timestamp")

_LENIENT_KINDS = ("string", "int", "bigint", "double", "decimal")


def _path(value: object) -> object:
    """`basket.lines.0` as `("basket", "lines", 0)`; a list is the path already."""
    if not isinstance(value, str):
        return value
    return tuple(int(part) if part.isdecimal() else part for part in value.split("."))


def _check_path(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    if not path or not isinstance(path[0], str):
        raise ValueError("should begin with a key: a record is an object")
    for part in path:
        if isinstance(part, int) and not 0 <= part <= _HIGHEST_INDEX:
            raise ValueError(f"{part} is no index of an array; they go from 0 to {_HIGHEST_INDEX}")
        if isinstance(part, str) and not _KEY.fullmatch(part):
            raise ValueError(
                f"{part!r} is no key: keys have a character at least, and no quote, backslash or "
                "control character"
            )
    return path


def _check_keys(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    if not all(isinstance(part, str) for part in path):
        raise ValueError("should have keys only, no index")
    return _check_path(path)


Path = tuple[str | int, ...]
_ColumnPath = Annotated[
    Path, BeforeValidator(_path), AfterValidator(_check_path), Field(strict=False)
]
_ItemsPath = Annotated[
    Path, BeforeValidator(_path), AfterValidator(_check_keys), Field(strict=False)
]


def _json_type(text: str) -> str:
    text = text.replace(" ", "")
    if text != JSON_TYPE:
        parse_type(text)
    return text


def path_text(path: Path) -> str:
    """A path as messages have it: `$.basket.lines[0]`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


class JsonColumn(Column):
    """A column and the value of a record that it holds.

    A value is missing where it is null, or where its key, or an object or array on the way to it,
    is null or not there.
    """

    type: Annotated[str, AfterValidator(_json_type)] = Field(
        examples=["array<struct<sku:string,price:decimal(9,2)>>"]
    )
    """As in every format, and `array<type>`, `struct<name:type,...>` and `json`: a value of any
    kind as its own text, in a string column. A value has to be of the kind that JSON has for the
    type: an `int` no string and no 1.0. Members of a struct and elements of an array may be NULL;
    an object's keys are read by the members' names."""
    path: _ColumnPath | None = Field(default=None, examples=["basket.lines.0.sku"])
    """The keys, and in arrays the indices from 0, that lead to the value, with dots between them;
    keys that have dots as a list. Default: the column's name."""
    format: TimeFormats = Field(default=(), examples=["DD/MM/YYYY hh:mm:ss"])
    """How a date or a timestamp is written, one format or a list; by default as ISO 8601 has it,
    `2026-03-14` or `2026-03-14T09:26:53.589-03:00`. An offset is taken off, so that the timestamp
    is UTC; what is less than a microsecond is cut off."""
    epoch: Literal["seconds", "milliseconds"] | None = Field(
        default=None, examples=["milliseconds"]
    )
    """The value is a number, of these since 1970-01-01 00:00:00 UTC, with decimals up to the
    microsecond: a timestamp, or a date, which is the day of it in UTC. Columns of the same `epoch`
    may have the same `path`, such as a timestamp and its day."""
    missing: tuple[str, ...] = Field(default=(), strict=False, examples=[["", "N/A", "-9999"]])
    """What else than null stands for a missing value here: a string, or a number."""
    lenient: bool = Field(default=False, examples=[True])
    """Whether a value of another kind is taken too where nothing of it is lost. A number, also of
    an epoch, may be a string that is one as JSON writes it, `"26"`; an `int` or `bigint` may be
    26.0; a string may be a number or a boolean, of which the text is kept as it is written."""

    @property
    def kind(self) -> Kind:
        """The type without its parameters; text of JSON is a string."""
        return "string" if self.type == JSON_TYPE else super().kind

    @property
    def glue_type(self) -> str:
        """The column's type in Glue and Athena; text of JSON is a string."""
        return "string" if self.type == JSON_TYPE else self.type

    @property
    def keys(self) -> Path:
        """The keys and indices that lead to the value."""
        return self.path or (self.name,)

    @property
    def nested_type(self) -> NestedType:
        """The type, read; of all but text of JSON."""
        return parse_type(self.type)

    @property
    def is_nested(self) -> bool:
        """Whether it holds arrays or structs."""
        return self.kind in ("array", "struct")

    def problems(self, key: str) -> list[Problem]:
        """What does not fit together in this column, which stands at `key` in its file."""
        found = super().problems(key)
        for form in self.format:
            if kind_of(form) != self.kind:
                message = f"{form!r} is written for a {kind_of(form)}, not for a {self.type}"
                found.append(Problem(f"{key}.format", message))
        if self.epoch and self.kind not in ("date", "timestamp"):
            message = f"only a date or a timestamp has it, not {self.type}"
            found.append(Problem(f"{key}.epoch", message))
        if self.epoch and self.format:
            found.append(Problem(f"{key}.epoch", "a number has no `format`"))
        if self.missing and (self.kind not in _SENTINEL_KINDS or self.type == JSON_TYPE):
            message = f"{self.type} is missing where it is null, and nowhere else"
            found.append(Problem(f"{key}.missing", message))
        is_number_or_text = self.kind in _LENIENT_KINDS and self.type != JSON_TYPE
        if self.lenient and not (self.epoch or is_number_or_text):
            message = f"{self.type} is no string, number or epoch"
            found.append(Problem(f"{key}.lenient", message))
        return found


class JsonLayout(Layout):
    """How a JSON file holds its records, each of them an object.

    Of a key that an object has twice the last value counts; all of them are checked.
    """

    format: Literal["json"] = Field(examples=["json"])
    records: Literal["lines", "array", "document"] = Field(default="lines", examples=["array"])
    """`lines`: an object a line (JSON lines, NDJSON); empty lines are none. `array`: the file is
    one array of objects. `document`: the file is one object, itself the record, or with `items`
    what holds them."""
    items: _ItemsPath | None = Field(default=None, examples=["result.orders"])
    """The keys that lead to the array of records inside of a document."""
    unknown_fields: Literal["ignore", "reject"] = Field(default="ignore", examples=["reject"])
    """What becomes of a record with a key that no column reads, in itself or in an object that a
    path goes through or a struct is made of."""

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end: lines only."""
        return self.records == "lines"

    def problems(self, columns: Sequence[JsonColumn]) -> Iterator[Problem]:
        """What does not fit together in this layout and the columns read with it."""
        if self.items and self.records != "document":
            message = f"means nothing with `records: {self.records}`"
            yield Problem("layout.items", message, "records: document")
        for index, column in enumerate(columns):
            for before in columns[:index]:
                if conflict := _conflict(before, column):
                    yield Problem(f"columns[{index}] ({column.name}).path", conflict)
                    break


def _conflict(before: JsonColumn, column: JsonColumn) -> str | None:
    """Why two columns cannot be read from one record; None where they can."""
    if before.keys == column.keys and before.epoch and before.epoch == column.epoch:
        return None
    shared = min(len(before.keys), len(column.keys))
    if before.keys[:shared] == column.keys[:shared]:
        return f"{path_text(column.keys)} overlaps column {before.name!r}, {_at(before)}"
    parts = zip(before.keys, column.keys, strict=False)
    left, right = next((left, right) for left, right in parts if left != right)
    if isinstance(left, int) != isinstance(right, int):
        return (
            f"{path_text(column.keys)} goes through an object where column {before.name!r}, "
            f"{_at(before)}, goes through an array, or the other way round"
        )
    return None


def _at(column: JsonColumn) -> str:
    return f"at {path_text(column.keys)}"


class JsonDataSet(DataSet):
    """A data set of JSON files."""

    layout: JsonLayout = Field(examples=[{"format": "json", "records": "lines"}])
    columns: tuple[JsonColumn, ...] = Field(min_length=1, strict=False)

    def layout_problems(self) -> Iterator[Problem]:
        """What does not fit together in the layout and its columns."""
        yield from self.layout.problems(self.columns)
        nested = {column.name: column.type for column in self.columns if column.is_nested}
        for index, name in enumerate(self.keys):
            if name in nested:
                message = f"{name!r} is {nested[name]}; a key is a scalar"
                yield Problem(f"keys[{index}]", message)
        for index, column in enumerate(self.columns):
            if column.lenient and column.kind == "string" and column.name in self.partitions:
                message = "folders are named by it, which a string alone can do"
                yield Problem(f"columns[{index}] ({column.name}).lenient", message)
