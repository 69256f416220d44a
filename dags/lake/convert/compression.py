"""Compressed files: which compression it is, by the first bytes, and the bytes behind it."""

from __future__ import annotations

import io
import lzma
import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from lake.convert.conversion import Unreadable
from lake.convert.source import Stream
from lake.dataset.model import Compression

MAGIC_BYTES = 10
"""As many as it takes to tell a compression."""
_MAGIC: Mapping[Compression, re.Pattern[bytes]] = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bz2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),
    "zip": re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
}
_XZ_MEMORY_BYTES = 128 << 20
"""More than `xz -9` needs to decompress."""
_XZ_READ_BYTES = 1 << 16


def compression_of(head: bytes) -> Compression:
    """The compression of a file that begins with these bytes, at least `MAGIC_BYTES`; or none."""
    return next((name for name, magic in _MAGIC.items() if magic.match(head)), "none")


def checked_compression(declared: Compression, head: bytes) -> Compression:
    """The compression of a file, which its data set has declared or left to its first bytes.

    Raises:
        Unreadable: the file is not what is declared.
    """
    found = compression_of(head)
    if declared in ("auto", found):
        return found
    if declared == "none":
        return "none"
    raise Unreadable(f"should be compressed with {declared}, but it begins with {head!r}")


def decompressed(stream: Stream, compression: Compression) -> Stream:
    """The bytes behind a compressed stream of one frame, or of several, one after the other."""
    raw = _Raw(stream)
    match compression:
        case "xz":
            return _Decompressed(compression, raw, _Xz(raw).readinto)
        case "gzip" | "bz2" | "zstd":
            # Unlike Python's own, Arrow's is strict about what stands after a frame.
            native = pa.CompressedInputStream(pa.PythonFile(raw, "r"), compression)
            return _Decompressed(compression, raw, native.readinto)
        case _:
            raise ValueError(f"{compression} is not the compression of a stream")


class _Raw(io.RawIOBase):
    """A stream as an object of `io`, which remembers the error of its source."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            return self._stream.readinto(memoryview(buffer)) or 0
        except Exception as error:
            self.error = error
            raise


class _Decompressed:
    """A stream that tells a damaged file from a source that fails."""

    def __init__(
        self, compression: Compression, raw: _Raw, readinto: Callable[[memoryview], int]
    ) -> None:
        self._compression = compression
        self._raw = raw
        self._readinto = readinto

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            return self._readinto(buffer)
        except (OSError, EOFError, lzma.LZMAError) as error:
            if self._raw.error:
                raise self._raw.error from None
            message = f"its {self._compression} compression is damaged or cut off: {error}"
            raise Unreadable(message) from error


class _Xz:
    """Streams of xz, which pyarrow does not read; between and after them may be zeros."""

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw
        self._decompressor: lzma.LZMADecompressor | None = None

    def readinto(self, buffer: memoryview) -> int:
        while True:
            if self._decompressor is None or self._decompressor.eof:
                rest = self._decompressor.unused_data if self._decompressor else b""
                while not (rest := rest.lstrip(b"\0")):
                    if not (rest := self._raw.read(_XZ_READ_BYTES) or b""):
                        return 0
                self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)
            elif self._decompressor.needs_input:
                if not (rest := self._raw.read(_XZ_READ_BYTES) or b""):
                    raise EOFError("the stream has no end")
            else:
                rest = b""
            data = self._decompressor.decompress(rest, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
