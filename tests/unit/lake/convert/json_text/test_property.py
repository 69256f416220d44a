"""Whatever a file holds, the conversion and the naive reading agree, record by record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake.convert.conversion import Unreadable
from lake.dataset import JsonDataSet

from tests.unit.lake.convert.json_text import files, naive

VALID = {
    "string": ['"x"', '"é\\u0000 \\n\\ud83d\\ude00"', '""', '"N/A"', '"\\\\\\""'],
    "int": ["0", "-1", "2147483647", "-2147483648", "-9"],
    "bigint": ["9223372036854775807", "-9223372036854775808", "7", "-9"],
    "double": ["0.1", "1", "-2.5e-3", "1E5", "-9", "1e-400", "2.2250738585072011e-308"],
    "boolean": ["true", "false"],
    "decimal(5,2)": ["1.5", "999.99", "-0.01", "1.500", "12e1", "0", "-9", "5e-2", "-9.00"],
    "date": ['"2026-02-28"', '"0001-01-01"', '"9999-12-31"', '"N/A"'],
    "timestamp": [
        '"2026-02-28T10:20:30Z"', '"2026-02-28 10:20:30"', '"2026-02-28T10:20:30.5-03:00"',
        '"2026-02-28T10:20:30.123456789+0530"', '"0001-01-01T00:00:00"',
        '"2026-02-28T23:59:59.999Z"', '"2026-02-28T10:20:30.1+01"',
    ],
    "seconds": ["1773480413", "1773480413.589", "-1.5", "0.000001", "1e9"],
    "milliseconds": ["1773480413589", "-1", "0", "1540919166796.0", "1.001", "1.541078e+12"],
    "json": ['{"b": [1, {"c":null}]}', '"x"', "1.50", "[]", "true"],
    "array<int>": ["[]", "[1,2]", "[null, 3]"],
    "struct<p:int,q:string>": ["{}", '{"p":1}', '{"q":"é","p":null}', '{"p":1,"q":"x","r":2}'],
    "array<struct<u:decimal(5,2),v:date>>": [
        "[]", '[{"u":1.5,"v":"2026-02-28"},null]', '[{},{"u":null}]',
    ],
}  # fmt: skip
"""Of each type; some only where `missing` has them."""
ODD = [
    "null", "1.0", "1e2", "-0", "-0.0", "1e400", "1e-30", "9223372036854775808", "1.555", '"1"',
    "2147483648", '"2026-02-31"', '"2026-2-3"', '"2026-02-28T24:00:00Z"', '"2026-02-28T10:20Z"',
    '"2026-02-28T10:20:60"', '"0000-01-01"', '"0000-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59-01:00"',
    '"2026-02-28T10:20:30.Z"', '"2026-02-28T10:20:30+24:00"', '"2026-02-28T10:20:30z"',
    '"2026-02-28T10:20+03:00"', "true", "[1,true]", "[[1]]", '[{"u":1.555}]',
    '[{"v":"2026-02-30"}]', '{"p":"1"}', "[1,]", "01", "NaN", "Infinity", '"\\ud800"', '"\\udc00x"',
    '"\\x"', "nul", "", "'a'", "253402300800", "-62135596801", "0." + "0" * 40,
    "1234567890123456789012345678901234567890",
    '"2026-02-28T10:20:30.1234567890Z"', '"२०२६-02-28"', "1e99999999999999999999",
]  # fmt: skip
LENIENT = ("string", "int", "bigint", "double", "decimal(5,2)")
WRITTEN_OTHERWISE = [
    '"26"', '"-9"', "26.0", '"26.0"', '""', '"1.541078e+12"', '"007"', '"+1"', '" 1"', '"1_0"',
    '"null"', "true", "[]", '{"a":1}', '"\\u0032"', '"9223372036854775808"', '"1e400"', '"NaN"',
    "1.50", '"2\\"6"',
]  # fmt: skip
"""What a lenient column may have, and what it may not."""
PLACES = ("k{0}", "n.k{0}", "n.m.k{0}", "a.{0}", "o.{0}.k", "o.{0}.j.k")


@st.composite
def layouts(draw: st.DrawFn) -> JsonDataSet:
    columns = []
    for index in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(VALID)))
        more: dict[str, Any] = {"nullable": draw(st.booleans())}
        more["path"] = draw(st.sampled_from(PLACES)).format(index)
        if kind in ("seconds", "milliseconds"):
            kind, more["epoch"] = draw(st.sampled_from(["timestamp", "date"])), kind
        elif kind in ("string", "int", "double", "decimal(5,2)", "date") and draw(st.booleans()):
            more["missing"] = draw(st.sampled_from([("N/A",), ("-9", "N/A"), ("",), ("-9.0",)]))
        if kind in LENIENT or "epoch" in more:
            more["lenient"] = draw(st.booleans())
        columns.append(files.column(f"c{index}", kind, **more))
    layout: dict[str, Any] = {"records": draw(st.sampled_from(["lines", "array", "document"]))}
    if layout["records"] == "document":
        layout["items"] = draw(st.sampled_from(["result", "result.rows"]))
    if draw(st.integers(0, 3)) == 0:
        layout["unknown_fields"] = "reject"
    return files.data_set(*columns, **layout)


def tree(dataset: JsonDataSet, texts: list[str]) -> dict[str, Any]:
    """A record's values in their places; of arrays, by index."""
    record: dict[Any, Any] = {}
    for column, text in zip(dataset.columns, texts, strict=True):
        inner = record
        for part in column.keys[:-1]:
            inner = inner.setdefault(part, {})
        inner[column.keys[-1]] = text
    return record


