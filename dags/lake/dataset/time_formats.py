"""How dates and times are written: YYYY, MM, DD, hh, mm, ss and f for a fraction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

DATE_PARTS = frozenset({"YYYY", "MM", "DD"})
TIME_PARTS = frozenset({"hh", "mm", "ss"})
_PART = re.compile(r"YYYY|MM|DD|hh|mm|ss|f{1,6}|(?P<text>[-/.:, TZ])|(?P<other>.)", re.DOTALL)


def time_parts(form: str) -> dict[str, slice]:
    """Where each part of a format stands in the text, a fraction under `f`.

    Raises:
        ValueError: a part is there twice, or is none.
    """
    parts: dict[str, slice] = {}
    for found in _PART.finditer(form):
        if found["other"]:
            raise ValueError(f"{found['other']!r} is no part of a date or time")
        if not found["text"]:
            name = found[0] if found[0][0] != "f" else "f"
            if name in parts:
                raise ValueError(f"{found[0]} is there twice")
            parts[name] = slice(*found.span())
    return parts


def _time_format(form: str) -> str:
    message = (
        "should be YYYY, MM and DD, for a timestamp also hh, mm and ss, of which ss or mm and ss "
        "may lack, and up to six f for a fraction, with separators of - / . : , space T and Z"
    )
    try:
        names = time_parts(form).keys()
    except ValueError as error:
        raise ValueError(f"{message}: {error}") from None
    times = [part in names for part in ("hh", "mm", "ss", "f")]
    if not names >= DATE_PARTS or times != sorted(times, reverse=True):
        raise ValueError(message)
    return form


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


TimeFormats = Annotated[
    tuple[Annotated[str, AfterValidator(_time_format)], ...],
    BeforeValidator(_several),
    Field(strict=False),
]
"""One format, or several that are tried in turn."""


def kind_of(form: str) -> Literal["date", "timestamp"]:
    """The type of column that has this format."""
    return "timestamp" if "hh" in time_parts(form) else "date"


def formats_of(kind: str, formats: Sequence[str]) -> tuple[str, ...]:
    """The formats of a column, by default those of ISO 8601."""
    if formats or kind not in ("date", "timestamp"):
        return tuple(formats)
    return ("YYYY-MM-DD",) if kind == "date" else ("YYYY-MM-DD hh:mm:ss", "YYYY-MM-DDThh:mm:ss")
