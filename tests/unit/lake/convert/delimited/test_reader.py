"""What becomes of the records of a delimited file."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lake.convert import BatchConverter, SourceFile

from tests.unit.lake.convert.delimited.reading import ID, TEXT, Read, column, declared, refusal


def test_quoted_text_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    """A record of several lines is one record; those after it have their own lines' numbers."""
    read = Read(declared(ID, TEXT), 'id,text\n1,"a,b ""c""\r\nd\n"\n2,x\nx,y\n', tmp_path)
    assert read.rows == [(1, 'a,b "c"\r\nd\n'), (2, "x")]
    assert read.rejects == [(6, "not_a_number", "id")]
    assert (read.counts.lines, read.counts.control) == (4, 1)


def test_an_empty_field_is_missing_and_an_empty_quoted_one_is_an_empty_text(
    tmp_path: Path,
) -> None:
    """So is a word for a missing value, which in quotes is a word; of other types quotes say
    nothing."""
    dataset = declared(
        TEXT, column("number", "int", nullable=True, missing=["-9999"]), null_values=["NULL"]
    )
    content = 'text,number\n,1\n"",2\nNULL,3\n"NULL",4\nx,""\nx,"NULL"\nx,-9999\nx,"5"\n'
    assert Read(dataset, content, tmp_path).rows == [
        (None, 1), ("", 2), (None, 3), ("NULL", 4), ("x", None), ("x", None), ("x", None), ("x", 5),
    ]  # fmt: skip


def test_a_word_that_the_encoding_has_no_bytes_for_is_never_met(tmp_path: Path) -> None:
    dataset = declared(TEXT, column("n", "int"), null_values=["\N{ELEMENT OF}"], encoding="cp1252")
    read = Read(dataset, "text,n\n?,1\nx,?\n", tmp_path)
    assert read.rows == [("?", 1)]
    assert read.rejects == [(3, "not_a_number", "n")]


def test_what_is_missing_where_it_may_not_be_is_rejected(tmp_path: Path) -> None:
    """A text too, unless it is quoted."""
    dataset = declared(column("text", "string"), column("id", "int"))
    read = Read(dataset, 'text,id\n,1\n"",2\nx,\n', tmp_path)
    assert read.rows == [("", 2)]
    assert read.rejects == [(2, "blank", "text"), (4, "blank", "id")]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "-2147483648", -(2**31)), ("int", "+7", 7), ("int", "007", 7),
        ("int", "2147483648", "out_of_range"), ("int", "12.7", "not_a_number"),
        ("int", "0x10", "not_a_number"), ("int", "1_000", "not_a_number"),
        ("int", "1e3", "not_a_number"), ("int", " 1", "not_a_number"), ("int", "-", "not_a_number"),
        ("int", "٣", "not_a_number"), ("int", "1" * 5000, "out_of_range"),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("bigint", "-9223372036854775808", -(2**63)),
        ("bigint", "9223372036854775808", "out_of_range"),
        ("bigint", "0" * 40 + "12", 12),
        ("decimal(5,2)", "123.45", Decimal("123.45")), ("decimal(5,2)", "-.5", Decimal("-0.50")),
        ("decimal(5,2)", "7", Decimal("7.00")), ("decimal(5,2)", "1.5", Decimal("1.50")),
        ("decimal(5,2)", "1.555", "not_a_number"), ("decimal(5,2)", "1e2", "not_a_number"),
        ("decimal(5,2)", "5.", "not_a_number"), ("decimal(5,2)", "1000", "out_of_range"),
        ("decimal(18,18)", "0.000000000000000001", Decimal(1).scaleb(-18)),
        ("double", "1.5e-3", 0.0015), ("double", ".5", 0.5), ("double", "1e999", "out_of_range"),
        ("double", "nan", "not_a_number"), ("double", "inf", "not_a_number"),
        ("double", "0x1p3", "not_a_number"), ("double", "1.", "not_a_number"),
        ("boolean", "true", True), ("boolean", "false", False),
        ("boolean", "TRUE", "not_a_boolean"), ("boolean", "1", "not_a_boolean"),
        ("date", "2020-02-29", date(2020, 2, 29)), ("date", "9999-12-31", date(9999, 12, 31)),
        ("date", "2021-02-31", "not_a_date"), ("date", "2021-2-3", "not_a_date"),
        ("date", "2021/02/03", "not_a_date"), ("date", "0000-01-01", "not_a_date"),
        ("timestamp", "2021-02-03 23:59:59", datetime(2021, 2, 3, 23, 59, 59)),
        ("timestamp", "2021-02-03T23:59:59", datetime(2021, 2, 3, 23, 59, 59)),
        ("timestamp", "9999-12-31 00:00:00", datetime(9999, 12, 31)),
        ("timestamp", "2021-02-03 24:00:00", "not_a_timestamp"),
        ("timestamp", "2021-02-03", "not_a_timestamp"),
    ],
)  # fmt: skip
def test_values_are_read_strictly(tmp_path: Path, kind: str, text: str, value: Any) -> None:
    """Exact, or rejected with the reason: nothing is rounded, cut, or guessed."""
    dataset = declared(column("value", kind, nullable=True), ID)
    read = Read(dataset, f"value,id\n{text},1\n,2\n", tmp_path)
    if isinstance(value, str):
        assert read.rejects == [(2, value, "value")]
    else:
        assert read.rows == [(value, 1), (None, 2)]