def written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if any(isinstance(key, int) for key in value):
        return "[" + ",".join(written(value.get(i, "null")) for i in range(max(value) + 1)) + "]"
    return (
        "{" + ", ".join(f"{json.dumps(key)}:{written(each)}" for key, each in value.items()) + "}"
    )


@st.composite
def records(draw: st.DrawFn, dataset: JsonDataSet) -> str:
    texts = []
    for column in dataset.columns:
        valid = VALID.get(column.epoch or column.type, ["null"])
        if column.lenient and draw(st.integers(0, 3)) == 0:
            valid = WRITTEN_OTHERWISE
        odd = draw(st.integers(0, 19)) == 0
        texts.append(draw(st.sampled_from(ODD if odd else valid)))
    values = tree(dataset, texts)
    match draw(st.integers(0, 24)):
        case 0:
            values.pop(next(iter(values)))
        case 1:
            values[next(iter(values))] = draw(st.sampled_from(["null", "1", "[]", "{}", '"x"']))
        case 2:
            values["unknown"] = draw(st.sampled_from(["1", '{"a":[1,"]}"]}', "tru", '"\\""']))
        case _:
            pass
    text = written(values)
    match draw(st.integers(0, 30)):
        case 0:
            return text[: draw(st.integers(0, len(text)))]
        case 1:
            return text + draw(st.sampled_from(["x", "}", "{}", " ", "]", "\\"]))
        case 2:
            return draw(st.sampled_from(["", " ", "1", "[]", "null", "\r", '"', "{" * 3000]))
        case 3:
            return text.replace(":", ":\udcff", 1)  # a byte that is no UTF-8
        case 4 if values:
            key = next(iter(values))
            return text.replace("{", f'{{"{key}":{written(values[key])}, ', 1)
        case _:
            return text


def assembled(dataset: JsonDataSet, texts: list[str], end: str) -> bytes:
    if dataset.layout.records == "lines":
        text = "\n".join(texts) + end
    else:
        text = "[" + ",\n ".join(texts) + "]" + end
        for key in reversed(dataset.layout.items or ()):
            text = f'{{"count": 1, "{key}" : {text}, "next":null}}'
    return text.encode("utf-8", "surrogateescape")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_record_is_where_the_naive_reading_has_it(data: st.DataObject) -> None:
    dataset = data.draw(layouts())
    texts = data.draw(st.lists(records(dataset), max_size=12))
    content = assembled(
        dataset, texts, data.draw(st.sampled_from(["", "\n", " ", "\r\n", "]", "x"]))
    )
    try:
        expected = naive.read(dataset, content)
    except naive.Refused:
        with pytest.raises(Unreadable):
            files.read(dataset, content)
        return
    actual = files.read(dataset, content)
    assert actual.control == expected.control
    assert [(each.line_number, each.byte_offset, each.raw) for each in actual.rejects] == [
        each[:3] for each in expected.rejects
    ]
    for row in [*actual.rows, *expected.rows]:
        for column in dataset.columns:
            if column.type == "json":  # what it says is for another test
                row[column.name] = row[column.name] is None
    assert actual.rows == expected.rows
