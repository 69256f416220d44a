"""What becomes of JSON's values and of what is no JSON, record by record."""

from __future__ import annotations

import datetime
import gc
from decimal import Decimal
from typing import Any

import pytest
from lake.convert.json_text.nesting import LONGEST_PARTITION
from lake.convert.json_text.reader import JsonReader
from lake.dataset import JsonDataSet

from tests.unit.lake.convert.json_text.files import column, data_set, read, reason, rows


def one(kind: str, **more: Any) -> JsonDataSet:
    """A data set with the column `a`."""
    return data_set(column("a", kind, **more))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "-2147483648", -(2**31)),
        ("int", "-0", 0),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("double", "1", 1.0),
        ("double", "-2.5e-3", -0.0025),
        ("double", "1e-400", 0.0),
        ("boolean", "true", True),
        ("string", r'"\ud83d\ude00 \u0000\n"', "😀 \0\n"),
        ("string", '""', ""),
        ("decimal(5,2)", "1.5", Decimal("1.50")),
        ("decimal(5,2)", "1.500000000000000000000", Decimal("1.50")),
        ("decimal(5,2)", "-999.99", Decimal("-999.99")),
        ("decimal(5,2)", "12e1", Decimal("120.00")),
        ("decimal(18,17)", "0.10000000000000001", Decimal("0.10000000000000001")),
        ("decimal(18,0)", "999999999999999999", Decimal("999999999999999999")),
        ("date", '"2024-02-29"', datetime.date(2024, 2, 29)),
        ("date", '"9999-12-31"', datetime.date(9999, 12, 31)),
        ("timestamp", '"2026-03-14T09:26:53"', datetime.datetime(2026, 3, 14, 9, 26, 53)),
        ("timestamp", '"2026-03-14 09:26:53.5Z"',
         datetime.datetime(2026, 3, 14, 9, 26, 53, 500_000)),
        ("timestamp", '"2026-03-14T23:26:53.1234567-03:00"',
         datetime.datetime(2026, 3, 15, 2, 26, 53, 123_456)),
        ("json", '{ "b": [1.50, null] }', '{ "b": [1.50, null] }'),
        ("json", r'"\u00e9"', r'"\u00e9"'),
        ("array<string>", '["x", null, "y"]', ["x", None, "y"]),
        ("array<array<int>>", "[[1], [], null]", [[1], [], None]),
        ("struct<a:int,b:struct<c:string>>", '{"b": {"c": "x"}, "z": 1}',
         {"a": None, "b": {"c": "x"}}),
        ("array<struct<p:decimal(4,1),d:date>>", '[{"p": 1.5, "d": "2026-01-02"}, {}]',
         [{"p": Decimal("1.5"), "d": datetime.date(2026, 1, 2)}, {"p": None, "d": None}]),
    ],
)  # fmt: skip
def test_a_value_becomes_the_columns_type(kind: str, text: str, value: object) -> None:
    """Exactly: a decimal never goes through a float."""
    assert rows(one(kind), f'{{"a": {text}}}') == [(value,)]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("int", '"1"', "Expected `int`, got `str` - at `$.a`"),
        ("int", "1.0", "Expected `int`, got `float` - at `$.a`"),
        ("int", "2147483648", "Expected `int` <= 2147483647 - at `$.a`"),
        ("bigint", "9223372036854775808", "Expected `int` <= 9223372036854775807 - at `$.a`"),
        ("bigint", "1" * 5000, "Integer value out of range - at `$.a`"),
        ("double", "1e400", "Number out of range - at `$.a`"),
        ("double", '"1"', "Expected `float`, got `str` - at `$.a`"),
        ("boolean", "1", "Expected `bool`, got `int` - at `$.a`"),
        ("string", "1", "Expected `str`, got `int` - at `$.a`"),
        ("string", "null", "Expected `str`, got `null` - at `$.a`"),
        ("decimal(5,2)", "1.555",
         "Expected `decimal(5,2)`, got a number that does not fit - at `$.a`"),
        ("decimal(5,2)", "1000",
         "Expected `decimal(5,2)`, got a number that does not fit - at `$.a`"),
        ("decimal(5,2)", "1e99999999999999999999",
         "Expected `decimal(5,2)`, got a number that does not fit - at `$.a`"),
        ("decimal(5,2)", '"1.50"', "Expected `decimal(5,2)`, got `str` - at `$.a`"),
        ("decimal(5,2)", "true", "Expected `decimal(5,2)`, got `bool` - at `$.a`"),
        ("decimal(5,2)", "null", "Expected `decimal(5,2)`, got a missing value - at `$.a`"),
        ("json", "null", "Expected `json`, got a missing value - at `$.a`"),
        ("date", '"2026-02-31"', "Expected `date`, got another `str` (`2026-02-31`) - at `$.a`"),
        ("date", '"0000-01-01"', "Expected `date`, got another `str` (`0000-01-01`) - at `$.a`"),
        ("date", '"é"', "Expected `date`, got another `str` (`é`) - at `$.a`"),
        ("timestamp", '"2026-03-14T24:00:00"',
         "Expected `timestamp`, got another `str` (`2026-03-14T24:00:00`) - at `$.a`"),
        ("timestamp", f'"{"9" * 50}"',
         f"Expected `timestamp`, got another `str` (`{'9' * 40}…`) - at `$.a`"),
        ("array<int>", '[1, "x"]', "Expected `int | null`, got `str` - at `$.a[...]`"),
        ("struct<b:int>", '{"b": "x"}', "Expected `int | null`, got `str` - at `$.a.b`"),
        ("array<struct<p:decimal(4,1)>>", '[{}, {"p": 1.55}]',
         "Expected `decimal(4,1)`, got a number that does not fit - at `$.a[...].p`"),
    ],
)  # fmt: skip
def test_another_value_makes_a_reject_with_the_reason(kind: str, text: str, expected: str) -> None:
    """And the column's name."""
    assert reason(one(kind), f'{{"a": {text}}}') == (expected, "a")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ('{"a": 1', "JSON is malformed: it ends too early (byte 7)"),
        ('{"a": 1,}', "JSON is malformed: trailing comma in object (byte 8)"),
        ('{"a": 1} {"a": 2}', "JSON is malformed: trailing characters (byte 9)"),
        ('{"a": NaN}', "JSON is malformed: invalid character (byte 6)"),
        ('{"a": Infinity}', "JSON is malformed: invalid character (byte 6)"),
        ('{"a": 01}', "JSON is malformed: invalid number (byte 7)"),
        (r'{"a": 1, "b": "\udc00 "}', "JSON is malformed: invalid utf-16 surrogate pair (byte 21)"),
        (b'{"a": 1, "b": "\xff"}', "encoding: no utf-8 (byte 15)"),
        (b'\xef\xbb\xbf{"a": 1}', "JSON is malformed: invalid character (byte 0)"),
        ('{"a": 1, "b": ' + "[" * 100_000 + "]" * 100_000 + "}",
         "JSON is nested too deeply (byte 0)"),
        ("[1]", "Expected `object`, got `array`"),
        ("null", "Expected `object`, got `null`"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_a_reject_without_a_column(record: str | bytes, expected: str) -> None:
    """The byte at fault, where there is one, is in brackets."""
    assert reason(one("int"), record) == (expected, None)


def test_reasons_are_counted_without_what_stands_in_brackets() -> None:
    """Or each malformed line would be a reason of its own."""
    reading = read(one("int"), b'{"a": 1\n{"a":\n{"a": 1,}')
    assert [reject.category for reject in reading.rejects] == [
        "JSON is malformed: it ends too early",
        "JSON is malformed: it ends too early",
        "JSON is malformed: trailing comma in object",
    ]


def test_null_and_absent_are_missing() -> None:
    """Also where an object on the way is."""
    dataset = data_set(
        column("a", "int", path="o.a", nullable=True),
        column("b", "decimal(3,1)", path="o.p.b", nullable=True),
        column("c", "array<int>", nullable=True),
        column("d", "double", nullable=True),
    )
    records = ['{"o": {"a": 1, "p": {"b": 1.5}}, "c": [], "d": 0}', "{}", '{"o": null, "c": null}',
               '{"o": {"p": null}, "d": null}', '{"o": {"a": null, "p": {"b": null}}}']  # fmt: skip
    nothing = (None, None, None, None)
    assert rows(dataset, *records) == [(1, Decimal("1.5"), [], 0.0), *[nothing] * 4]


def test_a_required_value_may_miss_on_any_way() -> None:
    """The column is the one that needs it."""
    dataset = data_set(
        column("a", "int", path="o.a", nullable=True), column("b", "int", path="o.b")
    )
    assert reason(dataset, "{}") == ("Object missing required field `o`", "b")
    assert reason(dataset, '{"o": {}}') == ("Object missing required field `b` - at `$.o`", "b")
    assert reason(dataset, '{"o": 1}') == ("Expected `object`, got `int` - at `$.o`", "a")


def test_elements_of_arrays_are_columns() -> None:
    """Others may be of any kind; an array that is too short misses them."""
    dataset = data_set(
        column("first", "int", path="l.0.n"),
        column("third", "string", path="l.2", nullable=True),
        column("deep", "int", path="m.1.0", nullable=True),
    )
    assert rows(
        dataset,
        '{"l": [{"n": 1}, {"n": "x"}, "y"], "m": [0, [7]]}',
        '{"l": [{"n": 2}], "m": [0]}',
        '{"l": [{"n": 3}, 0, null], "m": null}',
    ) == [(1, "y", 7), (2, None, None), (3, None, None)]
    assert reason(dataset, '{"l": []}') == ("Expected `array` of length >= 1 - at `$.l`", "first")
    assert reason(dataset, '{"l": [{"n": "x"}]}') == (
        "Expected `int`, got `str` - at `$.l[0].n`", "first",
    )  # fmt: skip
    assert reason(dataset, '{"l": [{"n": 1}], "m": [0, ["x"]]}') == (
        "Expected `int | null`, got `str` - at `$.m[1][0]`", "deep",
    )  # fmt: skip


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    """Escaped or not; of an object as a whole."""
    dataset = data_set(column("a", "int"), column("b", "int", path="o.b", nullable=True))
    assert rows(dataset, r'{"a": 1, "o": {"b": 1}, "\u0061": 2, "o": {}}') == [(2, None)]
    assert reason(dataset, '{"a": "x", "a": 2}')[0] == "Expected `int`, got `str` - at `$.a`"


def test_unknown_fields_are_ignored_or_rejected() -> None:
    """At every level that is read; what is inside of text of JSON is nobody's."""
    columns = (column("a", "int", path="o.a"), column("s", "struct<b:int>", nullable=True),
               column("j", "json", nullable=True))  # fmt: skip
    record = '{"o": {"a": 1, "x": 1}, "s": {"b": 1, "y": 1}, "j": {"k": 1}, "z": 1}'
    assert len(rows(data_set(*columns), record)) == 1
    strict = data_set(*columns, unknown_fields="reject")
    assert len(rows(strict, '{"o": {"a": 1}, "s": {"b": 1}, "j": {"k": 1}}')) == 1
    for record, expected in (
        ('{"o": {"a": 1}, "z": 1}', "Object contains an unknown field (`z`)"),
        ('{"o": {"a": 1, "x": 1}}', "Object contains an unknown field (`x` - at `$.o`)"),
        ('{"o": {"a": 1}, "s": {"y": 1}}', "Object contains an unknown field (`y` - at `$.s`)"),
    ):
        assert reason(strict, record) == (expected, None)


@pytest.mark.parametrize(
    ("kind", "good", "missing"),
    [
        ("string", '"x"', ['""', '"-9"']),
        ("int", "9", ["-9", '"-9"', '""']),
        ("double", "-9.5", ["-9", "-9.0", '""']),
        ("decimal(4,2)", "9", ["-9", "-9.00", "-9e0", '"-9"']),
        ("date", '"2026-01-02"', ['""', '"-9"']),
        ("timestamp", '"2026-01-02T00:00:00"', ['""', '"-9"']),
    ],
)
def test_sentinels_stand_for_missing_values(kind: str, good: str, missing: list[str]) -> None:
    """As strings or numbers; where a value is needed they make a reject."""
    dataset = one(kind, missing=["", "-9"], nullable=True)
    records = [f'{{"a": {text}}}' for text in [good, *missing]]
    found = rows(dataset, *records)
    assert found[0] != (None,)
    assert found[1:] == [(None,)] * len(missing)
    assert reason(one(kind, missing=["", "-9"]), f'{{"a": {missing[0]}}}')[1] == "a"


def test_another_string_is_no_sentinel() -> None:
    """The reason is that of a column without any."""
    assert reason(one("int", missing=["N/A"]), '{"a": "n/a"}') == (
        "Expected `int`, got `str` - at `$.a`", "a",
    )  # fmt: skip


def test_an_epoch_is_a_number_to_the_microsecond() -> None:
    """Seconds and milliseconds may have decimals, exactly."""
    seconds, millis = one("timestamp", epoch="seconds"), one("timestamp", epoch="milliseconds")
    assert rows(seconds, '{"a": 1773480413.123456}', '{"a": -1.5}', '{"a": 253402300799}') == [
        (datetime.datetime(2026, 3, 14, 9, 26, 53, 123_456),),
        (datetime.datetime(1969, 12, 31, 23, 59, 58, 500_000),),
        (datetime.datetime(9999, 12, 31, 23, 59, 59),),
    ]
    assert rows(millis, '{"a": 1773480413589}', '{"a": 1540919166796.0}', '{"a": -0.001}') == [
        (datetime.datetime(2026, 3, 14, 9, 26, 53, 589_000),),
        (datetime.datetime(2018, 10, 30, 17, 6, 6, 796_000),),
        (datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999),),
    ]
    for dataset, text in ((seconds, "1.0000001"), (seconds, "253402300800"), (seconds, '"1"'),
                          (millis, "253402300800000"), (millis, "1.0005")):  # fmt: skip
        assert reason(dataset, f'{{"a": {text}}}')[1] == "a"


