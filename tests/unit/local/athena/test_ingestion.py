"""What an ingestion written in SQL needs: lines as they are, their bytes, casts that are NULL."""

from __future__ import annotations

import pyarrow as pa
import pytest

from .lake import Lake, QueryFailed

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
NEVER = "\x01"


def lines(lake: Lake, body: bytes, *, encoding: str | None = None, name: str = "raw") -> None:
    """A table of one column, `line`, over an object."""
    parameters = {"field.delim": NEVER, "serialization.format": NEVER}
    if encoding is not None:
        parameters["serialization.encoding"] = encoding
    lake.put(f"s3://data/{name}/file.txt", body)
    lake.table(
        name,
        {"line": "string"},
        location=f"s3://data/{name}/",
        serde=LAZY,
        serde_parameters=parameters,
    )


# Lines


def test_a_line_keeps_its_controls_its_quotes_and_its_blanks(lake: Lake) -> None:
    lines(lake, b' a\tb\x02"c" \r\n\x7f\x1f,\\N\\x\x00\n"open\n')
    found = lake.rows("SELECT to_hex(to_utf8(line)) FROM raw")
    expected = [b' a\tb\x02"c" ', b"\x7f\x1f,\\N\\x\x00", b'"open']
    assert sorted(row[0] or "" for row in found) == sorted(e.hex().upper() for e in expected)


def test_a_line_without_an_end_and_an_empty_line(lake: Lake) -> None:
    lines(lake, b"first\n\nlast")
    assert sorted(lake.rows("SELECT line, length(line) FROM raw")) == [
        ("", "0"),
        ("first", "5"),
        ("last", "4"),
    ]


@pytest.mark.parametrize(
    "encoding", ["ISO-8859-1", "windows-1252", "iso8859-1", "latin1", "cp1252"]
)
def test_bytes_of_a_single_byte_encoding_become_characters(lake: Lake, encoding: str) -> None:
    body = "AÇÃO nº 1".encode("latin-1")
    lines(lake, body + b"\n", encoding=encoding)
    assert lake.rows("SELECT line, length(line), substr(line, 2, 3) FROM raw") == [
        ("AÇÃO nº 1", "9", "ÇÃO")
    ]


def test_the_two_encodings_differ_between_80_and_9f(lake: Lake) -> None:
    body = bytes(range(0x80, 0xA0)) + b"\n"
    lines(lake, body, encoding="ISO-8859-1")
    lines(lake, body, encoding="windows-1252", name="windows")
    assert lake.rows("SELECT length(line), to_hex(to_utf8(substr(line, 1, 1))) FROM raw") == [
        ("32", "C280")
    ]
    (row,) = lake.rows("SELECT substr(line, 1, 1), substr(line, 2, 1) FROM windows")
    assert row == ("€", "\ufffd")  # 81 is no character of windows-1252


def test_bytes_that_are_no_utf_8_become_the_replacement_character(lake: Lake) -> None:
    lines(lake, b"a\xe7b\n\xff\n")
    assert sorted(lake.rows("SELECT line FROM raw")) == [("a\ufffdb",), ("\ufffd",)]


def test_an_encoding_that_is_not_known_is_refused_by_name(lake: Lake) -> None:
    lines(lake, b"a\n", encoding="EBCDIC-1")
    with pytest.raises(QueryFailed, match=r"serialization\.encoding.*EBCDIC-1"):
        lake.rows("SELECT line FROM raw")


def test_lines_know_their_file_and_its_size(lake: Lake) -> None:
    lines(lake, b"ab\ncd\n")
    assert lake.rows('SELECT DISTINCT "$path", "$file_size" FROM raw') == [
        ("s3://data/raw/file.txt", "6")
    ]


def test_a_long_line_is_one_line(lake: Lake) -> None:
    lines(lake, b"x" * 3_000_000 + b"\nshort\n")
    assert sorted(lake.rows("SELECT length(line) FROM raw")) == [("3000000",), ("5",)]


# Parsing


