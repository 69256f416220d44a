"""The text of a field, and what of it is no text, in the file's encoding."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from lake.engines.sql.dialect import Dialect

_HIGH = "\x80-\xff"
_CONTINUATION = "[\x80-\xbf]"
_UTF8_CHARACTERS = "|".join(
    [
        f"[\xc2-\xdf]{_CONTINUATION}",
        f"\xe0[\xa0-\xbf]{_CONTINUATION}",
        f"[\xe1-\xec\xee\xef]{_CONTINUATION}{{2}}",
        f"\xed[\x80-\x9f]{_CONTINUATION}",
        f"\xf0[\x90-\xbf]{_CONTINUATION}{{2}}",
        f"[\xf1-\xf3]{_CONTINUATION}{{3}}",
        f"\xf4[\x80-\x8f]{_CONTINUATION}{{2}}",
    ]
)
"""The well-formed characters beyond ASCII, table 3-7 of the Unicode standard."""


@dataclass(frozen=True)
class Encoding:
    """Writes expressions over text that has a character for each byte of the file."""

    dialect: Dialect
    name: str
    """As Python calls it: UTF-8, or one byte a character on top of ASCII."""

    @property
    def _is_utf8(self) -> bool:
        return codecs.lookup(self.name).name == "utf-8"

    def undecodable(self, latin1: str) -> str:
        """Whether some bytes are no text in the encoding."""
        if self._is_utf8:
            rest = self.dialect.without(latin1, _UTF8_CHARACTERS)
            return self.dialect.matches(rest, f"[{_HIGH}]")
        _, _, undefined = self._table()
        return self.dialect.matches(latin1, f"[{undefined}]") if undefined else "false"

    def decoded(self, latin1: str) -> str:
        """The text, of decodable bytes."""
        if self._is_utf8:
            return self.dialect.as_utf8(latin1)
        characters, into, _ = self._table()
        return self.dialect.translated(latin1, characters, into) if characters else latin1

    def escaped(self, latin1: str) -> str:
        r"""The text, with each byte that is none as `\xNN`, as Python's `backslashreplace` does."""
        bad = f"[{_HIGH}]" if self._is_utf8 else f"[{self._table()[2]}]"
        if bad == "[]":
            return self.decoded(latin1)
        good = f"{_UTF8_CHARACTERS}|[^{_HIGH}]+" if self._is_utf8 else f"[^{bad[1:-1]}]+"
        of_part = self.dialect.matches("part", rf"\A{bad}\z")
        code = f"lower({self.dialect.as_hex('part')})"
        part = f"CASE WHEN {of_part} THEN {self.dialect.literal(chr(92) + 'x')} || {code}"
        part += f" ELSE {self.decoded('part')} END"
        parts = self.dialect.parts(latin1, f"{good}|{bad}")
        rare = f"array_join(transform({parts}, part -> {part}), '')"
        return f"CASE WHEN {self.undecodable(latin1)} THEN {rare} ELSE {self.decoded(latin1)} END"

    def _table(self) -> tuple[str, str, str]:
        """The bytes that are other characters than in latin-1, those characters, and the bytes
        that are none at all."""
        characters, into, undefined = "", "", ""
        for byte in range(0x80, 0x100):
            try:
                character = bytes([byte]).decode(self.name)
            except UnicodeDecodeError:
                undefined += chr(byte)
                continue
            if character != chr(byte):
                characters += chr(byte)
                into += character
        return characters, into, undefined
