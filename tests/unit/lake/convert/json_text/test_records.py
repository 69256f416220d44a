"""Where records begin and end: lines, the elements of an array, documents."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast

import pytest
from lake.convert import FileRefused, convert
from lake.convert.conversion import Unreadable
from lake.convert.json_text import JsonReader, buffer, chunks, elements
from lake.convert.rejects import Rejects
from lake.convert.source import Source
from lake.dataset import JsonDataSet

from tests.unit.lake.convert.json_text.files import Reading, column, data_set, read

A = column("a", "int")


def lines() -> JsonDataSet:
    return data_set(A)


def array() -> JsonDataSet:
    return data_set(A, records="array")


def document(items: str | None = None) -> JsonDataSet:
    return data_set(A, records="document", **({"items": items} if items else {}))


def values(reading: Reading) -> list[Any]:
    return [row["a"] for row in reading.rows]


def places(reading: Reading) -> list[tuple[int, int, int, bytes]]:
    return [(*each[:3], each.raw) for each in reading.rejects]


@pytest.fixture
def short_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 bytes, records of 64 at most, 8 of which are kept."""
    monkeypatch.setattr(buffer, "BLOCK_BYTES", 16)
    for module in (buffer, chunks, elements):
        monkeypatch.setattr(module, "LONGEST_RECORD_BYTES", 64)
    monkeypatch.setattr("lake.convert.json_text.lines.KEPT_BYTES", 8)
    monkeypatch.setattr(elements, "KEPT_BYTES", 8)


def test_empty_lines_are_control_records() -> None:
    """Of white space, too; a line end at the file's end is none."""
    reading = read(lines(), b'\n{"a":1}\r\n  \t\r\n{"a":2}\n\n')
    assert (values(reading), reading.control, reading.lines) == ([1, 2], 3, 5)


@pytest.mark.parametrize(
    ("data", "found", "rejected", "empty"),
    [
        (b'{"a":1}\n{"a":2}\n', [1, 2], 0, 0),
        (b'{"a":1}\n{"a":2}', [1, 2], 0, 0),
        (b'{"a":1}{"a":2}\n', [], 1, 0),
        (b'\n{"a":1}{"a":2}', [], 1, 1),
        (b'{"a":1}{"a":2}\n\n', [], 1, 1),
        (b'{"a":1} {"a":2}\n{"a":\n3}\n', [], 3, 0),
        (b'{"a":1}{"a":2}\n{"b":{}\n,"a":{}\n}\n{"a":3}', [3], 4, 0),
        (b'{"a":1}\n{"b":"}\n{","a":2}\n', [1], 2, 0),
        (b'{"a":1},{"a":2}\n{"a":3}\n', [3], 1, 0),
    ],
)
def test_a_line_is_one_record(data: bytes, found: list[int], rejected: int, empty: int) -> None:
    """Also where there are as many records as lines, but some have two, and some none."""
    reading = read(lines(), data)
    assert (values(reading), len(reading.rejects), reading.control) == (found, rejected, empty)


def test_a_reject_says_where_it_stands() -> None:
    """Line, byte, length without the line end, and the bytes."""
    reading = read(lines(), b'{"a":1}\r\n {"a":}\r\n\n"\xe9"')
    assert values(reading) == [1]
    assert places(reading) == [(2, 9, 7, b' {"a":}'), (4, 19, 3, b'"\xe9"')]


@pytest.mark.usefixtures("short_records")
def test_records_go_over_blocks() -> None:
    """As many as there are."""
    numbers = [10**digits for digits in range(10)]
    text = [f'{{"a":{number}, "x":"}}]{{[,"}}' for number in numbers]
    assert values(read(lines(), "\n".join(text).encode())) == numbers
    assert values(read(array(), f"[{','.join(text)}]".encode())) == numbers
    inside = f'{{"n":"{"n" * 40}","r":[{",".join(text)}]}}'
    assert values(read(document("r"), inside.encode())) == numbers


@pytest.mark.usefixtures("short_records")
@pytest.mark.parametrize("extra", [0, 1, 15, 16, 500])
def test_a_record_that_is_too_long_is_read_past(extra: int) -> None:
    """Its start is kept, its length is known, and what follows it is read."""
    long = b'{"a":2,"x":"\\\\,]\\"' + b"x" * (80 + extra) + b'"}'
    reading = read(lines(), b'{"a":1}\n' + long + b'\n{"a":3}\n{"a":}\n')
    assert values(reading) == [1, 3]
    assert places(reading) == [
        (2, 8, len(long), long[:8]), (4, 17 + len(long), 6, b'{"a":}'),
    ]  # fmt: skip
    for before, after, found in ((b'[{"a":1},\n ', b',{"a":3}]', [1, 3]), (b"[ ", b" ]", [])):
        reading = read(array(), before + long + after)
        assert values(reading) == found
        [reject] = reading.rejects
        assert reject.raw == long[:8]
        assert reject.reason == "record_length: more than 64 bytes"
        assert reject.byte_offset == len(before)
        assert reject.length_bytes in (len(long), len(long) + 1)  # with a space after it


def test_a_line_of_twenty_megabytes_is_a_record() -> None:
    """Only much longer ones are rejected."""
    long = b'{"x":"' + b"x" * 20_000_000 + b'","a":2}'
    assert values(read(lines(), b'{"a":1}\n' + long + b'\n{"a":3}')) == [1, 2, 3]