def test_a_layout_is_parsed_line_by_line(lake: Lake) -> None:
    body = (
        "00HEADER    \n01PETR4 20210625000000002891\n01VALE3 2021063100000001125X\n99000000002\n"
    ).encode("latin-1")
    lines(lake, body, encoding="ISO-8859-1")
    sql = """
        SELECT rtrim(substr(line, 3, 6)) AS code,
               try(cast(date_parse(substr(line, 9, 8), '%Y%m%d') AS date)) AS day,
               try_cast(substr(line, 17, 12) AS decimal(18, 2)) / 100 AS price,
               try_cast(substr(line, 17, 12) AS bigint) AS units,
               regexp_like(substr(line, 17, 12), '^[0-9]+$') AS numeric,
               CASE WHEN length(line) <> 28 THEN 'length' END AS reason,
               coalesce(nullif(trim(substr(line, 27, 2)), ''), '-') AS tail,
               lpad(substr(line, 1, 2), 4, '*') AS padded,
               concat(substr(line, 1, 2), '|', regexp_extract(line, '([A-Z]+)([0-9])', 2)) AS both
        FROM raw WHERE substr(line, 1, 2) = '01' ORDER BY code"""
    assert lake.rows(sql) == [
        ("PETR4", "2021-06-25", "28.91", "2891", "true", None, "91", "**01", "01|4"),
        ("VALE3", None, None, None, "false", None, "5X", "**01", "01|3"),
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # A field at bytes of UTF-8, where a character is two bytes.
        ("from_utf8(substr(to_utf8('açb'), 2, 2))", "ç"),
        ("substr('açb', 2, 2)", "çb"),
        ("length(to_utf8('açb'))", "4"),
        ("to_hex(substr(to_utf8('açb'), 4))", "62"),
        ("from_utf8(X'61E762')", "a\ufffdb"),
        ("from_utf8(X'61E762', '?')", "a?b"),
        ("try_cast(' 12' AS bigint)", None),
        ("try_cast('1e2' AS bigint)", None),
        ("try_cast('12.345' AS decimal(10, 2))", "12.35"),
        ("try_cast('+1' AS integer)", "1"),
        ("try_cast('2021-06-31' AS date)", None),
        ("try(date_parse('20210631', '%Y%m%d'))", None),
        ("try(date_parse('2021062', '%Y%m%d'))", "2021-06-02 00:00:00.000"),
        ("from_utf8(X'E282C3A9FF')", "\ufffdé\ufffd"),
        ("to_hex(substr(X'010203', -2, 1))", "02"),
        ("to_hex(substr(X'010203', 2))", "0203"),
        ("to_hex(substr(X'010203', 9))", ""),
        ("try(parse_datetime('25/06/2021', 'dd/MM/yyyy'))", "2021-06-25 00:00:00.000 UTC"),
        ("regexp_extract('ab12', '[0-9]+')", "12"),
        ("regexp_extract('ab', '[0-9]+')", None),
        ("regexp_replace('1.234,56', '[.]', '')", "1234,56"),
        ("replace('1.234', '.')", "1234"),
        ("ltrim('  a ')", "a "),
        ("rtrim('a  ')", "a"),
        ("trim(BOTH '0' FROM '00100')", "1"),
        ("trim(LEADING '0' FROM '00100')", "100"),
        ("lpad('7', 3, '0')", "007"),
        ("rpad('7', 3, '0')", "700"),
        ("strpos('abc', 'c')", "3"),
        ("split_part('a|b', '|', 2)", "b"),
        ("codepoint('A')", "65"),
        ("chr(65)", "A"),
        ("translate('{A}', '{}', '01')", "0A1"),
        ("reverse('abc')", "cba"),
        ("upper('é')", "É"),
        ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661"),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a.b')", "1"),
        ("cardinality(split('a;b;c', ';'))", "3"),
        ("element_at(split('a;b', ';'), 5)", None),
        ("if(length('ab') = 2, 'yes', 'no')", "yes"),
    ],
)
def test_functions_of_a_generated_query(lake: Lake, expression: str, expected: str | None) -> None:
    assert lake.rows(f"SELECT {expression}") == [(expected,)]


