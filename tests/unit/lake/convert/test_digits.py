"""Numbers in bulk are the numbers that Python reads one by one."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from lake.convert.digits import WORD_BYTES, parse_digits, parse_padded, words
from numpy.typing import NDArray


def records(fields: list[bytes], *, before: bytes = b"?") -> NDArray[np.uint8]:
    """Each field after `before` and followed by what is no digit."""
    return np.array([list(before + field + b"\xff" * WORD_BYTES) for field in fields], np.uint8)


@st.composite
def _fields(draw: st.DrawFn, alphabet: bytes) -> list[bytes]:
    width = draw(st.integers(1, 18))
    field = st.lists(st.sampled_from(list(alphabet)), min_size=width, max_size=width).map(bytes)
    return draw(st.lists(field, min_size=1, max_size=10))


@given(_fields(b"0123456789"))
def test_digits_of_any_width_are_read(fields: list[bytes]) -> None:
    """1 to 18 digits, over one word or three."""
    numbers, others = parse_digits(records(fields), 1, len(fields[0]))
    assert others is None
    assert numbers.tolist() == [int(field) for field in fields]


@given(_fields(b"0123456789/:. \x00\xb0\xff\xfa"))
def test_fields_with_more_than_digits_are_told(fields: list[bytes]) -> None:
    """Neighbours of the digits in ASCII, and bytes that overflow, included."""
    numbers, others = parse_digits(records(fields), 1, len(fields[0]))
    told = [False] * len(fields) if others is None else others.tolist()
    assert told == [not field.isdigit() for field in fields]
    assert [number for number, other in zip(numbers.tolist(), told, strict=True) if not other] == [
        int(field) for field in fields if field.isdigit()
    ]


@given(_fields(b"0123456789   +-x"))
def test_padded_and_signed_numbers_are_read(fields: list[bytes]) -> None:
    """Spaces, a sign, digits, spaces; anything else is not valid."""
    padded = parse_padded(np.array([list(field) for field in fields], np.uint8))
    expected = [bool(re.fullmatch(rb" *[-+]?\d+ *", field)) for field in fields]
    assert padded.valid.tolist() == expected
    assert padded.blank.tolist() == [not field.strip(b" ") for field in fields]
    assert padded.values[padded.valid].tolist() == [
        int(field) for field, valid in zip(fields, expected, strict=True) if valid
    ]


def test_words_end_with_the_field() -> None:
    """What stands before it is zero, so that short fields compare as whole words."""
    assert words(records([b"01", b"99"]), 1, 2).tolist() == [
        int.from_bytes(b"\0\0\0\0\0\00001"[-8:], "little"),
        int.from_bytes(b"99".rjust(8, b"\0"), "little"),
    ]
