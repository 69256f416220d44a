"""Delimited data sets and files that engines and a worker are compared on."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from hypothesis import strategies as st
from lake.dataset import DelimitedDataSet

from tests.unit.lake.convert.delimited.files import data_sets, files

_LONE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
_COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "bigint"},
    {"name": "order", "type": "string", "header": "Auftrag"},  # a word of SQL
    {"name": "price", "type": "decimal(5,2)", "nullable": True},
    {"name": "pieces", "type": "int", "nullable": True, "missing": ["-1"]},
    {"name": "fields", "type": "double", "nullable": True, "header": "weight"},
    {"name": "paid", "type": "boolean", "true_values": ["ja"], "false_values": ["nein"]},
    {"name": "day", "type": "date", "format": ["DD.MM.YYYY", "YYYYMMDD"]},
]
HEADER = b"id;Auftrag;price;pieces;weight;paid;day\n"
GOOD = b"1;abc;12,50;3;0,5;ja;24.12.2023\n"


class Case(NamedTuple):
    """A file, and what of its data set is not as in `data_set()`."""

    content: bytes
    layout: dict[str, Any]
    rows: int
    reasons: dict[str, int]
    control: int


def data_set(
    *, partitions: tuple[str, ...] = (), optional: bool = False, **layout: Any
) -> DelimitedDataSet:
    """Orders, as a German writes them."""
    by_name = layout.get("header", "by_name") == "by_name"
    columns = [
        {key: value for key, value in column.items() if by_name or key != "header"}
        | {"description": "Of an order"}
        for column in _COLUMNS
    ]
    if optional:
        columns[-1] |= {"optional": True, "nullable": True}
    return DelimitedDataSet.model_validate(
        {
            "domain": "tests",
            "table": "orders",
            "description": "Orders",
            "owner": "tests",
            "schedule": None,
            "layout": {
                "format": "delimited",
                "delimiter": ";",
                "decimal_point": ",",
                "thousands": ".",
                "null_values": ["NULL"],
                **layout,
            },
            "columns": columns,
            "partitions": partitions,
            "max_bad_ratio": 1.0,
        }
    )


CASES = {
    "columns in another order": Case(
        b"day;paid;weight;pieces;price;Auftrag;id\n20231224;nein;1e3;-1;,5;abc;7\n",
        {}, rows=1, reasons={}, control=1,
    ),
    "columns that are not declared": Case(
        HEADER[:-1] + b";more\n" + GOOD[:-1] + b";x\n",
        {"extra_columns": "ignore"}, rows=1, reasons={}, control=1,
    ),
    "no header": Case(GOOD * 3, {"header": "none"}, rows=3, reasons={}, control=0),
    "a header by position": Case(
        b"a;b;c;d;e;f;g\n" + GOOD, {"header": "by_position"}, rows=1, reasons={}, control=1
    ),
    "numbers and what is none": Case(
        HEADER + b"".join(
            b"1;a;%b;%b;%b;ja;20231224\n" % values for values in [
                (b"1,5", b"1.234", b"-1.234,5E-2"), (b"-,05", b"+7", b"007"),
                (b"999,99", b"2147483647", b"1e-400"), (b"0000000000000000000000012", b"0", b"0"),
                (b"1000", b"1", b"1"), (b"1,555", b"1", b"1"), (b"1,", b"1", b"1"),
                (b"1.5", b"1", b"1"), (b"1", b"2147483648", b"1"), (b"1", b"1,0", b"1"),
                (b"1", b" 1", b"1"), (b"1", b"1", b"1e999"), (b"1", b"1", b"nan"),
                (b"1", b"1", b"1,"), (b"1e2", b"1", b"1"), (b"+", b"1", b"1"),
            ]
        ),
        {}, rows=4, reasons={"out_of_range": 3, "not_a_number": 9}, control=1,
    ),
    "missing values": Case(
        HEADER + b"1;a;;NULL;;ja;20231224\n1;a;NULL;-1;NULL;ja;20231224\n"
        b";a;;;;ja;20231224\n1;NULL;;;;ja;20231224\n1;a;;;;;20231224\n1;a;-1;;-1;ja;\n",
        {}, rows=2, reasons={"blank": 4}, control=1,
    ),
    "dates and booleans that are none": Case(
        HEADER + b"".join(
            b"1;a;1;1;1;%b;%b\n" % values for values in [
                (b"ja", b"29.02.2024"), (b"nein", b"00010101"), (b"ja", b"29.02.2023"),
                (b"ja", b"2023-12-24"), (b"ja", b"00000101"), (b"ja", b"24.12.23"),
                (b"Ja", b"24.12.2023"), (b"", b"24.12.2023"),
            ]
        ),
        {}, rows=2, reasons={"not_a_date": 4, "not_a_boolean": 1, "blank": 1}, control=1,
    ),
    "other numbers of fields": Case(
        HEADER + GOOD + b"1;abc\n" + GOOD[:-1] + b";\n;\n",
        {}, rows=1, reasons={"field_count": 3}, control=1,
    ),
    "bytes that are no UTF-8": Case(
        HEADER + "1;é€\t;1;1;1;ja;20231224\n".encode()
        + b"1;a\xff\xc3;1;1;1;ja;20231224\n1;\xed\xa0\x80;1;1;1;ja;20231224\n"
        b"1;a\x00b;1;1;1;ja;20231224\n1;\xc2\x85;1;1;1;ja;20231224\n",
        {}, rows=1, reasons={"encoding": 2, "control_character": 2}, control=1,
    ),
    "bytes of cp1252": Case(
        HEADER + b"1;\x80\xe9;1;1;1;ja;20231224\n1;a\x81;1;1;1;ja;20231224\n",
        {"encoding": "cp1252"}, rows=1, reasons={"encoding": 1}, control=1,
    ),
    "words that the encoding has no bytes for": Case(
        HEADER + b"1;?;?;?;1;ja;20231224\n1;?;1;1;1;ja;20231224\n1;a;NULL;1;1;ja;20231224\n",
        {"encoding": "cp1252", "null_values": ["\N{ELEMENT OF}", "NULL"]},
        rows=2, reasons={"not_a_number": 1}, control=1,
    ),
    "CRLF": Case(
        (HEADER + GOOD + b"\n" + GOOD + b"1\n").replace(b"\n", b"\r\n"),
        {}, rows=2, reasons={"field_count": 1}, control=2,
    ),
    "empty lines, comments, and lines to skip": Case(
        (b"Orders\n\n# of a day\n" + HEADER + b"\n" + GOOD + b"#" + GOOD + b"\n\n").replace(
            b"\n", b"\r\n"
        ),
        {"skip_lines": 2, "comment": "#"}, rows=1, reasons={}, control=8,
    ),
    "empty lines as records": Case(
        (HEADER + b"\n" + GOOD).replace(b"\n", b"\r\n"), {"blank_lines": "record"},
        rows=1, reasons={"field_count": 1}, control=1,
    ),
    "a last line without its end": Case(
        HEADER + GOOD[:-1], {}, rows=1, reasons={}, control=1
    ),
    "the end-of-file mark of DOS": Case(
        HEADER + GOOD + b"\x1a", {}, rows=1, reasons={}, control=2
    ),
    "spaces around fields": Case(
        HEADER.replace(b";", b" ; ") + b" 1 ;  a b ; NULL ; 1;1 ;ja ; 20231224\n",
        {"trim": True}, rows=1, reasons={}, control=1,
    ),
    "a delimiter of several bytes": Case(
        (HEADER + GOOD + b"1;|a;1;1;1;ja;20231224\n").replace(b";", b"||"),
        {"delimiter": "||"}, rows=2, reasons={}, control=1,
    ),
    "records that end before an optional column": Case(
        (GOOD + b"1;abc;12,50;3;0,5;ja\n1;abc;12,50;3;0,5\n").replace(b"\n", b"\r\n"),
        {"header": "none", "optional": True},
        rows=2, reasons={"field_count": 1}, control=0,
    ),
    "partitions": Case(
        HEADER + GOOD + b"2;a b/c=%:\xc3\xa9;1;1;1;ja;25.12.2023\n3;" + 51 * b"x"
        + b";1;1;1;ja;25.12.2023\n4;\t;1;1;1;nein;25.12.2023\n5;;1;1;1;nein;25.12.2023\n",
        {"partitions": ("day", "order")}, rows=3, reasons={"too_long": 1, "blank": 1}, control=1,
    ),
    "quotes around fields": Case(
        b'"id";Auftrag;"price";pieces;weight;paid;day\n'
        b'"1";"a;b";"1,50";"NULL";"";ja;"24.12.2023"\n'
        b'2;"say ""hi""";1;1;1;"ja";20231224\n3;"";;;;ja;20231224\n4;"NULL";;;;ja;20231224\n'
        b'5;;;;;ja;20231224\n6;" x";" 1";1;1;ja;20231224\n',
        {}, rows=4, reasons={"blank": 1, "not_a_number": 1}, control=1,
    ),
    "a line that is too long": Case(
        HEADER + GOOD + b"1;" + (1 << 20) * b"x" + b"\n" + b"1;" + (1 << 16) * b"x" + b"\n",
        {}, rows=1, reasons={"record_length": 1, "field_count": 1}, control=1,
    ),
}  # fmt: skip