def test_what_is_between_commas_is_a_record() -> None:
    """Nothing, too: a comma too many is a reject."""
    reading = read(array(), b' [ {"a":1} ,, {"a":2}x ,\n{"a":[1]], {"a":3},] \n')
    assert values(reading) == [1, 3]
    assert places(reading) == [
        (1, 12, 0, b""), (1, 14, 8, b'{"a":2}x'), (2, 25, 9, b'{"a":[1]]'), (2, 44, 0, b""),
    ]  # fmt: skip


def test_an_empty_array_has_no_records() -> None:
    """Nor rejects."""
    assert read(array(), b" [ ] ") == Reading([], [], 0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "JSON is malformed: it ends too early, at byte 0"),
        (b'{"a":1}', "no array, but '{' to begin with"),
        (b'[{"a":1}', "the array of records does not end: cut off at byte 8"),
        (b'[{"a":1}, {"a":"', "the array of records does not end: cut off at byte 16"),
        (b'[{"a":1}] x', "JSON is malformed: trailing characters, at byte 10"),
        (b'[{"a":1}]\n[{"a":2}]', "JSON is malformed: trailing characters, at byte 10"),
        (b'[{"a":1}}', "JSON is malformed: invalid character, at byte 8"),
        (b"nonsense", "JSON is malformed: invalid character, at byte 1"),
    ],
)
def test_a_file_that_is_no_array_is_refused(data: bytes, message: str) -> None:
    """With the byte at fault."""
    with pytest.raises(Unreadable) as error:
        read(array(), data)
    assert str(error.value) == message


def test_records_inside_of_a_document_are_found_by_keys() -> None:
    """Other keys may hold arrays of the same name, and come before and after."""
    text = (
        b'{"rows":[{"a":7}], "o":{"rows":{"rows":[{"a":8}]}, "x":"\\"rows\\":["},\n'
        b' "r\\u0065s":{"skip":[[],{}], "rows" : [{"a":1},\n{"a":2}], "n":2}, "end":[]}'
    )
    reading = read(document("res.rows"), text + b"\n")
    assert values(reading) == [1, 2]
    reading = read(document("res.rows"), text.replace(b'"a":2', b'"a":""'))
    assert places(reading) == [(3, text.index(b'{"a":2}'), 8, b'{"a":""}')]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"x":[{"a":1}]}', "no array at $.r"),
        (b'{"r":{"r":[]}}', "no array at $.r"),
        (b'[{"r":[]}]', "no array at $.r"),
        (b'{"r":[{"a":1}],"r":[]}', "$.r is there twice"),
        (b'{"r":[{"a":1}],"x":nul}', "JSON is malformed: invalid character, at byte 20"),
        (b'{"r":[{"a":1}]', "JSON is malformed: it ends too early, at byte 14"),
        (b'{"r":[{"a":1}]}{"s":[]}', "JSON is malformed: trailing characters, at byte 15"),
        (b'{"x":\xff,"r":[]}', "encoding: no utf-8, at byte 5"),
    ],
)
def test_a_document_without_its_records_is_refused(data: bytes, message: str) -> None:
    """And so is one that is malformed around them."""
    with pytest.raises(Unreadable) as error:
        read(document("r"), data)
    assert str(error.value) == message


def test_a_document_may_be_the_record() -> None:
    """A value that does not fit makes it a reject; text that is no JSON refuses the file."""
    assert values(read(document(), b'\n{\n"a": 1}\n')) == [1]
    assert places(read(document(), b'\n {\n"a": "x"}\n')) == [(2, 2, 11, b'{\n"a": "x"}')]
    for data, message in (
        (b'{"a":1', "JSON is malformed: it ends too early, at byte 6"),
        (b'{"a":1}\n{"a":2}', "JSON is malformed: trailing characters, at byte 8"),
        (b'{"a":"\xff"}', "encoding: no utf-8, at byte 6"),
    ):
        with pytest.raises(Unreadable) as error:
            read(document(), data)
        assert str(error.value) == message


def test_a_file_that_breaks_off_is_refused_with_what_was_seen_of_it(tmp_path: Path) -> None:
    """The counts add up, as of any file."""
    with pytest.raises(FileRefused, match="cut off at byte 29") as refused:
        convert(array(), io.BytesIO(b'[{"a":1},{"a":2},{"a":""},{"a'), folder=tmp_path)
    assert refused.value.counts.rows == 0


def test_a_large_array_is_not_held_in_memory() -> None:
    """The reader asks for little at a time, and hands on rows before the end."""

    class Endless(io.RawIOBase):
        """An array that goes on for as long as it is read."""

        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any, /) -> int:
            count = min(len(into), self.given % 8 + 8000)
            text = (b',{"a":1}' * 1002)[self.given % 8 :][:count]
            into[:count] = text if self.given else b"[" + text[1:]
            self.given += count
            return count

    class Nothing:
        def extend(self, rejects: list[Any]) -> None:
            assert not rejects

    endless = Endless()
    reader = JsonReader(array(), cast(Rejects, Nothing()))
    batch = next(reader.batches(Source(endless)))
    assert batch.num_rows > 100_000
    assert endless.given < 16 << 20