# The staged folder of a run


def test_a_run_is_read_by_its_injected_partition(lake: Lake) -> None:
    for run, task, value in (("r1", 0, 1), ("r1", 1, 2), ("r2", 0, 3)):
        uri = f"s3://data/t/data/{run}/{task}/part.parquet"
        lake.put_parquet(uri, {"a": [value], "source_key": [f"k{value}"]})
    lake.table(
        "staged",
        {"a": "bigint", "source_key": "string"},
        keys={"run_id": "string"},
        location="s3://data/t/data/",
        parameters={
            "projection.enabled": "true",
            "projection.run_id.type": "injected",
            "storage.location.template": "s3://data/t/data/${run_id}/",
        },
    )
    sql = "SELECT source_key, count(*), run_id FROM staged WHERE run_id = 'r1' GROUP BY 1, 3"
    assert sorted(lake.rows(sql)) == [("k1", "1", "r1"), ("k2", "1", "r1")]
    assert lake.rows("SELECT a FROM staged WHERE run_id = 'none'") == []
    with pytest.raises(QueryFailed, match="injected projected partition column run_id"):
        lake.rows("SELECT a FROM staged")


def test_keys_within_a_run_and_against_the_table_are_compared(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/1", {"k": [1, 2], "source_key": ["old", "old"]})
    lake.put_parquet("s3://data/s/1", {"k": [2, 3, 3], "source_key": ["a", "b", "c"]})
    for name in "ts":
        columns = {"k": "bigint", "source_key": "string"}
        lake.table(name, columns, location=f"s3://data/{name}/")
    sql = """
        SELECT s.source_key, min(t.source_key) FROM s JOIN t ON s.k = t.k GROUP BY s.source_key
        UNION ALL
        SELECT source_key, NULL FROM (
            SELECT source_key, count(*) OVER (PARTITION BY k) AS n FROM s) WHERE n > 1"""
    assert sorted(lake.rows(sql), key=str) == [("a", "old"), ("b", None), ("c", None)]


def test_partitions_have_schemas_of_their_own(lake: Lake) -> None:
    lake.put_parquet("s3://data/one/old", {"n": pa.array([1], pa.int32())})
    lake.put_parquet("s3://data/elsewhere/new", {"n": pa.array([2**40]), "added": ["x"]})
    lake.put_parquet(
        "s3://data/third/nested",
        {"n": pa.array([3], pa.int16()), "s": pa.array([{"b": 1, "a": 2}])},
    )
    columns = {"n": "bigint", "added": "string", "s": "struct<a:bigint,c:string>"}
    lake.table("t", columns, location="s3://data/t/", keys={"p": "string"})
    for place in ("one", "elsewhere", "third"):
        lake.partition("t", [place], f"s3://data/{place}/")
    assert sorted(lake.rows("SELECT n, added, s, p FROM t"), key=str) == [
        ("1", None, None, "one"),
        (str(2**40), "x", None, "elsewhere"),
        ("3", None, "{a=2, c=null}", "third"),
    ]


def test_rows_are_unloaded_as_partitioned_parquet(lake: Lake) -> None:
    lines(lake, b"a1\nb2\nb3\n")
    lake.execute(
        "UNLOAD (SELECT substr(line, 2, 1) AS v, substr(line, 1, 1) AS p FROM raw)"
        " TO 's3://data/out/' WITH (format = 'PARQUET', compression = 'ZSTD',"
        " partitioned_by = ARRAY['p'])"
    )
    listed = lake.s3.list_objects_v2(Bucket="data", Prefix="out/")["Contents"]
    assert sorted(item["Key"].rpartition("/")[0] for item in listed) == ["out/p=a", "out/p=b"]
    lake.table("out", {"v": "string"}, keys={"p": "string"}, location="s3://data/out/")
    lake.execute("MSCK REPAIR TABLE out")
    assert sorted(lake.rows("SELECT v, p FROM out")) == [("1", "a"), ("2", "b"), ("3", "b")]
