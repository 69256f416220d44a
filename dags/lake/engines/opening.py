"""What a delimited file begins with: lines that are no data, and the header."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake.convert.conversion import Unreadable
from lake.convert.delimited.dialect import Dialect
from lake.convert.delimited.header import Places, header_names
from lake.dataset import DelimitedDataSet, DelimitedLayout
from lake.engines.documents import NotForThisEngine
from lake.engines.ends import END_BYTES, FileEnds
from lake.engines.sql.delimited import field_pattern


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The first lines of a file."""

    skipped: tuple[bytes, ...]
    header: bytes | None
    """None where the layout has none."""
    header_line: int
    """Its number, from 1; 0 without one."""
    places: Places
    """Of the columns."""


def read_opening(data_set: DelimitedDataSet, ends: FileEnds) -> Opening:
    """What a file begins with.

    Raises:
        NotForThisEngine: its header is not to be found, or is not the data set's; a worker says
            what is wrong with it. Or its end is like DOS's end-of-file mark, and is none.
    """
    layout = data_set.layout
    last = ends.tail.rpartition(b"\n")[2]
    if last.endswith(b"\r") and ends.end_mark_bytes:
        raise NotForThisEngine("a carriage return follows the end-of-file mark")
    lines = ends.head.split(b"\n")
    if not ends.is_whole or not lines[-1] or ends.end_mark_bytes:
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    if len(lines) < layout.skip_lines:
        raise NotForThisEngine(f"the file's start has no {layout.skip_lines} lines to skip")
    skipped = tuple(lines[: layout.skip_lines])
    if layout.header == "none":
        places = Places.by_position(data_set.columns, layout)
        return Opening(skipped=skipped, header=None, header_line=0, places=places)
    for number, line in enumerate(lines[layout.skip_lines :], start=layout.skip_lines + 1):
        if not is_no_data(line, layout):
            places = _places(data_set, line)
            return Opening(skipped=skipped, header=line, header_line=number, places=places)
    raise NotForThisEngine(f"there is no header in the first {END_BYTES} bytes")


def is_no_data(line: bytes, layout: DelimitedLayout) -> bool:
    """Whether a line is a comment, or blank where such lines are skipped."""
    comment = Dialect.of(layout).comment
    if comment and line.startswith(comment):
        return True
    return not line and layout.blank_lines == "skip"


def _places(data_set: DelimitedDataSet, header: bytes) -> Places:
    layout = data_set.layout
    if not _is_well_quoted(header, layout):
        raise NotForThisEngine("the header has quotes or escapes that only a worker reads")
    try:
        names = header_names(header, Dialect.of(layout), layout)
        if layout.header == "by_name":
            return Places.by_name(data_set.columns, layout, names)
    except Unreadable as error:
        raise NotForThisEngine(str(error)) from None
    places = Places.by_position(data_set.columns, layout)
    if not places.least_fields <= len(names) <= places.most_fields:
        raise NotForThisEngine(f"the header has {len(names)} columns")
    return places


def _is_well_quoted(line: bytes, layout: DelimitedLayout) -> bool:
    dialect = Dialect.of(layout)
    if layout.escape and layout.escape.encode() in line:
        return False
    if not layout.quote or layout.quote.encode() not in line:
        return True
    if len(dialect.delimiter) > 1:
        return False
    text = (dialect.delimiter + line).decode("latin-1")
    return "".join(re.findall(field_pattern(layout), text)) == text
