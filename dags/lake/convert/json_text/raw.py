"""Values that are taken as the text that they are in the file, so that nothing of it is lost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from lake.convert.arrow import array_of, type_of
from lake.convert.json_text.buffers import Mask, bits, numbers_in
from lake.convert.json_text.joined import cut
from lake.convert.json_text.times import END_MICROS, FIRST_MICROS
from lake.convert.json_text.values import ArrayBuilder, Fault, Values
from lake.dataset.column import WIDEST_INT64

NULL = msgspec.Raw(b"null")

_PLAIN = b"0123456789.-nul\0"
_JSON_KINDS = {b'"': "str", b"{": "object", b"[": "array", b"t": "bool", b"f": "bool"}
"""Of a value that is no number and not null, by its first character, as `msgspec` calls them."""


class RawTexts(ArrayBuilder):
    """Values of any kind, as text."""

    json_type = msgspec.Raw
    kind = pa.string()

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def add(self, values: Values) -> None:
        """Joined by NULs, which JSON does not have."""
        self._parts.append(b"\0".join(values))
        self._count += len(values)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The texts, without those that are null."""
        joined, count = self.taken()
        texts = cut(joined, count)
        _, offsets, data = texts.buffers()
        buffers = [bits(_present(texts)), offsets, data]
        return pa.Array.from_buffers(self.kind, count, buffers), []

    def taken(self) -> tuple[bytes, int]:
        """The texts since the last time, joined, and how many."""
        joined, count = b"\0".join(self._parts), self._count
        self._parts.clear()
        self._count = 0
        return joined, count


class Decimals(RawTexts):
    """Decimals, from a number's digits."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        found: Any = type_of(kind)
        self.kind = found
        self._name, self._precision, self._scale = kind, found.precision, found.scale

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """By Arrow where all of them are plain, such as `-12.50`, and fit; else one by one."""
        joined, count = self.taken()
        texts = cut(joined, count)
        _, offsets, data = texts.buffers()
        present = _present(texts)
        if not joined.translate(None, _PLAIN) and _longest(texts) <= WIDEST_INT64:
            there = pa.Array.from_buffers(pa.string(), count, [bits(present), offsets, data])
            try:
                return there.cast(self.kind), []
            except pa.ArrowInvalid:
                pass  # some do not fit
        numbers, faults = np.zeros(count, np.int64), []
        for row, text in enumerate(joined.split(b"\0") if count else ()):
            if text != b"null":
                found = self._unscaled(text)
                if isinstance(found, int):
                    numbers[row] = found
                else:
                    faults.append(Fault(row, f"Expected `{self._name}`, got {found}"))
        return array_of(numbers, self.kind, present), faults

    def _unscaled(self, text: bytes) -> int | str:
        """A number without its point; what else it is where it is none of the type."""
        if kind := _JSON_KINDS.get(text[:1]):
            return f"`{kind}`"
        found = unscaled(text.decode(), self._precision, self._scale)
        return "a number that does not fit" if found is None else found


class EpochSeconds(ArrayBuilder):
    """Timestamps that are seconds since 1970, with decimals up to the microsecond."""

    json_type = msgspec.Raw
    kind = pa.timestamp("us")

    def __init__(self) -> None:
        self._decimals = Decimals(f"decimal({WIDEST_INT64},6)")

    def add(self, values: Values) -> None:
        """As decimals."""
        self._decimals.add(values)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """Their digits to the microsecond are the value."""
        digits, faults = self._decimals.finish()
        present, data = digits.buffers()
        micros = numbers_in(digits, 1, np.int64, len(digits))
        outside = np.flatnonzero((micros < FIRST_MICROS) | (micros >= END_MICROS))
        rows = sorted({fault.row for fault in faults}.union(outside.tolist()))
        array = pa.Array.from_buffers(self.kind, len(digits), [present, data])
        what = "Expected a number of seconds in the years 1 to 9999, got something else"
        return array, [Fault(row, what) for row in rows]


def _present(texts: pa.Array[Any]) -> Mask | None:
    """Which of some JSON texts are not null; None: all."""
    starts = numbers_in(texts, 1, np.int32, len(texts))
    is_null = numbers_in(texts, 2, np.uint8)[starts] == ord("n")
    return ~is_null if is_null.any() else None


def _longest(texts: pa.Array[Any]) -> int:
    """Bytes of the longest."""
    offsets = numbers_in(texts, 1, np.int32, len(texts) + 1)
    return int(np.diff(offsets).max(initial=0))


def unscaled(text: str, precision: int, scale: int) -> int | None:
    """A JSON number without its point, after so many digits; None where it does not fit exactly."""
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent has more than 18 digits
        return None
    if not number:
        return 0
    if number.adjusted() >= precision - scale:
        return None
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"{text} is no JSON number")
    significant = "".join(map(str, digits)).rstrip("0")
    zeros = len(digits) - len(significant) + exponent + scale
    if zeros < 0:
        return None
    whole: int = int(significant) * 10**zeros
    return -whole if sign else whole
