"""What is around the array of records in a document."""

from __future__ import annotations

import re

import msgspec

from lake.convert.conversion import Unreadable
from lake.convert.json_text.chunks import LONGEST_RECORD_BYTES
from lake.convert.json_text.syntax import SYNTAX_ERRORS, check_syntax
from lake.dataset.json_text import Path, path_text

_TOKEN = re.compile(
    rb"""[^"{}\[\],:]* (?: (?P<string> "[^"\\]*(?:\\.[^"\\]*)*" ) | (?P<mark> [{}\[\],:] ) )""",
    re.DOTALL | re.VERBOSE,
)


class Envelope:
    """A document without the elements of one array in it, which is looked for as bytes come.

    Only keys and brackets are looked at until the document is closed: then all of it is read.
    """

    def __init__(self, path: Path, *, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._data = bytearray()
        self._seen = 0  # how far into the data tokens were looked at
        self._open: list[str | None] = []  # the last key of each open object; None for an array
        self._string: str | None = None
        self._gap: tuple[int, int] | None = None  # where elements were left out, how many bytes

    def feed(self, data: bytes) -> int | None:
        """Add bytes of the document, up to where the array's elements begin.

        Returns:
            How many bytes of `data` are before the elements; None where all of them are.

        Raises:
            Unreadable: there is no such array, or a second one, or too much besides it.
        """
        before = len(self._data)
        self._data += data
        while token := _TOKEN.match(self._data, self._seen):
            self._seen = token.end()
            if self._begins_array(token):
                del self._data[self._seen :]
                return self._seen - before
            if not (self._path or self._gap):
                raise Unreadable(f"no array, but {token[0].strip()[:1].decode()!r} to begin with")
        if len(self._data) > LONGEST_RECORD_BYTES:
            where = "after it" if self._gap else "before it"
            raise Unreadable(
                f"{path_text(self._path)} should be an array with at most "
                f"{LONGEST_RECORD_BYTES} bytes {where}"
            )
        return None

    def leave_out(self, length_bytes: int) -> None:
        """The array's elements were so many bytes."""
        self._gap = len(self._data), length_bytes

    def close(self) -> None:
        """The document ends here.

        Raises:
            Unreadable: it is no JSON, or has no such array.
        """
        if fault := check_syntax(bytes(self._data), self._encoding):
            at, length_bytes = self._gap or (0, 0)
            byte = fault.byte + (length_bytes if fault.byte >= at else 0)
            raise Unreadable(f"{fault.what}, at byte {byte}")
        if self._gap is None:
            raise Unreadable(f"no array at {path_text(self._path)}")

    def _begins_array(self, token: re.Match[bytes]) -> bool:
        """Whether the array of records begins with this token."""
        mark = token["mark"]
        if mark is None:
            self._string = self._text(token["string"])
        elif mark == b"{":
            self._open.append("")
        elif mark == b":" and self._open:
            self._open[-1] = self._string
        elif mark == b"[":
            here = tuple(self._open) == self._path
            self._open.append(None)
            if here and self._gap and self._path:
                raise Unreadable(f"{path_text(self._path)} is there twice")
            return here and not self._gap
        elif mark in (b"]", b"}") and self._open:
            self._open.pop()
        return False

    def _text(self, string: bytes) -> str | None:
        """What a string says; None where it is none, which is found when the document is closed."""
        try:
            return msgspec.json.decode(string.decode(self._encoding), type=str)
        except SYNTAX_ERRORS:
            return None
