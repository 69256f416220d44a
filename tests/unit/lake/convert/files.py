"""Layouts and files drawn by hypothesis, most of them broken somewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from lake.dataset import FixedWidthColumn, FixedWidthDataSet, FixedWidthLayout

DATE_FORMATS = ("YYYYMMDD", "DDMMYYYY", "YYYY-MM-DD", "DD/MM/YYYY", "YYMMDD", "YYYYDDD", "DDD.YY")
TIMESTAMP_FORMATS = ("YYYYMMDDhhmmss", "YYYY-MM-DDThh:mm:ss.fff", "DDMMYY hhmm", "YYYYDDDhhmmssf")
TIME_FORMATS = ("hhmmss", "hh:mm", "hh")
ENCODINGS = ("latin-1", "utf-8", "cp1252", "ascii")

_KINDS = ("string", "int", "bigint", "decimal", "double", "boolean", "date", "timestamp", "time")
_TEXTS = ("A", "B2", "é", "Ç~x", "  x", "AB", "ab  c", "€", "\x85", "\x00")
_DAYS = ("2021-06-25", "9999-12-31", "2020-02-29", "0001-01-01", "2021-02-28", "2021-02-29")
_TIMES = ("00:00:00.000000", "23:59:59.999999", "12:30:00.500000", "24:00:00.000000")


@st.composite
def data_sets(draw: st.DrawFn) -> FixedWidthDataSet:
    """A data set of one to five columns with gaps, with or without control records."""
    typed = draw(st.booleans())
    type_width = draw(st.integers(1, 3)) if typed else 0
    has_segment = typed and draw(st.booleans())
    position = 1 + type_width + has_segment
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
        "line_end": draw(st.sampled_from(["newline", "newline", "none"])),
    }
    if layout["line_end"] == "newline":
        layout["pad_short"] = draw(st.booleans())
    if typed:
        layout |= draw(_records(type_width, has_segment=has_segment, layout=layout))
    fit = [
        column["name"]
        for column in columns
        if not column["nullable"]
        and "format" not in column
        and column["type"] in ("string", "int", "bigint", "date")
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
def _records(
    draw: st.DrawFn, width: int, *, has_segment: bool, layout: dict[str, Any]
) -> dict[str, Any]:
    """The keys of a layout that tell records apart."""
    header, first, second, ignored, trailer = (
        letter * width for letter in draw(st.permutations("019HX"))
    )
    found: dict[str, Any] = {"record_type": {"position": 1, "width": width}}
    if has_segment:
        found["segment"] = {"position": width + 1, "width": 1}
        first, second = first + "P", first + "Q"
        ignored = draw(st.sampled_from([ignored, first[:-1] + "R"]))
    found["detail"] = {"type": first, "other_types": [second] if draw(st.booleans()) else []}
    if draw(st.booleans()):
        found["header"] = {"type": header}
    if draw(st.booleans()):
        found["ignore"] = [ignored]
    if draw(st.booleans()):
        found["trailer"] = {"type": trailer}
        room = min(layout["record_length"] - width, 6)
        if draw(st.booleans()):
            found["trailer"]["count"] = {"position": width + 1, "width": room}
    return found


@st.composite
def _columns(draw: st.DrawFn, name: str, position: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(_KINDS))
    width = draw(st.integers(1, 18))
    column: dict[str, Any] = {
        "name": name,
        "type": kind,
        "position": position,
        "nullable": draw(st.booleans()),
        "description": "Drawn.",
    }
    match kind:
        case "date" | "timestamp" | "time":
            formats = {"date": DATE_FORMATS, "timestamp": TIMESTAMP_FORMATS, "time": TIME_FORMATS}
            column["format"] = draw(st.sampled_from(formats[kind]))
            column["type"] = "int" if kind == "time" else kind
            width = len(column["format"])
            if "YYYY" not in column["format"] and "YY" in column["format"]:
                column["pivot"] = draw(st.sampled_from([0, 50, 99]))
        case "int" | "bigint" | "decimal":
            width = draw(_written(column, width))
        case "double" if draw(st.booleans()):
            column["decimal_point"] = ","
    if column["nullable"] and kind != "boolean" and draw(st.booleans()):
        column["missing"] = [draw(st.sampled_from(["9", "-9", "0" * width]))[:width]]
    return column | {"width": width}


@st.composite
def _written(draw: st.DrawFn, column: dict[str, Any], width: int) -> int:
    """How a number is written: adds the keys, gives the width."""
    digits = width
    if sign := draw(st.sampled_from([None, None, "leading", "trailing", "overpunch"])):
        column["sign"] = sign
        width += sign != "overpunch"
    if column["type"] == "decimal":
        precision = draw(st.integers(digits, 18))
        column["type"] = f"decimal({precision},{draw(st.integers(0, precision))})"
        if sign != "overpunch" and draw(st.booleans()):
            column["decimal_point"] = draw(st.sampled_from([".", ","]))
            width += 1
    return width


@st.composite
def files(draw: st.DrawFn, dataset: FixedWidthDataSet) -> bytes:
    """The bytes of a file of the data set."""
    layout = dataset.layout
    details = draw(st.lists(_details(dataset), min_size=4, max_size=12))
    lines = [draw(_broken(line)) if _rarely(draw, 10) else line for line in details]
    if layout.header and not _rarely(draw, 20):
        lines.insert(0, layout.header.type.encode().ljust(layout.record_length))
    ends = [b"\r\n", b"\n"] if layout.line_end == "newline" else [b""]
    usual_end = draw(st.sampled_from(ends))
    odd_ends = [*ends, b"\n\n", b"\r\r\n"] if layout.line_end == "newline" else [b""]
    content = b""
    for line in lines:
        content += line + (draw(st.sampled_from(odd_ends)) if _rarely(draw, 20) else usual_end)
    if layout.trailer and not _rarely(draw, 20):
        number = content.count(b"\n") + 1
        if layout.line_end == "none":
            number = -(-len(content) // layout.record_length) + 1
        content += _trailer(dataset, 7 if _rarely(draw, 20) else number) + usual_end
        content += b"".join(details[: 2 if _rarely(draw, 10) else 0])
    ending = draw(st.sampled_from([b"", b"", b"", b"\x1a", b"\x1a\x1a", b"\r", b"x", b"\n", None]))
    return content.rstrip(b"\r\n") if ending is None else content + ending


def _rarely(draw: st.DrawFn, times: int) -> bool:
    """True once in so many times."""
    return draw(st.integers(1, times)) == times


def _trailer(dataset: FixedWidthDataSet, count: int) -> bytes:
    layout = dataset.layout
    assert layout.trailer
    line = layout.trailer.type.encode().ljust(layout.record_length)
    if not layout.trailer.count:
        return line
    (place,) = layout.trailer.count
    digits = str(count).rjust(place.width, "0")[: place.width].encode()
    return line[: place.position - 1] + digits + line[place.end :]


def _detail_types(layout: FixedWidthLayout) -> list[str]:
    if layout.detail is None:
        return [""]
    return [*layout.detail.types, layout.detail.type, *layout.ignore]


@st.composite
def _details(draw: st.DrawFn, dataset: FixedWidthDataSet) -> bytes:
    layout = dataset.layout
    record_type = draw(st.sampled_from(_detail_types(layout))).encode()
    line = bytearray(record_type.ljust(layout.record_length))
    for column in dataset.columns:
        line[column.position - 1 : column.end] = draw(_fields(column, layout.encoding))
    whole = bytes(line)
    return whole.rstrip(b" ") if layout.pad_short and draw(st.booleans()) else whole


@st.composite
def _fields(draw: st.DrawFn, column: FixedWidthColumn, encoding: str) -> bytes:
    width = column.width
    if _rarely(draw, 20):
        return b" " * width
    if _rarely(draw, 40):
        return draw(st.binary(min_size=width, max_size=width))
    if column.missing and _rarely(draw, 5):
        text = column.missing[0].encode()
        return draw(st.sampled_from([text.ljust(width), text.rjust(width)]))
    return draw(_values(column, encoding))


@st.composite
def _values(draw: st.DrawFn, column: FixedWidthColumn, encoding: str) -> bytes:
    width = column.width
    if form := column.time_format:
        return draw(_times(form))
    match column.kind:
        case "string":
            text = draw(st.sampled_from(_TEXTS)) * (1 if draw(st.booleans()) else width)
            return text.encode(encoding, "replace").ljust(width)[:width]
        case "boolean":
            return draw(st.sampled_from([b"0", b"1", b"1", b"2"])).rjust(width)
        case "double":
            text = draw(st.sampled_from(["1.5", "-2e3", "+.5", "7.", "1e400", "1.2.3", "nan", "3"]))
            return text.replace(".", column.decimal_point or ".")[:width].rjust(width).encode()
    return draw(_numbers(column))


@st.composite
def _numbers(draw: st.DrawFn, column: FixedWidthColumn) -> bytes:
    width = column.width
    digits = draw(st.text("0123456789", min_size=1, max_size=width))
    point = str(column.decimal_point or "")
    if point and draw(st.booleans()):
        at = draw(st.integers(0, len(digits)))
        digits = (digits[:at] + point + digits[at:])[:width]
    sign = draw(st.sampled_from(["", "", "-", "+"]))
    match column.sign:
        case "overpunch":
            text = digits[:-1] + draw(st.sampled_from("0{}AIJRpy9"))
        case "trailing":
            text = digits[: width - 1] + sign
        case _:
            text = (sign + digits)[:width]
    filled = [text.rjust(width, "0"), text.rjust(width), text.ljust(width)]
    if sign and column.sign == "leading":
        filled = [sign + digits[: width - 1].rjust(width - 1, "0"), text.rjust(width)]
    return draw(st.sampled_from(filled)).encode()


@st.composite
def _times(draw: st.DrawFn, form: str) -> bytes:
    year, month, day = draw(st.sampled_from(_DAYS)).split("-")
    clock, fraction = draw(st.sampled_from(_TIMES)).split(".")
    hour, minute, second = clock.split(":")
    day_of_year = draw(st.sampled_from(["001", "000", "365", "366", "060"]))
    text = form.replace("YYYY", year).replace("YY", year[2:]).replace("DDD", day_of_year)
    text = text.replace("MM", month).replace("DD", day)
    text = text.replace("hh", hour).replace("mm", minute).replace("ss", second)
    return text.replace("fff", fraction[:3]).replace("f", fraction[:1]).encode()


@st.composite
def _broken(draw: st.DrawFn, line: bytes) -> bytes:
    """A line with one of its bytes changed, cut short, or grown."""
    at = draw(st.integers(0, max(0, len(line) - 1)))
    match draw(st.integers(0, 3)):
        case 0:
            return line[:at]
        case 1:
            return line + b"0" * draw(st.integers(1, 90))
        case 2:
            return line[:at] + draw(st.binary(min_size=1, max_size=1)) + line[at + 1 :]
        case _:
            return b"H" + line[1:]
