"""What stands in checks besides names: conditions in SQL, patterns, bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

Value = bool | int | float | date | datetime | str
"""A value of a column, as YAML reads it."""

_SQL_PART = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<comment>--|/\*|;) | (?P<open>\() | (?P<close>\))"""
    r"""| (?P<quote>['"])""",
    re.VERBOSE,
)
_BRACKET = re.compile(r"\[\^?(?:[^\[\]\\^&-](?:-[^\[\]\\^&-])?|[.^&-](?!&))+\]")
_COUNT = re.compile(r"\{\d{1,3}(?:,\d{0,3})?\}")
_KINDS = {
    "string": (str,),
    "int": (int,),
    "bigint": (int,),
    "double": (int, float),
    "decimal": (int, float),
    "boolean": (bool,),
    "date": (date,),
    "timestamp": (date, datetime),
}


def condition(text: str) -> str:
    """A condition in SQL, which goes between parentheses.

    Raises:
        ValueError: it would not stay between them.
    """
    depth = 0
    for found in _SQL_PART.finditer(text):
        if found["comment"]:
            raise ValueError(f"should be one condition in SQL, without {found['comment']}")
        if found["quote"]:
            raise ValueError(f"has a {found['quote']} that is not closed")
        depth += bool(found["open"]) - bool(found["close"])
        if depth < 0:
            break
    if depth or not text.strip():
        raise ValueError("should be a condition in SQL whose parentheses match")
    return text.strip()


def pattern(text: str) -> str:
    """A regular expression that means the same to Athena, to Redshift and to the embedded Athena.

    Athena's are Java's (https://trino.io/docs/current/functions/regexp.html), Redshift's are of
    POSIX (https://docs.aws.amazon.com/redshift/latest/dg/pattern-matching-conditions-posix.html).

    Raises:
        ValueError: it has something that only one of them knows.
    """
    place, depth, can_repeat = 0, 0, False
    while place < len(text):
        rest = text[place:]
        if bracket := _BRACKET.match(rest):
            place, can_repeat = place + len(bracket[0]), True
            continue
        if count := _COUNT.match(rest):
            place, can_repeat = place + len(count[0]), _repeated(can_repeat, count[0])
            continue
        can_repeat, depth = _character(rest, depth, can_repeat)
        place += 1
    if depth:
        raise ValueError("has parentheses that do not match")
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"should be a regular expression: {error}") from None
    return text


def _character(rest: str, depth: int, can_repeat: bool) -> tuple[bool, int]:
    """Whether what stands first can be repeated, and how deep it is in parentheses."""
    match rest[0]:
        case "\\":
            raise ValueError("has a backslash: write [.] for a point, [0-9] for a digit")
        case "^" | "$":
            raise ValueError("is for the whole value; ^ and $ have no place in it")
        case "[" | "]" | "{" | "}":
            raise ValueError(
                f"has a {rest[0]} that not every engine reads alike: in brackets stand characters, "
                "ranges and a ^ at the start, in braces one or two numbers"
            )
        case "(":
            if rest.startswith("(?"):
                raise ValueError("has a (?, which Redshift does not know")
            return False, depth + 1
        case ")":
            return True, depth - 1
        case "*" | "+" | "?":
            return _repeated(can_repeat, rest[0]), depth
        case "|":
            return False, depth
        case _:
            return True, depth


def _repeated(can_repeat: bool, sign: str) -> bool:
    if not can_repeat:
        raise ValueError(f"has a {sign} behind nothing that it repeats, or behind another")
    return False


def unfit(values: Iterator[Value] | tuple[Value, ...], kind: str) -> list[Value]:
    """The values that a column of this type cannot have."""
    wanted = _KINDS.get(kind, ())
    return [
        value
        for value in values
        if not isinstance(value, wanted)
        or (isinstance(value, bool) and kind != "boolean")
        or (isinstance(value, datetime) and kind == "date")
    ]
