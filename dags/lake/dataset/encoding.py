"""The encodings that text may have."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

UTF_16 = ("utf-16", "utf-16-le", "utf-16-be")


def codec_name(encoding: str) -> str:
    """One name for each encoding, whatever it is called; empty where there is none."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""


def read_encoding(encoding: str) -> str:
    """The encoding of the bytes that a format's reader gets: UTF-16 comes to it as UTF-8."""
    return "utf-8" if codec_name(encoding) in UTF_16 else encoding


def encoded_texts(texts: Iterable[str], encoding: str) -> tuple[bytes, ...]:
    """What a file has for these texts, but for those that its encoding has no bytes for."""
    encoded = []
    for text in texts:
        with contextlib.suppress(UnicodeEncodeError):
            encoded.append(text.encode(encoding))
    return tuple(encoded)


def _extends_ascii(encoding: str) -> bool:
    """One byte a character on top of ASCII: in others an ASCII byte may be half of a character."""
    switch = b"\x1b$B!!"  # two characters of Japanese in the encodings of ISO 2022
    ascii_bytes, others = bytes(range(0x80)) + switch, bytes(range(0x80, 0x100))
    try:
        fits = ascii_bytes.decode(encoding) == ascii_bytes.decode("ascii")
        return fits and len(others.decode(encoding, "replace")) == len(others)
    except (LookupError, UnicodeError):
        return False


def _text_encoding(encoding: str) -> str:
    if not (_extends_ascii(encoding) or codec_name(encoding) in ("utf-8", *UTF_16)):
        raise ValueError("should be utf-8, utf-16, or an encoding of one byte a character")
    return encoding


TextEncoding = Annotated[str, AfterValidator(_text_encoding)]
"""Digits, delimiters and line ends are looked for as ASCII bytes, so text must have them so; UTF-16
is made UTF-8 before it is read."""
