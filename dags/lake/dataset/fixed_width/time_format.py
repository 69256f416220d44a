"""How a field holds a date, a time or both: digits of each part at a fixed place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from lake.dataset.column import Kind

_PART = re.compile(r"YYYY|YY|MM|DDD|DD|hh|mm|ss|f{1,6}|(?P<text>[-/.:, TZ])|(?P<other>.)", re.S)
_DATES = ({"YYYY", "MM", "DD"}, {"YY", "MM", "DD"}, {"YYYY", "DDD"}, {"YY", "DDD"})
_TIMES = ({"hh"}, {"hh", "mm"}, {"hh", "mm", "ss"}, {"hh", "mm", "ss", "f"})

type Holds = Literal["date", "timestamp", "time"]


def parts_of(form: str) -> Mapping[str, slice]:
    """Where each part of a format stands in the field, a fraction of a second under `f`.

    Raises:
        ValueError: a part is there twice, or is none.
    """
    parts: dict[str, slice] = {}
    for found in _PART.finditer(form):
        if found["other"]:
            raise ValueError(f"{found['other']!r} is no part of a date or time")
        name = "f" if found[0][0] == "f" else found[0]
        if not found["text"]:
            if name in parts:
                raise ValueError(f"{name} is there twice")
            parts[name] = slice(*found.span())
    return parts


def holds(form: str) -> Holds:
    """What a field of this format holds.

    Raises:
        ValueError: neither a date nor a time, or one that lacks a part.
    """
    names = set(parts_of(form))
    clock = names & {"hh", "mm", "ss", "f"}
    has_date, has_time = names - clock in _DATES, clock in _TIMES
    if has_date and (has_time or not clock):
        return "timestamp" if clock else "date"
    if has_time and clock == names:
        return "time"
    raise ValueError("should be a date, a time or both")


def default_format(kind: Kind) -> str | None:
    """The format of a date or a timestamp that does not say its own."""
    return {"date": "YYYYMMDD", "timestamp": "YYYYMMDDhhmmss"}.get(kind)


def _checked(form: str) -> str:
    try:
        holds(form)
    except ValueError as error:
        raise ValueError(
            "should be YYYY or YY with MM and DD or with DDD, the day of the year; or hh, mm, ss "
            "and up to six f for a fraction, as many of them as there are; or both; with "
            f"separators of - / . : , space T and Z or without: {error}"
        ) from None
    return form


TimeFormat = Annotated[str, AfterValidator(_checked)]
"""For example `DDMMYYYY`, `YYDDD`, `hhmmss` or `YYYY-MM-DD hh:mm:ss.fff`."""