def test_a_timestamp_and_its_day_may_have_one_path() -> None:
    """The day is that in UTC; a value that is missing or wrong is at fault once."""
    dataset = data_set(
        column("at", "timestamp", path="ts", epoch="milliseconds", nullable=True),
        column("day", "date", path="ts", epoch="milliseconds"),
        column("n", "int"),
    )
    assert rows(dataset, '{"ts": 1541116799999, "n": 1}', '{"ts": -1, "n": 2}') == [
        (datetime.datetime(2018, 11, 1, 23, 59, 59, 999_000), datetime.date(2018, 11, 1), 1),
        (datetime.datetime(1969, 12, 31, 23, 59, 59, 999_000), datetime.date(1969, 12, 31), 2),
    ]
    assert reason(dataset, '{"n": 1}') == ("Object missing required field `ts`", "day")
    assert reason(dataset, '{"ts": null, "n": 1}') == (
        "Expected `date`, got a missing value - at `$.ts`", "day",
    )  # fmt: skip
    assert reason(dataset, '{"ts": "1541116799999", "n": 1}') == (
        "Expected a number of milliseconds in the years 1 to 9999, got something else - at `$.ts`",
        "at",
    )


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("bigint", ["26", '"26"', "26.0", '"-9223372036854775808"', '"2.6e1"'],
         [26, 26, 26, -(2**63), 26]),
        ("int", ['"2147483647"', "1e2"], [2**31 - 1, 100]),
        ("double", ["1", '"277.89016"', '"-2.5e-3"', '"1"'], [1.0, 277.89016, -0.0025, 1.0]),
        ("decimal(5,2)", ['"12.50"', "12.5"], [Decimal("12.50")] * 2),
        ("string", ["1979", "1.50", "true", '"a\\"b"', '""', '"é"', '"null"', "-1e5"],
         ["1979", "1.50", "true", 'a"b', "", "é", "null", "-1e5"]),
        ("string", ["311", '"\\u00e9\\u0000"', "null"], ["311", "é\0", None]),
        ("string", ["311", '"é"', "null"], ["311", "é", None]),
    ],
)  # fmt: skip
def test_a_lenient_column_takes_what_says_the_same(
    kind: str, texts: list[str], values: list[Any]
) -> None:
    """And nothing is lost of it; alone, and among others."""
    dataset = one(kind, lenient=True, nullable=True)
    records = [f'{{"a": {text}}}' for text in texts]
    assert rows(dataset, *records) == [(value,) for value in values]
    assert [rows(dataset, record) for record in records] == [[(value,)] for value in values]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("int", '"26x"', "Expected `int`, got `str`"),
        ("int", '""', "Expected `int`, got `str`"),
        ("int", '"007"', "Expected `int`, got `str`"),
        ("int", '"null"', "Expected `int`, got `str`"),
        ("int", "26.5", "Expected `int`, got a number that does not fit"),
        ("int", '"2147483648"', "Expected `int`, got a number that does not fit"),
        ("bigint", "9223372036854775808", "Expected `bigint`, got a number that does not fit"),
        ("bigint", "true", "Expected `bigint`, got `bool`"),
        ("double", '"NaN"', "Expected `double`, got `str`"),
        ("double", "1e400", "Expected `double`, got a number that does not fit"),
        ("string", "[1]", "Expected `str`, got `array`"),
        ("string", '{"b": 1}', "Expected `str`, got `object`"),
    ],
)
def test_a_lenient_column_guesses_nothing(kind: str, text: str, expected: str) -> None:
    """What says something else is at fault, in whatever company."""
    dataset = one(kind, lenient=True)
    assert reason(dataset, f'{{"a": {text}}}') == (f"{expected} - at `$.a`", "a")
    reading = read(dataset, f'{{"a": 1}}\n{{"a": {text}}}\n{{"a": "2"}}'.encode())
    assert [row["a"] for row in reading.rows] in ([1, 2], ["1", "2"])
    assert [reject.line_number for reject in reading.rejects] == [2]


