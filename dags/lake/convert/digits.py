"""Numbers written in decimal digits, many records at a time.

Eight digits are read as one 64-bit word and checked and converted in a dozen operations on whole
arrays, after Daniel Lemire and Wojciech Muła ("Number parsing at a gigabyte per second", 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORD_BYTES = 8
"""A field may be read this far past its start, so records must go on for as long."""

ZEROS = np.uint64(0x3030303030303030)
"""A word of digits XOR this has the digits' values as its bytes."""
_SPACES = np.uint64(0x2020202020202020)
_PAST_NINE = np.uint64(0x7676767676767676)  # added to a byte over 9, sets its top bit
_TOP_BITS = np.uint64(0x8080808080808080)
# Neighbours are joined into numbers of two, four and eight digits: times this, shifted, masked.
_JOIN = (
    (np.uint64(10 << 8 | 1), np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(100 << 16 | 1), np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(10_000 << 32 | 1), np.uint64(32), np.uint64(0x00000000FFFFFFFF)),
)


def beyond_nine(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Not 0 where a byte of these words is more than 9."""
    return ((word + _PAST_NINE) | word) & _TOP_BITS


def join_digits(word: NDArray[np.uint64], digits: int = WORD_BYTES) -> None:
    """Make each word the number in its last `digits` bytes, a digit each, in place."""
    joined = 1
    for factor, shift, mask in _JOIN:
        if joined >= digits:
            break
        word *= factor
        word >>= shift
        word &= mask
        joined *= 2
    if joined < WORD_BYTES:
        word >>= np.uint64(8 * (WORD_BYTES - joined))


def words(records: NDArray[np.uint8], start: int, width: int) -> NDArray[np.uint64]:
    """The `width` bytes, 8 at most, at `start` of each record, after as many zero bytes as fit."""
    field = records[:, start : start + WORD_BYTES].view("<u8")[:, 0]
    return field << np.uint64(8 * (WORD_BYTES - width))


def are_blank(records: NDArray[np.uint8], start: int, width: int) -> NDArray[np.bool_]:
    """Which records have nothing but spaces in a field; they go on as `parse_digits` says."""
    blank = np.ones(len(records), np.bool_)
    for at in range(start, start + width, WORD_BYTES):
        lane = min(WORD_BYTES, start + width - at)
        blank &= words(records, at, lane) == _SPACES << np.uint64(8 * (WORD_BYTES - lane))
    return blank


def parse_digits(
    records: NDArray[np.uint8], start: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
    """The number in a field of each record, and which fields hold more than digits.

    Args:
        records: one a row, each followed by at least `WORD_BYTES` bytes of anything.
        start: of the field in a record, from 0.
        width: of the field, 18 bytes at most.

    Returns:
        The numbers, meaningless where a field holds more than digits; and None where none does.
    """
    numbers: NDArray[np.uint64] | None = None
    others: NDArray[np.bool_] | None = None
    end = start + width
    while start < end:
        lane = (end - start) % WORD_BYTES or WORD_BYTES
        word = words(records, start, lane)
        word ^= ZEROS << np.uint64(8 * (WORD_BYTES - lane))
        beyond = beyond_nine(word)
        if beyond.any():
            others = beyond != 0 if others is None else others | (beyond != 0)
        join_digits(word, lane)
        if numbers is None:
            numbers = word
        else:
            numbers *= np.uint64(10**WORD_BYTES)
            numbers += word
        start += lane
    if numbers is None:
        raise ValueError("a field has at least one byte")
    return numbers.view(np.int64), others


@dataclass(frozen=True, slots=True)
class Padded:
    """Numbers that may be padded with spaces and signed."""

    values: NDArray[np.int64]
    """Meaningless where not valid."""
    valid: NDArray[np.bool_]
    blank: NDArray[np.bool_]
    """Nothing but spaces."""


def parse_padded(fields: NDArray[np.uint8]) -> Padded:
    """Read fields of the form: spaces, a sign or none, digits, spaces.

    Args:
        fields: one a row, as wide as the field, 18 bytes at most.
    """
    digit = (fields >= ord("0")) & (fields <= ord("9"))
    space = fields == ord(" ")
    minus = fields == ord("-")
    sign = minus | (fields == ord("+"))
    count = digit.sum(axis=1)
    first = digit.argmax(axis=1)
    last = fields.shape[1] - 1 - digit[:, ::-1].argmax(axis=1)
    signed = sign.any(axis=1)
    valid = (digit | space | sign).all(axis=1)
    valid &= (count > 0) & (last - first + 1 == count)
    valid &= ~signed | ((sign.sum(axis=1) == 1) & (sign.argmax(axis=1) == first - 1))
    values = np.zeros(len(fields), np.int64)
    for column in range(fields.shape[1]):
        present = digit[:, column]
        values[present] = values[present] * 10 + (fields[present, column] - ord("0"))
    values[minus.any(axis=1)] *= -1
    return Padded(values, valid, space.all(axis=1))
