"""The rules of delimited text: those of `lake.convert.delimited`, line by line, field by field.

They hold where each line is a record of its own. A line whose quotes are not closed in it, or with
an escape, is `unread`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lake.convert.delimited.dialect import Dialect as Characters
from lake.convert.delimited.header import Places
from lake.convert.delimited.records import LONGEST_RECORD_BYTES
from lake.convert.rejects import Reason
from lake.dataset import DelimitedDataSet, DelimitedLayout
from lake.dataset.encoding import read_encoding
from lake.engines.sql.delimited_fields import Field, field_of
from lake.engines.sql.dialect import Dialect, escaped
from lake.engines.sql.encoding import Encoding
from lake.engines.sql.rules import (
    COMMENT,
    CONTROL,
    EMPTY,
    END_MARK,
    HEADER,
    MOST_RAW_CHARACTERS,
    SKIPPED,
    Derived,
    Fault,
    Rules,
    Value,
)

_AROUND = r"\A +| +\z"
FIELDS, TEXTS = "fields", "texts"
"""What is derived of a line: its fields as they are in the file; and without quotes around them,
and without spaces where the layout trims them."""
_MOST_DOUBLED_QUOTES = 99
"""Of a field; more are left to a worker, since Java's patterns recur for each."""


@dataclass(frozen=True, kw_only=True)
class LinePlaces:
    """How an engine tells where a line stands; conditions of SQL."""

    skipped: str
    """It is one of the first, which are no data."""
    header: str
    end_mark: str
    """It is the end-of-file mark of DOS, which closes the file."""


def delimited_rules(
    data_set: DelimitedDataSet, places: Places, *, dialect: Dialect, lines: LinePlaces
) -> Rules:
    """What becomes of a line of a file.

    Args:
        data_set: what the file should hold.
        places: of the columns in the file.
        dialect: of the engine.
        lines: where lines stand.
    """
    encoding = Encoding(dialect, read_encoding(data_set.layout.encoding))
    cut = _Cut(data_set.layout, dialect)
    fields: dict[str, Field | None] = {
        column.name: None
        if place is None
        else field_of(
            column,
            data_set.layout,
            dialect=dialect,
            encoding=encoding,
            text=cut.text(place, may_lack=place >= places.least_fields),
            quoted=cut.quoted(place),
            partition=column.name in data_set.partitions,
        )
        for column, place in zip(data_set.columns, places.of_columns, strict=True)
    }
    faults = [
        *_record_faults(data_set.layout, places, cut, lines),
        *(fault for field in fields.values() if field for fault in field.faults()),
    ]
    kept = f"substr(line, 1, {MOST_RAW_CHARACTERS})"
    values = []
    for column in data_set.columns:
        field = fields[column.name]
        sql = field.value() if field else dialect.null(column.glue_type)
        values.append(Value(name=column.name, glue_type=column.glue_type, sql=sql))
    return Rules(
        dialect=dialect,
        derived=tuple(cut.derived()),
        faults=tuple(faults),
        values=tuple(values),
        unread=cut.unread(),
        raw=encoding.escaped(kept),
        raw_bytes=dialect.as_bytes(kept),
    )


def _record_faults(
    layout: DelimitedLayout, places: Places, cut: _Cut, lines: LinePlaces
) -> Iterator[Fault]:
    """What is no detail record, in the order in which a worker tells it."""
    yield Fault(condition=lines.skipped, reason=CONTROL, column=SKIPPED)
    yield Fault(condition=lines.end_mark, reason=CONTROL, column=END_MARK)
    if layout.blank_lines == "skip":
        yield Fault(condition="line = ''", reason=CONTROL, column=EMPTY)
    if comment := cut.is_comment():
        yield Fault(condition=comment, reason=CONTROL, column=COMMENT)
    yield Fault(condition=lines.header, reason=CONTROL, column=HEADER)
    yield Fault(condition=f"length(line) > {LONGEST_RECORD_BYTES}", reason=Reason.RECORD_LENGTH)
    count = f"NOT (cardinality({FIELDS}) BETWEEN {places.least_fields} AND {places.most_fields})"
    yield Fault(condition=count, reason=Reason.FIELD_COUNT)