def test_a_lenient_number_has_sentinels_too() -> None:
    """Of which the text of nothing is one."""
    dataset = one("bigint", lenient=True, nullable=True, missing=["", "-1"])
    texts = ['"26"', '""', "-1", "-1.0", '"-1"', "26"]
    records = [f'{{"a": {text}}}' for text in texts]
    assert rows(dataset, *records) == [(26,), (None,), (None,), (None,), (None,), (26,)]


def test_times_may_have_formats() -> None:
    """One or several, tried in turn."""
    dataset = data_set(
        column("a", "date", format=["DD/MM/YYYY", "YYYYMMDD"]),
        column("b", "timestamp", format="DD/MM/YYYY hh:mm:ss"),
    )
    assert rows(dataset, '{"a": "14/03/2026", "b": "14/03/2026 09:26:53"}',
                '{"a": "20260314", "b": "01/01/0001 00:00:00"}') == [
        (datetime.date(2026, 3, 14), datetime.datetime(2026, 3, 14, 9, 26, 53)),
        (datetime.date(2026, 3, 14), datetime.datetime(1, 1, 1)),
    ]  # fmt: skip
    assert reason(dataset, '{"a": "2026-03-14", "b": "14/03/2026 09:26:53"}')[1] == "a"


def test_a_text_that_names_a_folder_is_short_and_not_empty() -> None:
    """A folder's name has 255 bytes."""
    dataset = data_set(column("a", "string"), column("b", "int")).model_copy(
        update={"partitions": ("a",)}
    )
    longest = "é" * LONGEST_PARTITION
    assert rows(dataset, f'{{"a": "{longest}", "b": 1}}') == [(longest, 1)]
    assert reason(dataset, f'{{"a": "{longest}x", "b": 1}}') == (
        "Expected `str` of length <= 38 - at `$.a`", "a",
    )  # fmt: skip
    assert reason(dataset, '{"a": "", "b": 1}')[1] == "a"


