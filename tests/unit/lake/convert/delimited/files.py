"""Delimited layouts and files drawn by hypothesis, most of them broken somewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from lake.dataset import DelimitedColumn, DelimitedDataSet

_KINDS = ("string", "string", "int", "bigint", "decimal", "double", "boolean", "date", "timestamp")
_FORMATS = {
    "date": ("YYYY-MM-DD", "DD/MM/YYYY", "YYYYMMDD", "MM.DD.YYYY"),
    "timestamp": (
        "YYYY-MM-DD hh:mm:ss", "YYYYMMDDhhmmss", "DD/MM/YYYY hh:mm", "YYYY-MM-DDThh:mm:ss.fff",
        "hh:mm:ss.ffffff DD.MM.YYYY", "YYYY-MM-DDThh:mm:ssZ",
    ),
}  # fmt: skip
_TEXTS = (
    "a", "abc", "naïve", "x y", " led", "tr ", "", "NULL", "-1", "two\nlines", "cr\r\nlf", "\r",
    'say "hi"', "it's", "back\\slash", "\\N", "#", "# no comment", "a,b", "a;b", "||", "|", "\t",
    "\x00", "\x85", "€", "T;1", "word " * 9,
)  # fmt: skip
_NUMBERS = (
    "0", "1", "-1", "+7", "12", "007", "123", "1234", "12345", "123456", "12345678", "123456789",
    "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "000000000000000000000000000012", "1" * 30, "", "-", "+", "1e2", "0x10",
    "1_000", "12.7", "1.5", "1,5", "0.05", ".5", ",5", "5.", "5,", "1.555", "123.45", "123,45",
    "1.234,56", "1,234.56", "12.345.678,9", "1.23,4", "1234.567", "1 234", "1'234", ".123", "-.5",
    "nan", "inf", "1e5", "1.5e-3", "1,5E3", "1e999", "--1", "1-", " 1", "1 ", "९", "12a", "a12",
    "999999999999999999", "999.999.999.999.999.999,99", "1.2.3",
)  # fmt: skip
_TIMES = (
    "2021-06-25", "2020-02-29", "2021-02-29", "2021-02-31", "9999-12-31", "0001-01-01",
    "0000-01-01", "2021-13-01", "2021-00-10",
)  # fmt: skip
_CLOCKS = ("00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "07:08:09")


@st.composite
def data_sets(draw: st.DrawFn) -> DelimitedDataSet:
    """A data set of one to five columns."""
    quote = draw(st.sampled_from(['"', '"', '"', "'", None]))
    escape = draw(st.sampled_from([None, None, None, "\\"]))
    header = draw(st.sampled_from(["by_name", "by_position", "none"]))
    point = draw(st.sampled_from([".", ","]))
    layout: dict[str, Any] = {
        "format": "delimited",
        "encoding": draw(st.sampled_from(["utf-8", "latin-1", "cp1252", "ascii"])),
        "delimiter": draw(st.sampled_from([",", ";", "|", "\t", "||", "::", "aab", " "])),
        "quote": quote,
        "escape": escape,
        "header": header,
        "header_match": draw(st.sampled_from(["exact", "ignore_case"])),
        "extra_columns": draw(st.sampled_from(["refuse", "ignore"])),
        "skip_lines": draw(st.sampled_from([0, 0, 0, 1, 2])),
        "comment": draw(st.sampled_from([None, "#", "--"])),
        "blank_lines": draw(st.sampled_from(["skip", "record"])),
        "decimal_point": point,
        "thousands": draw(st.sampled_from([None, None, "." if point == "," else ",", " "])),
        "null_values": draw(st.sampled_from([[], ["NULL"], ["NULL", "\\N", "-"]])),
        "trim": not escape and draw(st.booleans()),
    }
    if draw(st.integers(1, 4)) == 1:
        count = r"T;(?P<count>\d+)" if draw(st.booleans()) else "T;.*"
        layout["trailer"] = {"pattern": count, "of": draw(st.sampled_from(["records", "lines"]))}
    width = draw(st.integers(1, 5))
    lacking = draw(st.sampled_from([0, 0, 0, 1, 2]))
    columns = [draw(_columns(f"c{i}", optional=i >= width - lacking)) for i in range(width)]
    if header == "by_name":
        columns[0]["header"] = "Première" if layout["encoding"] != "ascii" else "First"
    fit = [c["name"] for c in columns if c["type"] in ("int", "date") and not c["nullable"]]
    return DelimitedDataSet.model_validate(
        {
            "domain": "drawn",
            "table": "files",
            "description": "Drawn.",
            "owner": "tests",
            "schedule": None,
            "layout": layout,
            "columns": columns,
            "partitions": fit[: 1 if len(columns) > 1 and draw(st.booleans()) else 0],
            "max_bad_ratio": draw(st.sampled_from([1.0, 1.0, 1.0, 0.3])),
        }
    )


@st.composite
def _columns(draw: st.DrawFn, name: str, *, optional: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from(_KINDS))
    column: dict[str, Any] = {
        "name": name,
        "type": kind,
        "nullable": optional or draw(st.booleans()),
        "optional": optional,
        "description": "Drawn.",
    }
    if kind in _FORMATS and draw(st.booleans()):
        forms = st.lists(st.sampled_from(_FORMATS[kind]), min_size=1, max_size=3, unique=True)
        column["format"] = draw(forms)
    if kind == "decimal":
        precision = draw(st.integers(1, 18))
        scale = draw(st.integers(0, min(precision, draw(st.sampled_from([2, 2, 18])))))
        column["type"] = f"decimal({precision},{scale})"
    if kind == "boolean" and draw(st.booleans()):
        column |= {"true_values": ["S", "sim"], "false_values": ["N", "0"]}
    if draw(st.integers(1, 5)) == 1:
        column["missing"] = ["-1", "n/a"]
    return column


@st.composite
def files(draw: st.DrawFn, dataset: DelimitedDataSet) -> bytes:
    """The bytes of a file of the data set."""
    layout = dataset.layout
    delimiter = layout.delimiter.encode(layout.encoding)
    columns = list(dataset.columns)
    if layout.header == "by_name":
        columns = list(draw(st.permutations(columns)))
        columns = [c for c in columns if not c.optional or draw(st.booleans())] or columns
    extra = int(_rarely(draw, 6))
    records = []
    if layout.header != "none" and not _rarely(draw, 30):
        names = [c.header_name for c in columns] + ["more"] * extra
        if layout.header_match == "ignore_case":
            names = [name.upper() for name in names]
        if layout.trim:
            names = [f" {name} " for name in names]
        records.append(delimiter.join(_written(draw, name, dataset) for name in names))
    for _ in range(draw(st.integers(2, 14))):
        fields = [_written(draw, draw(_fields(column)), dataset) for column in columns]
        fields += [b"x"] * extra
        if _rarely(draw, 15):
            fields = fields[: draw(st.integers(0, len(fields)))] + [b"y"] * draw(st.integers(0, 2))
        record = delimiter.join(fields)
        records.append(_broken(draw, record) if _rarely(draw, 8) else record)
    for _ in range(draw(st.integers(0, 2))):
        odd = [b"", b"", b"# a comment", b'# with a " quote', b"-- 'one", b'"', b'""', b"x" * 90]
        records.insert(draw(st.integers(0, len(records))), draw(st.sampled_from(odd)))
    records[:0] = [draw(st.sampled_from([b"skipped", b'skipped "', b""]))] * layout.skip_lines
    usual_end = draw(st.sampled_from([b"\r\n", b"\n"]))
    content = b""
    for record in records:
        odd_end = draw(st.sampled_from([b"\r\n", b"\n", b"\n\n", b"\r\r\n"]))
        content += record + (odd_end if _rarely(draw, 20) else usual_end)
    if layout.trailer and not _rarely(draw, 10):
        count = content.count(b"\n") + 1 if layout.trailer.of == "lines" else len(records) - 1
        content += b"T;%d" % (count + int(_rarely(draw, 10))) + usual_end * draw(st.integers(0, 3))
    ending = draw(st.sampled_from([b"", b"", b"", b"", b"\x1a", b"\x1a\x1a", b"\r", b"x", None]))
    return content.rstrip(b"\r\n") if ending is None else content + ending


def _rarely(draw: st.DrawFn, times: int) -> bool:
    """True once in so many times."""
    return draw(st.integers(1, times)) == times


@st.composite
def _fields(draw: st.DrawFn, column: DelimitedColumn) -> str:
    """What a field of a column says, usually of its type."""
    if _rarely(draw, 12):
        return draw(st.sampled_from(["", "", "NULL", "\\N", "-", "-1", "n/a"]))
    match column.kind:
        case "string":
            return draw(st.sampled_from(_TEXTS))
        case "boolean":
            return draw(st.sampled_from([*column.true_values, *column.false_values, "TRUE"]))
        case "date" | "timestamp":
            form = draw(st.sampled_from(column.formats))
            year, month, day = draw(st.sampled_from(_TIMES)).split("-")
            hour, minute, second = draw(st.sampled_from(_CLOCKS)).split(":")
            text = form.replace("YYYY", year).replace("MM", month).replace("DD", day)
            text = text.replace("hh", hour).replace("mm", minute).replace("ss", second)
            return text.replace("ffffff", "120034").replace("fff", "789")
        case _:
            plain = str(draw(st.integers(-(10**7), 10**7)))
            if column.scale and draw(st.booleans()):
                plain += draw(st.sampled_from([".", ","])) + "05"[: column.scale]
            return plain if draw(st.booleans()) else draw(st.sampled_from(_NUMBERS))


def _written(draw: st.DrawFn, text: str, dataset: DelimitedDataSet) -> bytes:
    """A field as a writer of the layout would write it, or sometimes not."""
    layout = dataset.layout
    special = {*layout.delimiter, "\r", "\n", layout.quote, layout.escape} - {None}
    if layout.quote and (special & set(text) or _rarely(draw, 4)) and not _rarely(draw, 40):
        if layout.escape:
            text = text.replace(layout.escape, layout.escape * 2)
            text = text.replace(layout.quote, layout.escape + layout.quote)
        else:
            text = text.replace(layout.quote, layout.quote * 2)
        text = layout.quote + text + layout.quote
    elif layout.escape and not _rarely(draw, 40):
        text = "".join(layout.escape + each if each in special else each for each in text)
    elif not _rarely(draw, 5):
        text = "".join(each for each in text if each not in special)
    return text.encode(layout.encoding, "replace")


def _broken(draw: st.DrawFn, record: bytes) -> bytes:
    """A record with a byte changed, taken out, or put in."""
    at = draw(st.integers(0, max(0, len(record) - 1)))
    odd = st.sampled_from([b'"', b"'", b"\\", b"\n", b"\r", b"\x81", b"\xc3", b"\xa9", b",", b"\0"])
    match draw(st.integers(0, 2)):
        case 0:
            return record[:at] + record[at + 1 :]
        case 1:
            return record[:at] + draw(odd) + record[at + 1 :]
        case _:
            return record[:at] + draw(odd) + record[at:]
