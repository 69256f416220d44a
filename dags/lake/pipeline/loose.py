"""Loose records: records of a data set that stand alone, without the file that they came from."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.convert import SourceFile
from lake.convert.contents import contents
from lake.convert.source import Landed
from lake.dataset import (
    DataSet,
    DelimitedLayout,
    FixedWidthLayout,
    JsonLayout,
)
from lake.dataset.encoding import read_encoding
from lake.dataset.layout import Layout
from lake.pipeline.documents import LandedFile
from lake.pipeline.lake import Lake

HEAD_BYTES = 1 << 20
"""Of a file, in which its header stands."""


def loose(data_set: DataSet) -> DataSet:
    """The data set of files that are nothing but records, a line each, be they all bad.

    Of delimited files with columns by name, the header comes first.
    """
    source = data_set.source.model_copy(update={"compression": "none"})
    return data_set.model_copy(
        update={"layout": _layout(data_set.layout), "source": source, "max_bad_ratio": 1.0}
    )


def _layout(layout: Layout) -> Layout:
    # The records were kept as their reader saw them: decompressed, and UTF-16 as UTF-8.
    update: dict[str, object] = {"encoding": read_encoding(layout.encoding)}
    match layout:
        case FixedWidthLayout():
            update |= {"header": None, "batch": None, "trailer": None, "line_end": "newline"}
        case DelimitedLayout():
            named = layout.header == "by_name"
            update |= {"skip_lines": 0, "trailer": None, "header": "by_name" if named else "none"}
        case JsonLayout():
            update |= {"records": "lines", "items": None}
        case _:
            raise TypeError(f"no loose records of the format {layout.format!r}")
    return layout.model_copy(update=update)


def as_line(data_set: DataSet, record: bytes) -> bytes:
    """A record as a line of a loose file, with its end."""
    if isinstance(data_set.layout, JsonLayout):
        # Between the tokens of JSON a line end is a space, and inside of them it may not stand.
        record = record.replace(b"\r", b" ").replace(b"\n", b" ")
    return record + b"\n"


def needs_header(data_set: DataSet) -> bool:
    """Whether loose records have to stand below the header of their file."""
    layout = data_set.layout
    return isinstance(layout, DelimitedLayout) and layout.header == "by_name"


def header_line(lake: Lake, file: LandedFile, member: str | None) -> bytes:
    """The header of a delimited file, with its line end.

    Raises:
        lake.convert.conversion.Unreadable: the file is not what its data set says.
    """
    layout = lake.data_set.layout
    if not isinstance(layout, DelimitedLayout):
        raise TypeError(f"no header line in the format {layout.format!r}")
    with ExitStack() as stack:
        stream = stack.enter_context(lake.store.open_landed(file))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="lake-")))
        source = SourceFile(key=file.key, version_id=file.version_id, size_bytes=file.size_bytes)
        for name, text in contents(Landed(stream, source), source, lake.data_set, folder=folder):
            if name == member:
                head = memoryview(bytearray(HEAD_BYTES))
                lines = bytes(head[: text.fill(head)]).split(b"\n")[layout.skip_lines :]
                return next(line for line in lines if _is_header(line, layout)) + b"\n"
    raise LookupError(f"{file.key} has no member {member!r}")


def _is_header(line: bytes, layout: DelimitedLayout) -> bool:
    comment = layout.comment.encode(read_encoding(layout.encoding)) if layout.comment else None
    return bool(line.strip()) and not (comment and line.startswith(comment))