def test_text_may_be_of_one_byte_a_character() -> None:
    """Rejects keep the file's own bytes; a byte that is no character is one."""
    dataset = data_set(column("a", "string"), column("j", "json"), encoding="cp1252")
    reading = read(dataset, '{"a": "€", "j": ["é"]}\n{"a": "é", "j":1,}\n'.encode("cp1252")
                   + b'{"a": "\x81", "j": 1}\n')  # fmt: skip
    assert reading.rows == [{"a": "€", "j": '["é"]'}]
    assert [(reject.reason, reject.raw) for reject in reading.rejects] == [
        ("JSON is malformed: trailing comma in object (byte 17)", b'{"a": "\xe9", "j":1,}'),
        ("encoding: no cp1252 (byte 7)", b'{"a": "\x81", "j": 1}'),
    ]


def test_rows_keep_their_order_around_rejects_of_every_kind() -> None:
    """Decoded, converted and neither."""
    dataset = data_set(column("a", "int"), column("d", "date"))
    lines = []
    for number in range(4000):
        day = "2026-02-31" if number % 7 == 3 else "2026-02-28"
        lines.append(f'{{"a": {number if number % 11 else chr(34)}, "d": "{day}"}}')
    reading = read(dataset, "\n".join(lines).encode())
    bad = [number for number in range(4000) if number % 7 == 3 or not number % 11]
    assert [row["a"] for row in reading.rows] == [n for n in range(4000) if n not in bad]
    assert [reject.line_number - 1 for reject in reading.rejects] == bad
    assert [reject.raw.decode() for reject in reading.rejects] == [lines[n] for n in bad]


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_afterwards_as_it_was(
    enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    during: list[bool] = []
    decode = JsonReader._decode_lines

    def decode_lines(reader: JsonReader, *args: Any, **more: Any) -> Any:
        during.append(gc.isenabled())
        return decode(reader, *args, **more)

    monkeypatch.setattr(JsonReader, "_decode_lines", decode_lines)
    if not enabled:
        gc.disable()
    try:
        assert rows(one("int"), '{"a": 1}') == [(1,)]
        assert (during, gc.isenabled()) == ([False], enabled)
    finally:
        gc.enable()
