"""Text is decoded, trimmed and checked as its encoding says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lake.convert.digits import WORD_BYTES
from lake.convert.rejects import Reason
from lake.convert.text import TextReader
from lake.dataset import FixedWidthColumn


def read(
    fields: list[bytes], *, encoding: str = "latin-1", nullable: bool = True
) -> tuple[dict[Reason, list[int]], Any]:
    """The faults by reason, and the texts of the other rows."""
    width = max(map(len, fields))
    column = FixedWidthColumn(
        name="a", type="string", position=1, width=width, nullable=nullable, description="A text."
    )
    records = np.array([list(field.ljust(width + WORD_BYTES)) for field in fields], np.uint8)
    reader = TextReader(column, encoding=encoding)
    faults = {reason: rows.tolist() for reason, rows in reader.read(records, 0) if len(rows)}
    bad = {row for rows in faults.values() for row in rows}
    return faults, reader.array(np.array([row for row in range(len(fields)) if row not in bad]))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "iso8859-15", "cp850"])
def test_texts_are_decoded_and_trimmed_on_the_right(encoding: str) -> None:
    """Accents cost nothing; leading spaces are data."""
    texts = ["AÇÚCAR", "  é", "plain", "é x"]
    faults, array = read([text.encode(encoding) for text in texts], encoding=encoding)
    assert (faults, array.to_pylist()) == ({}, texts)


def test_blank_is_null_or_a_fault() -> None:
    """As the column says."""
    assert read([b"x", b"  ", b"y"])[1].to_pylist() == ["x", None, "y"]
    assert read([b"x", b"  ", b"y"], nullable=False)[0] == {Reason.BLANK: [1]}


@pytest.mark.parametrize("byte", [b"\x00", b"\t", b"\x1f", b"\x7f", b"\x80", b"\x85", b"\x9f"])
def test_control_characters_are_faults(byte: bytes) -> None:
    """Of ASCII and of latin-1."""
    assert read([b"ab", b"a" + byte, b"b" + byte])[0] == {Reason.CONTROL_CHARACTER: [1, 2]}


@pytest.mark.parametrize(
    ("encoding", "field"), [("utf-8", b"a\xc3"), ("cp1252", b"a\x81"), ("ascii", b"a\xe9")]
)
def test_bytes_that_are_no_text_are_faults(encoding: str, field: bytes) -> None:
    """A character cut in two, a byte that the encoding does not use, one past ASCII."""
    assert read([field, b"ok"], encoding=encoding)[0] == {Reason.ENCODING: [0]}


def test_a_text_stands_in_the_dictionary_once() -> None:
    """Whatever its padding was."""
    _, array = read([b"a", b"b ", b"a  ", b"b"])
    assert array.dictionary.to_pylist() == ["a", "b"]
    assert array.to_pylist() == ["a", "b", "a", "b"]


def test_texts_that_mostly_differ_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first batch on, NULLs and accents included."""
    monkeypatch.setattr("lake.convert.text._FEW", 3)
    texts = ["é", "b", None, "d d", "Ç"]
    fields = [(text or "").encode("latin-1").ljust(4) for text in texts]
    faults, array = read(fields)
    assert faults == {}
    assert str(array.type) == "string"
    assert array.to_pylist() == texts
