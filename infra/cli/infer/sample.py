"""A bounded sample of a file: its beginning, and some of its middle and end where it can be cut."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from lake.convert.compression import MAGIC_BYTES, compression_of, decompressed
from lake.convert.conversion import Unreadable
from lake.convert.source import Stream

from infra.cli.steps import Failed

HEAD_BYTES = 1_000_000
BLOCK_BYTES = 250_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS_OF_LATIN_1 = bytes(range(0x80, 0xA0))
"""Which no text has; in cp1252 they are quotes, dashes and the euro."""
_MOST_NULS = 0.3
"""In text of one byte a character; every other byte of English in UTF-16 is one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of a file."""

    path: Path
    size_bytes: int
    """Of the file as it is."""
    compression: str
    """`none`, or what the first bytes say."""
    encoding: str
    encoding_seen: str
    """What speaks for the encoding."""
    blocks: tuple[bytes, ...]
    """The beginning, then pieces of the middle and the end; each begins and ends at a line."""
    is_whole: bool
    """Whether the first block is all of the file."""

    @property
    def head(self) -> str:
        """The beginning as text."""
        return self.text(self.blocks[0])

    def text(self, block: bytes) -> str:
        """A block as text: what is none in the encoding is replaced."""
        return block.decode(self.encoding, "replace").removeprefix("\ufeff")

    @property
    def description(self) -> str:
        """How much was read, for people."""
        if self.is_whole:
            return f"all of {self.size_bytes:,} bytes"
        read = sum(map(len, self.blocks))
        return f"{read:,} bytes in {len(self.blocks)} pieces of {self.size_bytes:,}"


def read_sample(path: Path, *, encoding: str | None = None) -> Sample:
    """Read a sample of a file, and find out its compression and encoding.

    Args:
        encoding: of the text, where it is known.

    Raises:
        Failed: there is no such file, it is empty, or it cannot be decompressed.
    """
    if not path.is_file():
        raise Failed(f"{path}: no such file")
    try:
        with _opened(path) as (compression, text):
            head = _read(text, HEAD_BYTES)
            is_whole = not _read(text, 1)
    except (OSError, Unreadable, zipfile.BadZipFile, RuntimeError) as error:
        raise Failed(f"{path}: {error}") from error
    if not head.strip():
        raise Failed(f"{path}: the file is empty")
    found, seen = (encoding, "as asked for") if encoding else _encoding(head)
    line_end = _line_end(found)
    blocks = [head if is_whole else _whole_lines(head, line_end)]
    if not (is_whole or compression != "none" or found.startswith("utf-16")):
        blocks += _further_blocks(path, line_end)
    return Sample(
        path=path,
        size_bytes=path.stat().st_size,
        compression=compression,
        encoding=found,
        encoding_seen=seen,
        blocks=tuple(block for block in blocks if block),
        is_whole=is_whole,
    )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, Stream]]:
    """The compression of a file and its text; of a zip the first file in it."""
    with path.open("rb") as file:
        compression = compression_of(file.read(MAGIC_BYTES))
        file.seek(0)
        if compression != "zip":
            yield compression, file if compression == "none" else decompressed(file, compression)
            return
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if not members:
                raise Unreadable("the zip has no files in it")
            with archive.open(members[0]) as member:
                yield compression, cast(Stream, member)  # it has readinto, which IO lacks


def _read(stream: Stream, most_bytes: int) -> bytes:
    buffer = memoryview(bytearray(most_bytes))
    filled = 0
    while filled < most_bytes and (count := stream.readinto(buffer[filled:])):
        filled += count
    return bytes(buffer[:filled])


def _encoding(head: bytes) -> tuple[str, str]:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name, "a byte order mark"
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[first::2].count(0) > _MOST_NULS * len(head[first::2]):
            return name, "every other byte is zero"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        byte = head[error.start]
        name = "cp1252" if any(code in head for code in _CONTROLS_OF_LATIN_1) else "latin-1"
        return name, f"byte {byte:02x} at {error.start:,} is no UTF-8; look at the accents"
    return "utf-8", "only ASCII was seen" if head.isascii() else "valid, with more than ASCII"


def _line_end(encoding: str) -> bytes:
    if encoding in ("utf-16", "utf-16-le"):
        return b"\n\x00"
    return b"\x00\n" if encoding == "utf-16-be" else b"\n"


def _whole_lines(block: bytes, line_end: bytes) -> bytes:
    end = block.rfind(line_end)
    return block[: end + len(line_end)] if end >= 0 else block


def _further_blocks(path: Path, line_end: bytes) -> list[bytes]:
    """Of the middle and of the end of a file that is longer than the head."""
    size = path.stat().st_size
    last = max(HEAD_BYTES, size - BLOCK_BYTES)
    middle = (HEAD_BYTES + last - BLOCK_BYTES) // 2
    blocks = []
    with path.open("rb") as file:
        for start in (middle, last):
            if start < HEAD_BYTES:
                continue
            file.seek(start)
            block = file.read(BLOCK_BYTES)
            first = block.find(line_end)
            block = block[first + len(line_end) :] if first >= 0 else b""
            blocks.append(block if start == last else _whole_lines(block, line_end))
    return blocks