def test_numbers_may_have_a_decimal_comma_and_groups_of_three(tmp_path: Path) -> None:
    """Any number of groups, all of them of three digits, or none."""
    dataset = declared(
        column("value", "decimal(18,2)"), column("f", "double"),
        delimiter=";", decimal_point=",", thousands=".", header="none",
    )  # fmt: skip
    good = ["1.234,56", "1234,56", "12.345.678.901.234,5", "-999.999,00", "0,5", "1.000"]
    bad = ["1.23,4", "1234.567", ".123", "1.2345", "1..234", "1.234.", "1,234.5", "1.234,567"]
    lines = [f"{text};1.234,5" for text in good] + [f"{text};1" for text in bad]
    read = Read(dataset, "\n".join(lines), tmp_path)
    assert [row[0] for row in read.rows] == [
        Decimal(text.replace(".", "").replace(",", ".")) for text in good
    ]
    assert {row[1] for row in read.rows} == {1234.5}
    assert [reject[1:] for reject in read.rejects] == [("not_a_number", "value")] * len(bad)


def test_dates_may_be_written_in_several_ways(tmp_path: Path) -> None:
    """The first format that fits counts."""
    dataset = declared(
        column("day", "date", format=["DD/MM/YYYY", "YYYYMMDD"]),
        column("at", "timestamp", format=["DD.MM.YYYY hh:mm", "YYYY-MM-DDThh:mm:ss.fffZ"]),
    )
    content = "day,at\n03/02/2021,03.02.2021 04:05\n20210203,2021-02-03T04:05:06.789Z\n"
    assert Read(dataset, content, tmp_path).rows == [
        (date(2021, 2, 3), datetime(2021, 2, 3, 4, 5)),
        (date(2021, 2, 3), datetime(2021, 2, 3, 4, 5, 6, 789_000)),
    ]


def test_records_with_other_fields_than_the_header_are_rejected(tmp_path: Path) -> None:
    """With their place, length and bytes."""
    read = Read(declared(ID, TEXT), "id,text\r\n1\r\n2,a\r\n3,a,b\r\n", tmp_path)
    assert read.rows == [(2, "a")]
    assert read.rejects == [(2, "field_count", None), (4, "field_count", None)]
    place = {"byte_offset": 17, "length_bytes": 5, "raw": "3,a,b", "raw_bytes": b"3,a,b"}
    assert read.quarantine[1].items() >= place.items()


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    """A column that was added later is NULL in a file without it."""
    later = column("later", "int", nullable=True, optional=True)
    dataset = declared(column("id", "int", header="Número"), TEXT, later)
    assert Read(dataset, "text,Número\na,1\n", tmp_path / "old").rows == [(1, "a", None)]
    assert Read(dataset, "later,Número,text\n5,1,a\n", tmp_path / "new").rows == [(1, "a", 5)]


