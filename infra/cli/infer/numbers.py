"""How numbers are written in a column: decimal point, thousands, size, scale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lake.dataset.column import WIDEST_INT64

_HEADROOM_DIGITS = 3
"""Before the point, more than any value of the sample has."""
_LARGEST_LIKELY_INT = 2**31 // 100
"""A larger number in a sample makes a bigint: others may be a hundred times as large."""
_MOST_SCALE = 6
"""Digits after the point; more are measurements rather than amounts."""


@dataclass(frozen=True)
class NumberStyle:
    """How numbers with a fraction or thousands are written."""

    point: str = "."
    thousands: str | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of a whole number, with groups `whole` and `fraction`."""
        point = re.escape(self.point)
        whole = r"[0-9]+"
        if self.thousands:
            whole = rf"(?:[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        return re.compile(rf"[+-]?(?P<whole>{whole})(?:{point}(?P<fraction>[0-9]+))?")

    def __str__(self) -> str:
        text = "decimal point" if self.point == "." else "decimal comma"
        return f"{text}, thousands by {self.thousands!r}" if self.thousands else text


STYLES = (
    NumberStyle(),
    NumberStyle(","),
    NumberStyle(".", ","),
    NumberStyle(",", "."),
    NumberStyle(".", " "),
    NumberStyle(",", " "),
    NumberStyle(".", "'"),
    NumberStyle(".", "_"),
)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class NumberGuess:
    """The type that holds every value."""

    type: str
    seen: str
    """What was seen of the values, for a comment."""


def fitting_styles(values: Sequence[str]) -> list[NumberStyle]:
    """The styles in which every value is a number, simple ones first."""
    return [style for style in STYLES if all(map(style.pattern.fullmatch, values))]


def guess_number(values: Sequence[str], style: NumberStyle) -> NumberGuess | None:
    """The narrowest type that holds these and larger values; None where one is no number."""
    found = [style.pattern.fullmatch(value) for value in values]
    matches = [match for match in found if match]
    if len(matches) < len(values) or not values:
        if style.point == "." and all(map(_FLOAT.fullmatch, values)) and values:
            return NumberGuess("double", "numbers, with exponents")
        return None
    wholes = [re.sub(r"[^0-9]", "", match["whole"]) for match in matches]
    scale = max(len(match["fraction"] or "") for match in matches)
    digits = max(len(whole.lstrip("0")) for whole in wholes)
    if not scale:
        return _whole_number(wholes, digits)
    if scale > _MOST_SCALE:
        return NumberGuess("double", f"numbers with up to {scale} decimals")
    if digits + scale > WIDEST_INT64:
        return None
    precision = min(digits + _HEADROOM_DIGITS + scale, WIDEST_INT64)
    seen = f"numbers of up to {max(digits, 1)} digits and {scale} decimals"
    return NumberGuess(f"decimal({precision},{scale})", seen)


def _whole_number(wholes: Sequence[str], digits: int) -> NumberGuess | None:
    if any(len(whole) > 1 and whole.startswith("0") for whole in wholes):
        return None  # a code: as a number it would lose its zeros
    if digits > WIDEST_INT64:
        return None
    largest = max(map(int, wholes))
    kind = "int" if largest <= _LARGEST_LIKELY_INT else "bigint"
    return NumberGuess(kind, f"whole numbers, the largest {largest:,}")
