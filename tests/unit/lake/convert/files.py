"""Layouts and files drawn by hypothesis, most of them broken somewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from lake.dataset import FixedWidthColumn, FixedWidthDataSet

DATE_FORMATS = ("YYYYMMDD", "DDMMYYYY", "YYYY-MM-DD", "DD/MM/YYYY", "MM.DD.YYYY")
ENCODINGS = ("latin-1", "utf-8", "cp1252", "ascii")

_TEXTS = ("A", "B2", "é", "Ç~x", "  x", "AB", "ab  c", "€", "\x85", "\x00")
_DATES = ("20210625", "99991231", "20200229", "00010101", "20210228", "20210229", "00000000")


@st.composite
def data_sets(draw: st.DrawFn) -> FixedWidthDataSet:
    """A data set of one to five columns with gaps, with or without control records."""
    typed = draw(st.booleans())
    type_width = draw(st.integers(1, 3)) if typed else 0
    position = 1 + type_width
    columns: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 5))):
        position += draw(st.integers(0, 2))
        column = draw(_columns(f"c{index}", position))
        position += column["width"]
        columns.append(column)
    layout: dict[str, Any] = {
        "format": "fixed_width",
        "encoding": draw(st.sampled_from(ENCODINGS)),
        "record_length": position - 1 + draw(st.integers(0, 3)),
    }
    if typed:
        types = [letter * type_width for letter in draw(st.permutations("019H"))]
        layout["record_type"] = {"position": 1, "width": type_width}
        layout["detail"] = {"type": types[0]}
        if draw(st.booleans()):
            layout["header"] = {"type": types[1]}
        if draw(st.booleans()):
            layout["trailer"] = {"type": types[2]}
            width = min(layout["record_length"] - type_width, 6)
            if draw(st.booleans()):
                layout["trailer"]["count"] = {"position": type_width + 1, "width": width}
    fit = [
        column["name"]
        for column in columns
        if not column["nullable"] and not column["type"].startswith("decimal")
    ]
    partitions = draw(st.lists(st.sampled_from(fit), max_size=2, unique=True)) if fit else []
    return FixedWidthDataSet.model_validate(
        {
            "domain": "drawn",
            "table": "files",
            "description": "Drawn.",
            "owner": "tests",
            "schedule": None,
            "layout": layout,
            "columns": columns,
            "partitions": partitions if len(partitions) < len(columns) else [],
            "max_bad_ratio": draw(st.sampled_from([1.0, 1.0, 1.0, 0.3, 0.0])),
        }
    )


@st.composite
def _columns(draw: st.DrawFn, name: str, position: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["string", "int", "decimal", "date"]))
    width = draw(st.integers(1, 18))
    column: dict[str, Any] = {
        "name": name,
        "type": kind,
        "position": position,
        "nullable": draw(st.booleans()),
        "description": "Drawn.",
    }
    if kind == "date":
        column["format"] = draw(st.sampled_from(DATE_FORMATS))
        width = len(column["format"])
    if kind == "decimal":
        precision = draw(st.integers(width, 18))
        column["type"] = f"decimal({precision},{draw(st.integers(0, precision))})"
    return column | {"width": width}


@st.composite
def files(draw: st.DrawFn, dataset: FixedWidthDataSet) -> bytes:
    """The bytes of a file of the data set."""
    layout = dataset.layout
    details = draw(st.lists(_details(dataset), min_size=4, max_size=16))
    lines = [draw(_broken(line)) if _rarely(draw, 10) else line for line in details]
    if layout.header and not _rarely(draw, 20):
        lines.insert(0, layout.header.type.encode().ljust(layout.record_length))
    usual_end = draw(st.sampled_from([b"\r\n", b"\n"]))
    content = b""
    for line in lines:
        odd_end = draw(st.sampled_from([b"\r\n", b"\n", b"\n\n", b"\r\r\n"]))
        content += line + (odd_end if _rarely(draw, 20) else usual_end)
    if layout.trailer and not _rarely(draw, 20):
        number = content.count(b"\n") + 1
        content += _trailer(dataset, 7 if _rarely(draw, 20) else number) + usual_end
        content += b"".join(details[: 2 if _rarely(draw, 10) else 0])
    ending = draw(st.sampled_from([b"", b"", b"", b"\x1a", b"\x1a\x1a", b"\r", b"x", None]))
    return content.rstrip(b"\r\n") if ending is None else content + ending


def _rarely(draw: st.DrawFn, times: int) -> bool:
    """True once in so many times."""
    return draw(st.integers(1, times)) == times


def _trailer(dataset: FixedWidthDataSet, count: int) -> bytes:
    layout = dataset.layout
    assert layout.trailer
    line = layout.trailer.type.encode().ljust(layout.record_length)
    place = layout.trailer.count
    if place is None:
        return line
    digits = str(count).rjust(place.width, "0")[: place.width].encode()
    return line[: place.position - 1] + digits + line[place.end :]


@st.composite
def _details(draw: st.DrawFn, dataset: FixedWidthDataSet) -> bytes:
    layout = dataset.layout
    line = bytearray(b" " * layout.record_length)
    if layout.record_type and layout.detail:
        line[layout.record_type.position - 1 : layout.record_type.end] = layout.detail.type.encode()
    for column in dataset.columns:
        line[column.position - 1 : column.end] = draw(_fields(column, layout.encoding))
    return bytes(line)


@st.composite
def _fields(draw: st.DrawFn, column: FixedWidthColumn, encoding: str) -> bytes:
    width = column.width
    if _rarely(draw, 20):
        return b" " * width
    if _rarely(draw, 40):
        return draw(st.binary(min_size=width, max_size=width))
    match column.kind:
        case "string":
            text = draw(st.sampled_from(_TEXTS)) * (1 if draw(st.booleans()) else width)
            return text.encode(encoding, "replace").ljust(width)[:width]
        case "date":
            day = draw(st.sampled_from(_DATES))
            form = column.date_format
            text = form.replace("YYYY", day[:4]).replace("MM", day[4:6]).replace("DD", day[6:])
            return text.encode()
        case _:
            digits = draw(st.integers(1, width))
            sign = draw(st.sampled_from(["", "", "", "-", "+"]))
            text = (sign + draw(st.text("0123456789", min_size=digits, max_size=digits)))[:width]
            filled = [text.rjust(width, "0"), text.rjust(width), text.ljust(width)]
            return draw(st.sampled_from(filled)).encode()


@st.composite
def _broken(draw: st.DrawFn, line: bytes) -> bytes:
    """A line with one of its bytes changed, cut short, or grown."""
    at = draw(st.integers(0, len(line) - 1))
    match draw(st.integers(0, 3)):
        case 0:
            return line[:at]
        case 1:
            return line + b"0" * draw(st.integers(1, 90))
        case 2:
            return line[:at] + draw(st.binary(min_size=1, max_size=1)) + line[at + 1 :]
        case _:
            return b"H" + line[1:]
