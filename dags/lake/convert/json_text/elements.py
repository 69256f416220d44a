"""Records that are the elements of an array, which may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from lake.convert.conversion import Unreadable
from lake.convert.json_text.buffer import Buffer
from lake.convert.json_text.chunks import KEPT_BYTES, LONGEST_RECORD_BYTES, Chunk, Oversized
from lake.convert.json_text.envelope import Envelope
from lake.convert.json_text.structure import Inside, find_elements
from lake.convert.json_text.syntax import check_syntax
from lake.convert.source import Source
from lake.dataset.json_text import Path

_SPACE = b" \t\r\n"


def read_document(source: Source, *, encoding: str) -> Iterator[Chunk]:
    """The one record that a whole source is.

    Raises:
        Unreadable: it is no JSON, or too long.
    """
    buffer = Buffer(source)
    while not buffer.at_end:
        buffer.read()
        if buffer.is_too_long:
            raise Unreadable(f"a document of more than {LONGEST_RECORD_BYTES} bytes is no record")
    data = buffer.peek()
    if fault := check_syntax(data, encoding):
        raise Unreadable(f"{fault.what}, at byte {fault.byte}")
    yield _chunk(data, [len(data)], offset=0, line=1)


def read_elements(source: Source, path: Path, *, encoding: str) -> Iterator[Chunk | Oversized]:
    """The elements in order of the array at `path`; the document itself where that is empty.

    What is between two commas is an element, also where it is nothing at all.

    Raises:
        Unreadable: the document is no JSON outside of its elements, or has no such array.
    """
    buffer, envelope = Buffer(source), Envelope(path, encoding=encoding)
    begun, line = None, 1
    while begun is None and not buffer.at_end:
        buffer.read()
        begun = envelope.feed(buffer.peek())
        line += buffer.take(len(buffer) if begun is None else begun).count(b"\n")
    if begun is not None:
        first = buffer.offset
        yield from _Elements(buffer, line).read()
        envelope.leave_out(buffer.offset - first)
        envelope.feed(buffer.take(len(buffer)))
        while not buffer.at_end:
            buffer.read()
            envelope.feed(buffer.take(len(buffer)))
    envelope.close()


class _Elements:
    """Takes the elements of an array out of a buffer, up to the array's closing bracket."""

    def __init__(self, buffer: Buffer, line: int) -> None:
        self._buffer = buffer
        self._line = line

    def read(self) -> Iterator[Chunk | Oversized]:
        """The elements in order."""
        begun = False  # whether there was a comma, after which there has to be an element
        while True:
            data = self._buffer.peek()
            found = find_elements(data, Inside())
            closed = found.end >= 0
            ends = [*found.commas, found.end] if closed else found.commas
            if ends and (begun or found.commas or data[: found.end].strip(_SPACE)):
                yield _chunk(data, ends, offset=self._buffer.offset, line=self._line)
                begun = True
            if closed:
                self._buffer.take(found.end)
                return
            self._take(ends[-1] + 1 if ends else 0)
            if self._buffer.is_too_long:
                yield self._skip()
                if self._buffer.peek()[:1] != b",":
                    return
                self._take(1)
                begun = True
                continue
            self._read_on()

    def _skip(self) -> Oversized:
        """Read past an element that is too long, up to the comma or bracket that ends it."""
        data = self._buffer.peek()
        self._take(len(data) - len(data.lstrip(_SPACE)))
        offset, line, raw, length = self._buffer.offset, self._line, b"", 0
        inside = Inside()
        while True:
            data = self._buffer.peek()
            if (len(data) - len(data.rstrip(b"\\"))) % 2:
                data = data[:-1]  # half of an escape
            found = find_elements(data, inside)
            end = min([*found.commas[:1], *([found.end] if found.end >= 0 else [])], default=-1)
            text = self._take(len(data) if end < 0 else end)
            raw, length = (raw + text)[:KEPT_BYTES], length + len(text)
            if end >= 0:
                return Oversized(raw=raw, length_bytes=length, offset=offset, line_number=line)
            inside = found.after
            self._read_on()

    def _take(self, count: int) -> bytes:
        taken = self._buffer.take(count)
        self._line += taken.count(b"\n")
        return taken

    def _read_on(self) -> None:
        if self._buffer.at_end:
            end = self._buffer.offset + len(self._buffer)
            raise Unreadable(f"the array of records does not end: cut off at byte {end}")
        self._buffer.read()


def _chunk(data: bytes, ends: list[int], *, offset: int, line: int) -> Chunk:
    """The records that end at `ends`, each of which begins a byte after the one before."""
    places = []
    for before, end in pairwise([-1, *ends]):
        text = data[before + 1 : end].lstrip(_SPACE)
        places.append((end - len(text), end - len(text) + len(text.rstrip(_SPACE))))
    starts, stops = np.array(places, np.intp).T
    return Chunk(
        data=data, offset=offset, first_line=line, starts=starts, ends=stops, are_lines=False
    )
