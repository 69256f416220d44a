"""Decoded values of one type, gathered and made an Arrow array.

What is decoded from a few hundred records is taken out of Python's objects while the processor's
cache has them; arrays are made of many times as much, at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import array_of, type_of
from lake.convert.json_text.buffers import Mask, bits
from lake.convert.json_text.joined import JoinedTexts
from lake.convert.json_text.presence import Presence
from lake.convert.json_text.times import cast_dates, cast_timestamps, parse_times

type Values = Sequence[Any]
"""As `msgspec` decodes them; None where they are missing."""

_SHOWN_CHARACTERS = 40
_FEW = 64
"""Texts that are not worth another attempt in bulk."""


class Fault(NamedTuple):
    """A value that is of its JSON type, but not of its column's."""

    row: int
    what: str
    place: str = ""
    """Inside of the column's value, for example `[...].price`."""


class ArrayBuilder(ABC):
    """Makes arrays of one type."""

    json_type: Any
    """What `msgspec` is to decode; missing values not counted."""
    kind: pa.DataType

    @abstractmethod
    def add(self, values: Values) -> None:
        """Take values; at least one."""

    @abstractmethod
    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """An array of the values taken since the last one, any value where there is a fault."""


class Texts(ArrayBuilder):
    """Strings."""

    json_type: Any = str

    def __init__(self) -> None:
        self.kind = pa.string()
        self._texts = JoinedTexts()
        self._present = Presence()

    def add(self, values: Values) -> None:
        """Joined; None is no text to join, so that the error tells that there are some."""
        try:
            joined = "\0".join(values)
        except TypeError:
            values = self._present.add(values, "")
            joined = "\0".join(values)
        else:
            self._present.add_all(len(values))
        self._texts.add(joined.encode(), values)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The joined texts, cut."""
        return self._texts.finish(self._present.finish()), []


class Numbers(ArrayBuilder):
    """Whole numbers of 32 or 64 bits, and doubles."""

    def __init__(self, kind: str) -> None:
        self.kind = type_of(kind)
        self._parts: list[NDArray[Any]] = []
        self._present = Presence()
        if kind == "double":
            self._dtype: np.dtype[Any] = np.dtype(np.float64)
            self.json_type = float
            return
        self._dtype = np.dtype(np.int32 if kind == "int" else np.int64)
        highest = 2 ** (8 * self._dtype.itemsize - 1) - 1
        self.json_type = Annotated[int, msgspec.Meta(ge=-highest - 1, le=highest)]

    def add(self, values: Values) -> None:
        """By numpy; None is an error, or of a double NaN, which JSON does not have."""
        try:
            part = np.fromiter(values, self._dtype, len(values))
            some_missing = self._dtype.kind == "f" and bool(np.isnan(part).any())
        except TypeError:
            some_missing = True
        if some_missing:
            part = np.fromiter(self._present.add(values, 0), self._dtype, len(values))
        else:
            self._present.add_all(len(values))
        self._parts.append(part)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """The numbers as they are."""
        numbers = np.concatenate([np.empty(0, self._dtype), *self._parts])
        self._parts.clear()
        return array_of(numbers, self.kind, self._present.finish()), []


class Booleans(ArrayBuilder):
    """True and false."""

    json_type = bool
    kind = pa.bool_()

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._present = Presence()

    def add(self, values: Values) -> None:
        """A byte each; None is no byte, so that the error tells that there are some."""
        try:
            part = bytes(values)
        except TypeError:
            part = bytes(self._present.add(values, False))
        else:
            self._present.add_all(len(values))
        self._parts.append(part)

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """Packed into bits."""
        packed = bits(np.frombuffer(b"".join(self._parts), np.bool_))
        count = sum(map(len, self._parts))
        self._parts.clear()
        missing = bits(self._present.finish())
        return pa.Array.from_buffers(self.kind, count, [missing, packed]), []


class Times(Texts):
    """Dates and timestamps that are written as text."""

    def __init__(self, kind: str, formats: Sequence[str]) -> None:
        super().__init__()
        self.kind = type_of(kind)
        self._name, self._formats = kind, formats
        self._dtype = np.int32 if kind == "date" else np.int64

    def finish(self) -> tuple[pa.Array[Any], list[Fault]]:
        """Days or microseconds; missing texts are left out while they are made."""
        present = self._present.finish()
        texts = self._texts.finish(None)
        rows = np.arange(len(texts)) if present is None else np.flatnonzero(present)
        if len(rows) < len(texts):
            texts = texts.take(array_of(rows, pa.int64()))
        numbers = np.zeros(len(present) if present is not None else len(rows), self._dtype)
        numbers[rows], valid = self._numbers(texts)
        faults = [
            self._fault(int(rows[index]), texts[index].as_py())
            for index in np.flatnonzero(~valid).tolist()
        ]
        return array_of(numbers, self.kind, present), faults

    def _numbers(self, texts: pa.Array[Any]) -> tuple[NDArray[Any], Mask]:
        """By Arrow where it reads them as it should; what it does not is looked for by halves."""
        is_date = self._name == "date"
        if len(texts) and not self._formats:
            numbers = cast_dates(texts) if is_date else cast_timestamps(texts)
            if numbers is not None:
                return numbers, np.ones(len(texts), np.bool_)
            if len(texts) > _FEW:
                half = len(texts) // 2
                parts = [self._numbers(part) for part in (texts[:half], texts[half:])]
                left, right = zip(*parts, strict=True)
                return np.concatenate(left), np.concatenate(right)
        each: list[Any] = texts.to_pylist()
        return parse_times(each, self._formats, is_date=is_date)

    def _fault(self, row: int, text: str) -> Fault:
        """Shows the text, or the start of it."""
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
        return Fault(row, f"Expected `{self._name}`, got another `str` (`{shown}`)")
