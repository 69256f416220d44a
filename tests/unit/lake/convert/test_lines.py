"""Every byte of a file is in exactly one line or in a line end."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake.convert.lines import read_lines
from lake.convert.source import Source

_ALPHABET = [b"a", b"b", b"\r", b"\n", b"\r\n", b"\x85", b"\x0b", b"\x1a", b"\x00"]


@given(
    pieces=st.lists(st.sampled_from(_ALPHABET), max_size=60),
    block=st.integers(1, 20),
    kept=st.integers(1, 8),
    most=st.integers(1, 4),
)
def test_lines_end_at_lf_or_crlf_and_nowhere_else(
    pieces: list[bytes], block: int, kept: int, most: int
) -> None:
    """Not at CR, 0x85 or 0x0B; numbers, offsets and lengths hold for lines of any length."""
    content = b"".join(pieces)
    expected = []
    offset = 0
    for number, part in enumerate(content.split(b"\n"), start=1):
        line = part.removesuffix(b"\r")
        expected.append((number, offset, len(line), line[:kept]))
        offset += len(part) + 1
    if content.endswith(b"\n") or not content:
        expected.pop()
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lake.convert.lines.BLOCK_BYTES", block)
        patch.setattr("lake.convert.lines.KEPT_BYTES", kept)
        patch.setattr("lake.convert.lines.MOST_LINES", most)
        for lines in read_lines(Source(io.BytesIO(content)), window_bytes=4):
            assert len(lines) <= most
            windows = lines.windows(4)
            for index in range(len(lines)):
                reject = lines.reject(index, reason=None)  # type: ignore[arg-type]  # not looked at
                found.append(
                    (reject.line_number, reject.byte_offset, reject.length_bytes, reject.raw)
                )
                shown = min(4, reject.length_bytes, kept)
                assert windows[index].tobytes()[:shown] == reject.raw[:shown]
    assert found == expected


@pytest.mark.parametrize(
    ("ending", "is_mark"),
    [(b"\x1a", True), (b"\x1a\x1a", True), (b"\x1a\n", False), (b"x\x1a", False), (b"\r", False)],
)
def test_the_end_of_file_mark_of_dos_is_the_unended_last_line(ending: bytes, is_mark: bool) -> None:
    """Only 0x1A, only at the very end."""
    *_, last = read_lines(Source(io.BytesIO(b"ab\n" + ending)), window_bytes=4)
    assert last.ends_with_mark == is_mark
