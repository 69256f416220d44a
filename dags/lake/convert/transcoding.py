"""Byte order marks, and UTF-16 as UTF-8."""

from __future__ import annotations

import codecs

from lake.convert.conversion import Unreadable
from lake.convert.source import Peeked, Stream
from lake.dataset.encoding import UTF_16, codec_name

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_READ_BYTES = 1 << 16
_UNIT_BYTES = 2
_NO_UTF_8 = b"\xff"


def is_utf_16(head: bytes, encoding: str) -> bool:
    """Whether a file that begins with `head` is UTF-16, by its byte order mark or its layout."""
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return marked or codec_name(encoding) in UTF_16


def without_mark(stream: Peeked, encoding: str) -> tuple[Stream, int]:
    """The text behind a stream as its reader wants it, and the bytes of the mark taken off.

    Args:
        stream: a file from its first byte.
        encoding: what the layout says, which a mark may only agree with; a mark tells UTF-16 from
            UTF-8, too.

    Raises:
        Unreadable: the mark says otherwise, or the encoding is `utf-16` and there is no mark.
    """
    declared = codec_name(encoding)
    mark = next((mark for mark in _MARKS if stream.head.startswith(mark)), b"")
    if not mark and declared == "utf-16":
        raise Unreadable("no byte order mark; without one, say `utf-16-le` or `utf-16-be`")
    found = _MARKS[mark] if mark else declared
    if mark and declared not in ("utf-8", *UTF_16):
        raise Unreadable(f"begins with the byte order mark of {found}, but should be {encoding}")
    stream.head = stream.head[len(mark) :]
    if found in UTF_16:
        return _Utf8(stream, found), 0
    return stream, len(mark)


class _Utf8:
    """UTF-16 as UTF-8. What is no UTF-16 becomes what is no UTF-8, for its record to be rejected.

    A lone surrogate becomes the three bytes that UTF-8 would have for it, half of a code unit at
    the end of the file 0xFF.
    """

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._high = slice(1, None, _UNIT_BYTES) if encoding.endswith("le") else slice(0, None, 2)
        self._unread = b""  # half of a code unit, or of a pair
        self._ready = memoryview(b"")
        self._buffer = memoryview(bytearray(_READ_BYTES))

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._ready:
            count = self._stream.readinto(self._buffer) or 0
            data = self._unread + self._buffer[:count]
            if not data:
                return 0
            whole = len(data) - self._unfinished(data) if count else len(data) // 2 * 2
            self._ready = memoryview(self._transcoded(data[:whole]))
            self._unread = data[whole:]
            if not count and self._unread:
                self._ready, self._unread = memoryview(bytes(self._ready) + _NO_UTF_8), b""
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _transcoded(self, data: bytes) -> bytes:
        return data.decode(self._encoding, "surrogatepass").encode("utf-8", "surrogatepass")

    def _unfinished(self, data: bytes) -> int:
        """Bytes at the end that wait for what follows them."""
        odd = len(data) % _UNIT_BYTES
        last = data[len(data) - odd - _UNIT_BYTES : len(data) - odd]
        is_half_pair = bool(last) and 0xD8 <= last[self._high][0] <= 0xDB  # noqa: PLR2004  # the high surrogates of Unicode
        return odd + (_UNIT_BYTES if is_half_pair else 0)