def test_a_header_is_compared_exactly_or_without_case(tmp_path: Path) -> None:
    """As the layout says."""
    assert "lacks 'id'" in refusal(declared(ID, TEXT), "ID,text\n1,a\n", tmp_path / "exact")
    dataset = declared(ID, TEXT, header_match="ignore_case")
    assert Read(dataset, "ID,Text\n1,a\n", tmp_path / "folded").rows == [(1, "a")]


@pytest.mark.parametrize(
    ("layout", "content", "reason"),
    [
        ({}, "id,txt\n1,a\n", "the header lacks 'text'; it has 'id', 'txt'"),
        ({}, "id,text,id\n1,a,2\n", "the header has 'id' more than once: 'id', 'text', 'id'"),
        ({}, "id,text,x\n1,a,2\n",
         "the header has 'x', which no column is called; the columns are 'id', 'text'"),
        ({}, 'id,"text\n1,a\n', "the header is not well quoted: b'id,\"text'"),
        ({}, "\n\n", "no header: the file has nothing but blank lines and comments"),
        ({"header": "by_position"}, "a\n1\n", "the header has 1 columns, 'a'; declared are 2"),
        ({"trailer": {"pattern": "T"}}, "id,text\n1,a\n",
         "no trailer like 'T' at the end: it was cut off"),
        ({"trailer": {"pattern": "T"}}, "id,text\n1,a\nT\r\r\n",
         "no trailer like 'T' at the end: it was cut off"),
        ({"trailer": {"pattern": r"T(?P<count>.*)"}}, "id,text\n1,a\nT2\n",
         "the trailer counts 2 records, but there are 1"),
        ({"trailer": {"pattern": r"T(?P<count>.*)", "of": "lines"}}, "id,text\n1,a\nT2\n",
         "the trailer counts 2 lines, but there are 3"),
        ({"trailer": {"pattern": r"T(?P<count>.*)"}}, "id,text\n1,a\nTx\n",
         "the trailer's count, 'x', is no number"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_layout_says_is_refused(
    tmp_path: Path, layout: dict[str, Any], content: str, reason: str
) -> None:
    """With what was found instead."""
    assert refusal(declared(ID, TEXT, **layout), content, tmp_path) == reason


def test_columns_of_no_interest_are_ignored_where_that_is_declared(tmp_path: Path) -> None:
    """By name anywhere, by position at the end."""
    by_name = declared(ID, TEXT, extra_columns="ignore")
    assert Read(by_name, "x,text,id\n9,a,1\n", tmp_path / "name").rows == [(1, "a")]
    by_position = declared(ID, TEXT, extra_columns="ignore", header="none")
    assert Read(by_position, "1,a,9\n2,b\n", tmp_path / "position").rows == [(1, "a"), (2, "b")]


def test_a_record_may_end_before_the_optional_columns_by_position(tmp_path: Path) -> None:
    """They are NULL then."""
    later = column("later", "int", nullable=True, optional=True)
    read = Read(declared(ID, TEXT, later, header="none"), "1,a,5\n2,b\n3\n4,c,6,7\n", tmp_path)
    assert read.rows == [(1, "a", 5), (2, "b", None)]
    assert read.rejects == [(3, "field_count", None), (4, "field_count", None)]


def test_lines_that_are_no_data_are_counted_as_control(tmp_path: Path) -> None:
    """Skipped lines, comments whatever they quote, the header, blank lines, the trailer, 0x1A."""
    dataset = declared(
        ID, TEXT, skip_lines=2, comment="#", trailer={"pattern": r"END (?P<count>\d+)"}
    )
    content = 'made by "x\n\n# it\'s "so\nid,text\n1,a\n\n# "\n2,"b\n\nc"\nEND 2\n\n\x1a'
    read = Read(dataset, content, tmp_path)
    assert read.rows == [(1, "a"), (2, "b\n\nc")]
    assert (read.counts.lines, read.counts.control, read.counts.rejected) == (11, 9, 0)


def test_a_blank_line_may_be_a_record(tmp_path: Path) -> None:
    """Of one missing field."""
    dataset = declared(TEXT, blank_lines="record", header="none")
    assert Read(dataset, "a\n\nb\n", tmp_path).rows == [("a",), (None,), ("b",)]


def test_an_escape_takes_the_meaning_of_what_follows(tmp_path: Path) -> None:
    """In quotes and without them; of a line end too."""
    dataset = declared(ID, TEXT, escape="\\", null_values=["\\N"], header="none")
    content = '1,a\\,b\n2,"say \\"hi\\""\n3,back\\\\\n4,two\\\nlines\n5,\\N\n6,"a""b"\n'
    read = Read(dataset, content, tmp_path)
    assert read.rows == [(1, "a,b"), (2, 'say "hi"'), (3, "back\\"), (4, "two\nlines"), (5, None)]
    assert read.rejects == [(7, "quoting", None)]


def test_an_escape_takes_the_meaning_of_one_character_only(tmp_path: Path) -> None:
    """Which CRLF is, but not a CR with what else follows it."""
    dataset = declared(TEXT, ID, escape="\\", header="none")
    content = '"a\\\r",1\n"b\\\r\n",2\nc\\\r,3\nd\\\r\\\n,4\ne\\\r\n,5\n'
    read = Read(dataset, content, tmp_path)
    assert read.rows == [("a\r", 1), ("b\r\n", 2), ("d\r\n", 4), ("e\r\n", 5)]
    assert read.rejects == [(4, "control_character", "text")]


@pytest.mark.parametrize("delimiter", ["||", "¬", "\t", "aab"])
def test_any_characters_are_a_delimiter(tmp_path: Path, delimiter: str) -> None:
    """One or several, of any encoding, that may overlap with themselves."""
    lines = [delimiter.join(fields) for fields in (["1", "x"], ["2", '"' + delimiter + '"'])]
    read = Read(declared(ID, TEXT, delimiter=delimiter, header="none"), "\n".join(lines), tmp_path)
    assert read.rows == [(1, "x"), (2, delimiter)]


def test_without_quotes_a_quote_is_a_character(tmp_path: Path) -> None:
    """And a line end always ends a record."""
    read = Read(declared(ID, TEXT, quote=None, header="none"), '1,"a\n2,b"c\n', tmp_path)
    assert read.rows == [(1, '"a'), (2, 'b"c')]


def test_spaces_are_dropped_where_that_is_declared(tmp_path: Path) -> None:
    """Around what is not quoted, of all types; of a blank field nothing is left."""
    dataset = declared(ID, TEXT, trim=True)
    read = Read(dataset, 'id , text\n 1 ,  a b  \n2,"  c "\n3,   \n', tmp_path)
    assert read.rows == [(1, "a b"), (2, "  c "), (3, None)]


@pytest.mark.parametrize(
    ("encoding", "raw", "found"),
    [
        ("utf-8", "né€".encode(), "né€"),
        ("utf-8", b"n\xc3", "encoding"),
        ("utf-8", b"\xa9", "encoding"),
        ("utf-8", b"\xc2\x85", "control_character"),
        ("cp1252", b"n\xe9\x80", "né€"),
        ("cp1252", b"\x81", "encoding"),
        ("latin-1", b"\x85", "control_character"),
        ("latin-1", b"\xe9", "é"),
        ("ascii", b"\xe9", "encoding"),
        ("utf-8", b"a\tb", "a\tb"),
        ("utf-8", b"a\x00b", "control_character"),
        ("utf-8", b"a\rb", "control_character"),
        ("utf-8", b'"a\rb"', "a\rb"),
    ],
)
def test_text_is_checked_in_its_encoding(
    tmp_path: Path, encoding: str, raw: bytes, found: str
) -> None:
    """A wrong byte makes a bad record, and no other one bad."""
    content = b"id,text\n1,%b\n2,x\n" % raw
    read = Read(declared(ID, TEXT, encoding=encoding), content, tmp_path)
    if found in ("encoding", "control_character"):
        assert read.rejects == [(2, found, "text")]
        assert read.rows == [(2, "x")]
    else:
        assert read.rows == [(1, found), (2, "x")]


def test_half_a_character_is_not_completed_by_the_next_record(tmp_path: Path) -> None:
    """Each text is UTF-8, or is not, on its own."""
    read = Read(declared(ID, TEXT), b"id,text\n1,\xc3\n2,\xa9\n3,\xc3\xa9\n", tmp_path)
    assert read.rows == [(3, "é")]
    assert read.rejects == [(2, "encoding", "text"), (3, "encoding", "text")]


def test_distinct_and_repeated_texts_are_read_alike(tmp_path: Path) -> None:
    """A bad one among repeated ones is rejected each time that it occurs."""
    lines = [f"{n},{text}" for n, text in enumerate(["é", '"a""b"', "\x81é", "ç"] * 50)]
    read = Read(declared(ID, TEXT, encoding="latin-1"), "\n".join(["id,text", *lines]), tmp_path)
    assert {row[1] for row in read.rows} == {"é", 'a"b', "ç"}
    assert [reject[0] for reject in read.rejects] == list(range(4, 202, 4))


def test_a_text_that_names_a_folder_is_short_and_not_empty(tmp_path: Path) -> None:
    """Of a partition column."""
    dataset = declared(column("shop", "string"), ID, partitions=["shop"])
    read = Read(dataset, f'shop,id\na,1\n"",2\n{"x" * 51},3\n', tmp_path)
    assert [row[1] for row in read.rows] == [1]
    assert read.rejects == [(3, "blank", "shop"), (4, "too_long", "shop")]


def test_ranges_of_a_file_together_give_the_rows_of_the_file(tmp_path: Path) -> None:
    """Each begins at a line end; only the first one has the header."""
    dataset = declared(ID, TEXT, quote=None, header="by_position", skip_lines=1)
    data = b"made by x\nid,text\n" + b"".join(b"%d,text %d\n" % (n, n) for n in range(100))
    rows: list[int] = []
    with BatchConverter(dataset, tmp_path, run_id="run") as converter:
        for start in range(0, len(data), 300):
            file = SourceFile(
                key="k", version_id="v", size_bytes=len(data),
                start=start, end=min(start + 300, len(data)),
            )  # fmt: skip
            counts = converter.add(io.BytesIO(data[file.first_byte_read :]), file).counts
            rows.append(counts.rows)
            assert counts.control == (2 if start == 0 else 0)
    assert sum(rows) == 100


def test_pandas_stays_out_of_the_process(tmp_path: Path) -> None:
    """It would take a second and 60 MB."""
    code = (
        "import io, sys; from pathlib import Path; from lake.convert import convert;"
        "from lake.dataset import load_data_set;"
        "path = Path(sys.argv[1]); path.mkdir(parents=True);"
        "(path / 's.yaml').write_text(sys.argv[2]);"
        "data = b'a,b,c,d,e\\n1,x,2020-01-01,1.5,true\\n1,\\xc3\\xa9,2020-01-01,1.5,true\\n';"
        "data += b'z,,,z,\\n';"
        "convert(load_data_set(path / 's.yaml'), io.BytesIO(data), folder=path / 'out');"
        "sys.exit('pandas' in sys.modules)"
    )
    kinds = {"a": "int", "b": "string", "c": "date", "d": "double", "e": "boolean"}
    columns = [column(name, kind) for name, kind in kinds.items()]
    text = f"{{description: x, owner: x, schedule: null, max_bad_ratio: 1.0, columns: {columns},"
    text += " layout: {format: delimited}}"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "d"), text], check=True)
