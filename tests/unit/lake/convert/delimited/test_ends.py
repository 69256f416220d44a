"""Where records end, told line by line."""

from __future__ import annotations

from typing import Any

import pytest
from lake.convert.delimited.dialect import Dialect
from lake.convert.delimited.ends import NEVER, RecordEnds


class Counted(bytearray):
    """A buffer that counts how often a line of it is looked for."""

    lines = 0

    def find(self, *arguments: Any) -> int:
        """The next line end."""
        self.lines += 1
        return super().find(*arguments)


def ends_of(content: bytes, *, escape: str | None = None, at_end: bool = False) -> RecordEnds:
    dialect = Dialect(
        delimiter=b"||", quote=ord('"'), escape=ord(escape) if escape else None, comment=None
    )
    return RecordEnds(dialect, bytearray(content), len(content), at_end=at_end)


@pytest.mark.parametrize(
    ("record", "escape"),
    [
        (b"\n", None), (b"a||b\r\n", None), (b'"a\r\nb"||"c\n"\r\n', None), (b'""||""\n', None),
        (b'|"""\n"""\n', None), (b'a\\\n', None), (b'"\\"\n', None),
        (b"a\\\nb\\\r\nc\n", "\\"), (b'"\\"\n"||\\"\\\n\\|||"|"\n', "\\"), (b"a\\\\\n", "\\"),
    ],
)  # fmt: skip
def test_a_record_ends_at_the_first_line_end_that_is_not_in_a_field(
    record: bytes, escape: str | None
) -> None:
    """Quoted or escaped; where a quote stands in a wrong place, there is none."""
    wrong = record.startswith(b'|"')
    assert ends_of(record + b"x\n", escape=escape).end(0) == (NEVER if wrong else len(record) - 1)


@pytest.mark.parametrize("begun", [b"a||b", b'"a\nb', b'"a\nb"', b'"a\n"\r', b'"a\n"|', b"a||\\\n"])
def test_a_record_whose_end_is_still_to_be_read_is_not_broken(begun: bytes) -> None:
    """Unless there is nothing more."""
    assert ends_of(begun, escape="\\").end(0) is None
    assert ends_of(begun, escape="\\", at_end=True).end(0) == NEVER


@pytest.mark.parametrize("line", [b"a\\\n", b'"\\"\n', b'a||"b\n', b'"a"||"\\\n'])
def test_no_line_is_looked_at_again_for_another_record(line: bytes) -> None:
    """But for another state that it begins in."""
    content, count = Counted(line * 1000), 1000
    dialect = Dialect(delimiter=b"||", quote=ord('"'), escape=ord("\\"), comment=None)
    ends = RecordEnds(dialect, content, len(content), at_end=False)
    for start in range(0, len(content), len(line)):
        ends.end(start)
    assert content.lines <= 3 * (count + 1)
