"""Files of lines: each line a text, compressed or not."""

from __future__ import annotations

import codecs
import uuid
from pathlib import Path

import pyarrow as pa

from infra.local.athena.catalog import Table
from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.formats.reader import DataFile, file_number, path_list
from infra.local.athena.session import Session, quote_text

_MAX_LINE_BYTES = 4 << 20
"""DuckDB reserves a multiple of it for each thread that reads."""
_BLOCK_BYTES = 1 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
_MARK = b"|"
"""In front of each line while DuckDB reads it, since it passes over blank ones."""


def lines(table: Table, files: list[DataFile]) -> str:
    """The SELECT of `line` and `file_number`, blank lines and header lines left out.

    Raises:
        QueryError: the table's `skip.header.line.count` is no number.
    """
    return f"{_read(table, path_list(files), files, 'line')} WHERE line <> ''"


def every_line(session: Session, table: Table, files: list[DataFile], *, encoding: str) -> str:
    """The SELECT of `line` and `file_number`, blank lines too, header lines left out.

    A line ends with LF, CR or CRLF; a byte order mark before the first is left out. Bytes that are
    no text in `encoding`, a charset of Java, become U+FFFD.

    Raises:
        QueryError: the table's `skip.header.line.count` is no number, or the charset is not known.
    """
    try:
        codec = codecs.lookup(encoding)
    except LookupError as error:
        message = f"serialization.encoding of {table.database}.{table.name} is {encoding!r}"
        raise QueryError("HIVE_INVALID_METADATA", message, error_type=ErrorType.DATA) from error
    marked = [session.directory / f"lines-{uuid.uuid4().hex}" for _ in files]
    for file, into in zip(files, marked, strict=True):
        _mark_lines(file.path, into, codec)
    paths = f"[{', '.join(quote_text(str(path)) for path in marked)}]"
    return _read(table, paths, files, f"line[{len(_MARK) + 1}:]")


def _read(table: Table, paths: str, files: list[DataFile], line: str) -> str:
    skipped = table.parameters.get("skip.header.line.count", "0")
    if not skipped.isdigit():
        raise QueryError(
            "HIVE_INVALID_METADATA",
            f"skip.header.line.count of {table.database}.{table.name} is {skipped!r}",
            error_type=ErrorType.DATA,
        )
    # No line holds these: each is one value, as it stands.
    whole = "delim = '\x01\x02\x03', nullstr = '\x04\x05\x06', quote = '', escape = ''"
    return (
        f"SELECT {line} AS line, {file_number(files)} FROM read_csv({paths},"
        " auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, strict_mode = false,"
        f" {whole}, skip = {skipped}, max_line_size = {_MAX_LINE_BYTES})"
    )


def _mark_lines(path: Path, into: Path, codec: codecs.CodecInfo) -> None:
    """Copy a file as UTF-8, its line ends as LF and a mark in front of each line."""
    decoder = codec.incrementaldecoder("replace")
    with pa.input_stream(str(path), compression="detect") as source, into.open("wb") as target:
        held = source.read(len(_UTF8_MARK)).removeprefix(_UTF8_MARK)
        starts, ended = True, False
        while not ended:
            block = source.read(_BLOCK_BYTES)
            ended = not block
            data = held + block
            # The LF of a CRLF may be in the next block.
            held = b"\r" if data.endswith(b"\r") and not ended else b""
            data = data.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if not data:
                continue
            if starts:
                target.write(_MARK)
            starts = data.endswith(b"\n")
            data = data.removesuffix(b"\n").replace(b"\n", b"\n" + _MARK)
            target.write(decoder.decode(data).encode())
            if starts:
                target.write(b"\n")