@dataclass(frozen=True)
class _Cut:
    """Cuts a line into its fields."""

    layout: DelimitedLayout
    dialect: Dialect

    def derived(self) -> Iterator[Derived]:
        """What the other expressions refer to."""
        yield Derived(name=FIELDS, sql=self._fields())
        if (text := self._text("field")) != "field":
            sql = f"transform({FIELDS}, field -> {text})"
            yield Derived(name=TEXTS, sql=sql)

    def text(self, place: int, *, may_lack: bool) -> str:
        """The text of a field, counted from 0."""
        array = FIELDS if self._text("field") == "field" else TEXTS
        text = f"element_at({array}, {place + 1})"
        return f"coalesce({text}, '')" if may_lack else text

    def quoted(self, place: int) -> str | None:
        """Whether a field is in quotes; None where none is."""
        if not self._reads_quotes:
            return None
        return f"coalesce({self._is_quoted(f'element_at({FIELDS}, {place + 1})')}, false)"

    def unread(self) -> str | None:
        """Whether only a worker reads the line: it may go on in the next one, or has an escape."""
        conditions = []
        if self.layout.quote:
            uneven = f"array_join({FIELDS}, {self._literal(self._delimiter)}) <> line"
            quotes = self._holds(self.layout.quote)
            conditions.append(f"({quotes} AND {uneven})" if self._reads_quotes else quotes)
        if self.layout.escape:
            conditions.append(self._holds(self.layout.escape))
        if not conditions:
            return None
        unread = self.dialect.any_of(conditions)
        comment = self.is_comment()
        return f"{unread} AND NOT {comment}" if comment else unread

    def is_comment(self) -> str | None:
        """Whether the line is a comment; None where there are none."""
        comment = Characters.of(self.layout).comment
        if comment is None:
            return None
        text = comment.decode("latin-1")
        return f"(substr(line, 1, {len(text)}) = {self._literal(text)})"

    @property
    def _delimiter(self) -> str:
        return Characters.of(self.layout).delimiter.decode("latin-1")

    @property
    def _reads_quotes(self) -> bool:
        return self.layout.quote is not None and len(self._delimiter) == 1

    def _fields(self) -> str:
        delimiter = self._delimiter
        split = self.dialect.split("line", delimiter)
        if not self._reads_quotes or self.layout.quote is None:
            return split
        found = self.dialect.parts(
            f"({self._literal(delimiter)} || line)", field_pattern(self.layout)
        )
        quoted = f"transform({found}, field -> substr(field, 2))"
        return f"CASE WHEN {self._holds(self.layout.quote)} THEN {quoted} ELSE {split} END"

    def _text(self, field: str) -> str:
        """A field without its quotes, or without spaces around it."""
        free = self.dialect.without(field, _AROUND) if self.layout.trim else field
        if not self._reads_quotes:
            return free
        inner = f"substr({field}, 2, length({field}) - 2)"
        return f"CASE WHEN {self._is_quoted(field)} THEN {inner} ELSE {free} END"

    def _is_quoted(self, field: str) -> str:
        return f"(substr({field}, 1, 1) = {self._literal(self.layout.quote or '')})"

    def _holds(self, character: str) -> str:
        return self.dialect.matches("line", escaped(character))

    def _literal(self, text: str) -> str:
        return self.dialect.literal(text)


def field_pattern(layout: DelimitedLayout) -> str:
    """A well quoted field with the delimiter before it, which has to be one byte.

    Where all that is found in a line, a delimiter put before it, is all of the line, each of its
    quotes opens or closes a field, or is doubled inside of one.
    """
    delimiter = escaped(Characters.of(layout).delimiter.decode("latin-1"))
    quote = escaped(layout.quote or "")
    doubled = "" if layout.escape else f"(?:{quote * 2}[^{quote}]*){{0,{_MOST_DOUBLED_QUOTES}}}"
    return f"[{delimiter}](?:{quote}[^{quote}]*{doubled}{quote}|[^{delimiter}{quote}]*)"
