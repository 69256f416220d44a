"""What is in a landed file: its text, or the texts of a zip's members, ready for a reader."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lake.convert.compression import (
    MAGIC_BYTES,
    checked_compression,
    compression_of,
    decompressed,
)
from lake.convert.conversion import Unreadable
from lake.convert.ranges import RecordRange
from lake.convert.source import Landed, Peeked, Source, SourceFile, Stream
from lake.convert.transcoding import is_utf_16, without_mark
from lake.dataset import DataSet

_MARK_BYTES = 3
_SPOOL_BYTES = 1 << 20


def can_be_cut(dataset: DataSet, head: bytes) -> bool:
    """Whether a file that begins with `head`, 16 bytes or all of it, can be read in byte ranges."""
    if not dataset.layout.splittable or is_utf_16(head, dataset.layout.encoding):
        return False
    declared = dataset.source.compression
    return (compression_of(head) if declared == "auto" else declared) == "none"


def contents(
    landed: Landed, file: SourceFile, dataset: DataSet, *, folder: Path
) -> Iterator[tuple[str | None, Source]]:
    """Each text of a file, and its name where the file is a zip.

    Args:
        landed: the file's bytes, or a range's.
        file: what they are.
        dataset: what the file should hold.
        folder: where a zip is kept on disk while it is read: its list of members stands at its end.

    Raises:
        Unreadable: the file is damaged, or compressed or encoded in another way than is declared.
    """
    encoding = dataset.layout.encoding
    if file.start:
        range_ = RecordRange(landed, file)
        head = Peeked(range_, 1)  # read, so that it is known where the first record begins
        yield None, Source(head, offset_bytes=range_.offset_bytes, is_first=False)
        return
    stream = Peeked(landed, MAGIC_BYTES)
    if file.is_range and not can_be_cut(dataset, stream.head):
        raise Unreadable("compressed or UTF-16: it cannot be read in byte ranges")
    compression = checked_compression(dataset.source.compression, stream.head)
    if compression == "zip":
        with tempfile.TemporaryFile(dir=folder) as spool:
            _copy(stream, spool)
            for member, text in _members(spool):
                yield member, _source(text, encoding)
    elif compression == "none":
        yield None, _source(RecordRange(stream, file) if file.is_range else stream, encoding)
    else:
        yield None, _source(decompressed(stream, compression), encoding)


def _source(stream: Stream, encoding: str) -> Source:
    text, mark_bytes = without_mark(Peeked(stream, _MARK_BYTES), encoding)
    return Source(text, offset_bytes=mark_bytes)


def _copy(stream: Stream, file: IO[bytes]) -> None:
    buffer = memoryview(bytearray(_SPOOL_BYTES))
    while count := stream.readinto(buffer):
        file.write(buffer[:count])


def _members(file: IO[bytes]) -> Iterator[tuple[str, Stream]]:
    """The files in a zip, in its order."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if not members:
                raise Unreadable("the zip has no files in it")
            for member in members:
                with archive.open(member) as stream:
                    yield member.filename, _Member(stream)
    except _DAMAGED as error:
        raise Unreadable(f"the zip is damaged, or not one that can be read: {error}") from error


# RuntimeError: a password is needed. NotImplementedError: a compression that Python has not.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class _Member:
    """A member of a zip, which says so where it is damaged."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGED as error:
            raise Unreadable(f"damaged in the zip: {error}") from error
        buffer[: len(data)] = data
        return len(data)
