"""What is wrong in text that is no JSON, and at which byte."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from lake.convert.rejects import Reason

_WITH_PLACE = re.compile(r"(?P<what>.*) \(byte (?P<place>\d+)\)")
_TRAILING = "JSON is malformed: trailing characters"
SYNTAX_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for text that is no JSON, besides what `msgspec.ValidationError` is for."""


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Where and why text is no JSON."""

    what: str
    byte: int
    """From 0, in the text."""


def syntax_fault(error: Exception, data: bytes, encoding: str) -> SyntaxFault:
    """What one of `SYNTAX_ERRORS` says of `data`, which was decoded from `encoding` first."""
    if isinstance(error, UnicodeDecodeError):
        return SyntaxFault(f"{Reason.ENCODING}: no {encoding}", _undecodable(data, encoding))
    if isinstance(error, RecursionError):
        return SyntaxFault("JSON is nested too deeply", 0)
    found = _WITH_PLACE.fullmatch(str(error))
    if not found:
        return SyntaxFault("JSON is malformed: it ends too early", len(data))
    place = int(found["place"]) - (found["what"] == _TRAILING)  # it counts from 1 there
    if not data.isascii() and encoding != "utf-8":
        text = data.decode(encoding).encode()  # the bytes that were counted
        place = len(text[:place].decode(errors="ignore"))
    return SyntaxFault(found["what"], place)


def check_syntax(data: bytes, encoding: str) -> SyntaxFault | None:
    """Why `data` is no JSON; None where it is."""
    try:
        msgspec.json.decode(data.decode(encoding), type=msgspec.Raw)
    except SYNTAX_ERRORS as error:
        return syntax_fault(error, data, encoding)
    return None


def _undecodable(data: bytes, encoding: str) -> int:
    """The first byte that is no text."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    raise ValueError(f"all of it is {encoding}")
