"""Texts of fields: without escapes, checked, and in UTF-8."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.delimited.dialect import CR, LF, Dialect
from lake.convert.delimited.marks import NOWHERE, Positions, active_escapes
from lake.convert.rejects import Reason

type Faults = list[tuple[Reason, Positions]]
"""Rows that cannot be read, for each reason."""

_TAB, _SPACE = 0x09, 0x20
_PRINTABLE_ASCII = 0x7E - _SPACE
_TEXT, _CONTROL, _UNDEFINED = range(3)
_C1_FIRST_BYTE, _C1_SECOND_BYTES = 0xC2, (0x80, 0x9F)
_CONTINUATION_BITS, _CONTINUATION = 0xC0, 0x80


class TextEncoding:
    """What the bytes of an encoding are, which is UTF-8 or has one byte a character."""

    def __init__(self, name: str) -> None:
        self.is_utf8 = codecs.lookup(name).name == "utf-8"
        self._name = name
        # Without UTF-8, which is looked at as a whole, everything past ASCII is text so far.
        decoded = [bytes([byte]).decode("latin-1" if self.is_utf8 else name, "replace")
                   for byte in range(256)]  # fmt: skip
        self.utf8_bytes = np.array([len(text.encode()) for text in decoded], np.int32)
        """How many each byte becomes."""
        self.classes = np.array([_class(text) for text in decoded], np.uint8)
        if self.is_utf8:
            self.classes[0x80:] = _TEXT

    def decoded(self, data: bytes) -> str:
        """The text; what is not defined is replaced."""
        return data.decode(self._name, "replace")


def _class(character: str) -> int:
    if character == "\ufffd":
        return _UNDEFINED
    is_control = character < " " or "\x7f" <= character <= "\x9f"
    return _CONTROL if is_control and character not in "\t\n" else _TEXT


class Texts:
    """The texts of a column's fields, one after the other in a buffer."""

    def __init__(
        self,
        gathered: pa.Array[Any],
        dialect: Dialect,
        encoding: TextEncoding,
        *,
        quoted: NDArray[np.bool_] | None,
    ) -> None:
        _, offsets, data = gathered.buffers()
        self._encoding = encoding
        self._quoted = quoted
        self._offsets: Any = np.frombuffer(offsets or b"", np.int32)[: len(gathered) + 1]
        self._data: NDArray[np.uint8] = np.frombuffer(data or b"", np.uint8)
        unusual = self._data - np.uint8(_SPACE) > _PRINTABLE_ASCII  # wraps below the space
        self._unusual = np.flatnonzero(unusual) if unusual.any() else NOWHERE
        self._escapes = _escapes(self._data, dialect)
        self.is_plain = not (len(self._unusual) or len(self._escapes))
        """Whether all of it is printable ASCII to be taken as it is."""

    @property
    def has_returns(self) -> bool:
        """Whether a CR is among the bytes."""
        return bool((self._data[self._unusual] == CR).any())

    def unescape(self) -> None:
        """Take the escapes out."""
        if len(self._escapes):
            before = np.searchsorted(self._escapes, self._offsets)
            self._offsets = (self._offsets - before).astype(np.int32)
            self._unusual -= np.searchsorted(self._escapes, self._unusual)
            self._data = np.delete(self._data, self._escapes)
            self._escapes = NOWHERE

    def faults(self) -> Faults:
        """Rows that are no text in the encoding, then those with a control character.

        Tab, LF and CRLF are text; a CR alone is text in quotes only. There must be no escapes.
        """
        if not len(self._unusual):
            return []
        kinds = self._encoding.classes[self._data[self._unusual]]
        undefined, control = (self._unusual[kinds == kind] for kind in (_UNDEFINED, _CONTROL))
        undefined_rows = self._rows(undefined)
        if self._encoding.is_utf8:
            undefined_rows = self._not_utf8()
            control = np.union1d(control, self._c1())
        control = control[~self._is_line_end(control)]
        found = [
            (Reason.ENCODING, undefined_rows),
            (Reason.CONTROL_CHARACTER, self._rows(control)),
        ]
        return [(reason, rows) for reason, rows in found if len(rows)]

    def array(self, present: NDArray[np.bool_] | None) -> pa.Array[Any]:
        """The texts, NULL where not `present`; worth nothing where there is a fault."""
        offsets, data = self._offsets, self._data
        if len(self._unusual) and not self._encoding.is_utf8:
            ends = np.cumsum(self._encoding.utf8_bytes[data], dtype=np.int32)
            offsets = np.concatenate((np.zeros(1, np.int32), ends))[offsets]
            data = np.frombuffer(self._encoding.decoded(data.tobytes()).encode(), np.uint8)
        bitmap = None
        if present is not None and not present.all():
            bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
        buffers = [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)

    def _rows(self, places: Positions) -> Positions:
        """The rows that have bytes at these places."""
        return np.unique(np.searchsorted(self._offsets, places, side="right") - 1)

    def _is_line_end(self, places: Positions) -> NDArray[np.bool_]:
        """Which of these are a CR that is text."""
        is_return = self._data[places] == CR
        after = np.minimum(places + 1, len(self._data) - 1)
        rows = np.searchsorted(self._offsets, places, side="right") - 1
        is_text = (self._data[after] == LF) & (after < self._offsets[rows + 1])
        if self._quoted is not None:
            is_text |= self._quoted[rows]
        found: NDArray[np.bool_] = is_return & is_text
        return found

    def _c1(self) -> Positions:
        """The control characters of UTF-8 that have two bytes."""
        first = self._unusual[self._data[self._unusual] == _C1_FIRST_BYTE]
        first = first[first + 1 < len(self._data)]
        second = self._data[first + 1]
        c1: Positions = first[(second >= _C1_SECOND_BYTES[0]) & (second <= _C1_SECOND_BYTES[1])]
        return c1

    def _not_utf8(self) -> Positions:
        past_ascii = self._unusual[self._data[self._unusual] >= 0x80]  # noqa: PLR2004  # ASCII's end
        starts = past_ascii[np.isin(past_ascii, self._offsets)]
        if not ((self._data[starts] & _CONTINUATION_BITS) == _CONTINUATION).any():
            try:
                self._data.tobytes().decode()
            except UnicodeDecodeError:
                pass  # somewhere: looked for below
            else:
                return NOWHERE
        return np.array(
            [row for row in self._rows(past_ascii).tolist() if not self._is_utf8(row)], np.intp
        )

    def _is_utf8(self, row: int) -> bool:
        try:
            self._data[self._offsets[row] : self._offsets[row + 1]].tobytes().decode()
        except UnicodeDecodeError:
            return False
        return True


def _escapes(data: NDArray[np.uint8], dialect: Dialect) -> Positions:
    """The bytes that only take the meaning from what follows them.

    No text ends with one, and where quotes are doubled, each text has an even number of them.
    """
    if dialect.escape is not None:
        escapes = np.flatnonzero(data == dialect.escape)
        return escapes[active_escapes(escapes)]
    if dialect.quote is not None:
        return np.flatnonzero(data == dialect.quote)[::2]
    return NOWHERE
