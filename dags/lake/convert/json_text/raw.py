"""Values that are taken as the text that they are in the file, so that nothing of it is lost."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa

from lake.convert.arrow import array_of, type_of
from lake.convert.json_text.buffers import Mask, bits, numbers_in
from lake.convert.json_text.joined import cut
from lake.convert.json_text.times import (
    DAY_SECONDS,
    END_MICROS,
    FIRST_MICROS,
    SECOND_MICROS,
)
from lake.convert.json_text.values import ArrayBuilder, Fault, Texts, Values
from lake.dataset.column import WIDEST_INT64

NULL_TEXT = b"null"
NULL = msgspec.Raw(NULL_TEXT)

_QUOTED_NUMBER = re.compile(rb'"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"(?=\0|\Z)')
"""A text that is a number as JSON writes them, at the end of one of the values joined by NULs; a
text of which it is the end only still begins with a quote without it."""
_JSON_KINDS = {b'"': "str", b"{": "object", b"[": "array", b"t": "bool", b"f": "bool"}
"""Of a value that is no number and not null, by its first character, as `msgspec` calls them."""


class RawTexts(ArrayBuilder):
    """Values of any kind, as text."""

    json_type = msgspec.Raw
    kind: pa.DataType = pa.string()

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


class LenientTexts(Texts):
    """Strings; of a number or a boolean its own text."""

    json_type = msgspec.Raw

    def __init__(self) -> None:
        super().__init__()
        self._decode = msgspec.json.Decoder(list[str | None]).decode
        self._rows = 0
        self._faults: list[Fault] = []

    def add(self, values: Values) -> None:
        """All at once as an array; where some are no strings, these in quotes."""
        try:
            texts = self._decode(b"[%b]" % b",".join(values))
        except msgspec.ValidationError:
            quoted = [self._quoted(row, bytes(value)) for row, value in enumerate(values)]
            texts = self._decode(b"[%b]" % b",".join(quoted))
        super().add(texts)
        self._rows += len(values)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The texts, and which of them were arrays or objects."""
        array, _ = super().finish()
        faults, self._faults, self._rows = self._faults, [], 0
        return array, faults

    def _quoted(self, row: int, value: bytes) -> bytes:
        if value[:1] in (b"{", b"["):
            what = f"Expected `str`, got `{_JSON_KINDS[value[:1]]}`"
            self._faults.append(Fault(self._rows + row, what))
            return b'""'
        return value if value[:1] == b'"' or value == NULL_TEXT else b'"%b"' % value


class RawNumbers(RawTexts, ABC):
    """Numbers, from their digits."""

    _plain = b"0123456789.-nul\0"
    """The bytes of numbers that Arrow reads as they should be read, and of null."""
    _longest_plain = WIDEST_INT64

    def __init__(self, kind: str, *, lenient: bool = False) -> None:
        super().__init__()
        self.kind = type_of(kind)
        self._name, self._lenient = kind, lenient
        self._dtype: np.dtype[Any] = np.dtype(np.int64)

    @abstractmethod
    def _number(self, text: str) -> float | None:
        """A JSON number as the type holds it; None where it does not fit."""

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """By Arrow where all of them are plain, such as `-12.50`, and fit; else one by one."""
        joined, count = self.taken()
        if self._lenient:
            joined = _unquoted(joined)
        texts = cut(joined, count)
        _, offsets, data = texts.buffers()
        present = _present(texts)
        if not joined.translate(None, self._plain) and _longest(texts) <= self._longest_plain:
            there = pa.Array.from_buffers(pa.string(), count, [bits(present), offsets, data])
            try:
                return there.cast(self.kind), []
            except pa.ArrowInvalid:
                pass  # some do not fit
        numbers, faults = np.zeros(count, self._dtype), []
        for row, text in enumerate(joined.split(b"\0") if count else ()):
            if text == NULL_TEXT:
                continue
            if kind := _JSON_KINDS.get(text[:1]):
                faults.append(Fault(row, f"Expected `{self._name}`, got `{kind}`"))
            elif (found := self._number(text.decode())) is None:
                what = f"Expected `{self._name}`, got a number that does not fit"
                faults.append(Fault(row, what))
            else:
                numbers[row] = found
        return array_of(numbers, self.kind, present), faults


class Decimals(RawNumbers):
    """Decimals."""

    def __init__(self, kind: str, *, lenient: bool = False) -> None:
        super().__init__(kind, lenient=lenient)
        found: Any = self.kind
        self._precision, self._scale = found.precision, found.scale

    def _number(self, text: str) -> int | None:
        """Without its point."""
        return unscaled(text, self._precision, self._scale)


class WholeNumbers(RawNumbers):
    """Whole numbers of 32 or 64 bits, `26.0` among them."""

    _plain = b"0123456789-nul\0"
    _digits = 19
    """Of the largest of 64 bits."""

    def __init__(self, kind: str, *, lenient: bool = False) -> None:
        super().__init__(kind, lenient=lenient)
        self._dtype = np.dtype(np.int32 if kind == "int" else np.int64)
        self._limit = 2 ** (8 * self._dtype.itemsize - 1)

    def _number(self, text: str) -> int | None:
        number = unscaled(text, self._digits, 0)
        return number if number is not None and -self._limit <= number < self._limit else None


class Doubles(RawNumbers):
    """Doubles."""

    _longest_plain = 300
    """Digits, which are of a size that a double has."""

    def __init__(self, kind: str = "double", *, lenient: bool = False) -> None:
        super().__init__(kind, lenient=lenient)
        self._dtype = np.dtype(np.float64)

    def _number(self, text: str) -> float | None:
        number = float(text)
        return number if math.isfinite(number) else None


class Epochs(ArrayBuilder):
    """Timestamps, or days in UTC, that are a time since 1970 with decimals to the microsecond."""

    json_type = msgspec.Raw

    def __init__(
        self, unit: Literal["seconds", "milliseconds"], kind: str, *, lenient: bool = False
    ) -> None:
        self.kind = type_of(kind)
        self._unit, self._is_date = unit, kind == "date"
        scale = 6 if unit == "seconds" else 3
        self._decimals = Decimals(f"decimal({WIDEST_INT64},{scale})", lenient=lenient)

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
        if self._is_date:
            data = pa.py_buffer((micros // (DAY_SECONDS * SECOND_MICROS)).astype(np.int32))
        array = pa.Array.from_buffers(self.kind, len(digits), [present, data])
        what = f"Expected a number of {self._unit} in the years 1 to 9999, got something else"
        return array, [Fault(row, what) for row in rows]


def _unquoted(joined: bytes) -> bytes:
    """JSON values joined by NULs, numbers that are strings without their quotes."""
    if b'"' not in joined:
        return joined
    if b"\\" in joined:
        joined = b"\0".join(
            msgspec.json.encode(msgspec.json.decode(value))
            if value[:1] == b'"' and b"\\" in value
            else value
            for value in joined.split(b"\0")
        )
    return _QUOTED_NUMBER.sub(rb"\1", joined)


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
