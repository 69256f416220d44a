"""Where a file is broken, or has endless lines: each costs itself, wherever the file is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lake.convert.delimited import records, window

from tests.unit.lake.convert.delimited.reading import ID, TEXT, Read, declared, refusal


def test_an_unclosed_quote_costs_its_own_line(tmp_path: Path) -> None:
    """What follows is read as if it were not there, with quotes and line ends of its own."""
    content = 'id,text\n1,"unclosed\n2,b\n3,"c"\n4,"d\ne"\n5,"no end\n6,f\n'
    read = Read(declared(ID, TEXT), content, tmp_path)
    assert read.rows == [(2, "b"), (3, "c"), (4, "d\ne"), (6, "f")]
    assert read.rejects == [(2, "quoting", None), (7, "quoting", None)]
    assert [reject["raw"] for reject in read.quarantine] == ['1,"unclosed', '5,"no end']


@pytest.mark.parametrize("record", ['1,a"b', '1,"a"b', '1,"a"b"', '1,"a" ', '1, "a"'])
def test_a_quote_in_another_place_than_a_fields_ends_is_a_fault(
    tmp_path: Path, record: str
) -> None:
    """It may be half of a pair that was meant otherwise."""
    read = Read(declared(ID, TEXT), f"id,text\n{record}\n2,b\n", tmp_path)
    assert read.rows == [(2, "b")]
    assert read.rejects == [(2, "quoting", None)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 256 bytes, records of 1000, of which 100 are kept."""
    for module in (records, window):
        monkeypatch.setattr(module, "LONGEST_RECORD_BYTES", 1000)
        monkeypatch.setattr(module, "KEPT_BYTES", 100)
    monkeypatch.setattr(window, "BLOCK_BYTES", 256)


@pytest.mark.usefixtures("small")
def test_a_record_that_never_ends_takes_no_more_memory_than_a_long_one(tmp_path: Path) -> None:
    """Its first line is rejected; of an endless line the start is kept, and its true length."""
    lines = "".join(f"{number},b\n" for number in range(10, 600))
    content = f'id,text\n1,"x\n{lines}2,{"y" * 5000}\r\n3,{"z" * 990}\n'
    read = Read(declared(ID, TEXT), content, tmp_path)
    assert read.counts.rows == 591
    assert read.rejects == [(2, "quoting", None), (593, "record_length", None)]
    assert (read.quarantine[1]["length_bytes"], len(read.quarantine[1]["raw"])) == (5002, 100)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [2047, 2048, 2049])
@pytest.mark.parametrize("end", ["", "\x1a", "\r", "\r\n", "\n\n"])
def test_an_endless_line_ends_with_the_file_wherever_that_is(
    tmp_path: Path, size: int, end: str
) -> None:
    """A mark behind it is part of the line, also where a block begins with the mark or ends so."""
    begin = "id,text\n1,a\n2,"
    content = begin + "y" * (size - len(begin) - len(end)) + end
    read = Read(declared(ID, TEXT), content, tmp_path)
    assert read.rows == [(1, "a")]
    assert read.rejects == [(3, "record_length", None)]
    line = content[len("id,text\n1,a\n") :].rstrip("\r\n")
    assert read.quarantine[0]["length_bytes"] == len(line)


@pytest.mark.usefixtures("small")
def test_the_rest_of_an_endless_line_is_no_trailer(tmp_path: Path) -> None:
    """Though a block of the file begins with it, and there is no other line."""
    dataset, begin = declared(ID, TEXT, trailer={"pattern": "T.*"}), "id,text\n1,a\n2,"
    content = begin + "y" * (2048 - len(begin)) + "T 1\n"
    assert "no trailer" in refusal(dataset, content, tmp_path / "cut")
    assert Read(dataset, content + "T\n", tmp_path / "whole").rejects[0][1] == "record_length"


@pytest.mark.parametrize("block_bytes", range(4, 40))
def test_broken_records_are_told_from_others_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    """Of what follows a broken record, only a part may have been read."""
    monkeypatch.setattr(window, "BLOCK_BYTES", block_bytes)
    dataset = declared(ID, TEXT, escape="\\", comment="#", header="none")
    content = '1,"x\n2,"a\r\nb"\r\n3,c\\\nd\n# "\n4,"e\n"5","\n"\n6,f"\n7,"g\\"'
    read = Read(dataset, content, tmp_path)
    assert read.rows == [(2, "a\r\nb"), (3, "c\nd"), (5, "\n")]
    assert [reject[0] for reject in read.rejects] == [1, 7, 10, 11]
    assert read.counts.control == 1


@pytest.mark.parametrize(
    ("lines", "layout"),
    [
        (['1,"open\n', "2,x\n"], {}),
        (['1,5" wide\n', "2,x\n"], {}),
        (["1,C:\\dir\\\n"], {"escape": "\\"}),
        (["1,C:\\dir\\\n"], {"escape": "\\", "quote": None}),
        (['1,"C:\\dir\\"\r\n', "2,x\n"], {"escape": "\\"}),
    ],
)
def test_a_file_of_broken_records_is_cut_only_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], layout: dict[str, Any]
) -> None:
    """However many records would go on for a megabyte, and whatever stands between them."""
    cut_bytes = 0

    def cut(data: Any, start: int, stop: int, *arguments: Any, **more: Any) -> records.Cut:
        nonlocal cut_bytes
        cut_bytes += stop - start
        return records.cut_records(data, start, stop, *arguments, **more)

    monkeypatch.setattr(window, "cut_records", cut)
    content = "0,good\n" * 10 + "".join(lines) * 5_000
    read = Read(declared(ID, TEXT, header="none", **layout), content, tmp_path)
    assert (read.counts.rejected, read.counts.rows) == (5_000, 10 + 5_000 * (len(lines) - 1))
    assert cut_bytes < 20 * len(content)


@pytest.mark.usefixtures("small")
def test_a_header_may_be_longer_than_what_is_kept_of_a_reject(tmp_path: Path) -> None:
    """All of its names count."""
    extra = ",".join(f"column_{number}" for number in range(20))
    dataset = declared(ID, TEXT, extra_columns="ignore")
    content = f"{extra},id,text\n" + "," * 20 + "1,a\n"
    assert Read(dataset, content, tmp_path).rows == [(1, "a")]