LEFT: dict[str, tuple[bytes, dict[str, Any]]] = {
    "a record of several lines": (HEADER + b'1;"a\nb";1;1;1;ja;20231224\n', {}),
    "a quote that is not closed": (HEADER + GOOD + b'1;"a;1;1;1;ja;20231224\n', {}),
    "a quote inside of a field": (HEADER + GOOD + b'1;a"b;1;1;1;ja;20231224\n', {}),
    "a quote and a delimiter of several bytes": (
        (HEADER + b'1;"a";1;1;1;ja;20231224\n').replace(b";", b"||"),
        {"delimiter": "||"},
    ),
    "a hundred doubled quotes": (HEADER + b'1;"' + 200 * b'"' + b'";1;1;1;ja;20231224\n', {}),
    "an escape": (HEADER + b"1;a\\;b;1;1;1;ja;20231224\n", {"escape": "\\"}),
    "a header without a column": (HEADER.replace(b";day", b"") + GOOD, {}),
    "a header by position of too few columns": (b"a;b\n" + GOOD, {"header": "by_position"}),
    "a header that is no text": (HEADER.replace(b"id", b"\xff") + GOOD, {}),
    "nothing but empty lines": (b"\n\n", {}),
    "fewer lines than are to be skipped": (b"Orders\n", {"skip_lines": 2}),
}
"""Files that are left to a worker, and what of their data set is not as in `data_set()`."""


@st.composite
def drawn(draw: st.DrawFn, *, any_line_ends: bool) -> tuple[DelimitedDataSet, bytes]:
    """A data set and a file of it, often without quotes; most with quotes are broken.

    Otherwise without a carriage return that stands alone, and often with CRLF at all lines.
    """
    drawn_set = draw(data_sets())
    if draw(st.booleans()):
        layout = drawn_set.layout.model_copy(update={"quote": None, "escape": None})
        drawn_set = drawn_set.model_copy(update={"layout": layout})
    content = draw(files(drawn_set))
    if not any_line_ends:
        content = _LONE_CARRIAGE_RETURN.sub(b"", content)
        content = draw(st.sampled_from([content, re.sub(rb"\r?\n", b"\r\n", content)]))
    return drawn_set, content
