"""Tables: formats, partitions, projection, hidden files, permissions."""

from __future__ import annotations

import gzip
from datetime import datetime

import pyarrow as pa
import pytest

from .lake import Lake, QueryFailed, scanned_bytes

JSON = "org.openx.data.jsonserde.JsonSerDe"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


# Parquet


def test_columns_are_matched_by_name_and_missing_ones_are_null(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/old", {"A": pa.array([1], pa.int32())})
    lake.put_parquet("s3://data/t/new", {"b": ["x"], "a": pa.array([2], pa.int64()), "z": [0]})
    lake.table("t", {"a": "bigint", "b": "string", "c": "double"}, location="s3://data/t/")
    assert lake.rows("SELECT * FROM t ORDER BY a") == [("1", None, None), ("2", "x", None)]


def test_hidden_and_empty_objects_are_skipped(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/a", {"x": [1]})
    for key in ("_SUCCESS", ".part", "_temporary/a", "folder/"):
        lake.put(f"s3://data/t/{key}", b"" if key == "folder/" else b"garbage")
    lake.put_parquet("s3://data/tt/a", {"x": [9]})  # another prefix
    lake.table("t", {"x": "bigint"}, location="s3://data/t")
    assert lake.rows('SELECT x, "$path" FROM t') == [("1", "s3://data/t/a")]


def test_an_empty_table_has_no_rows_but_its_columns(lake: Lake) -> None:
    lake.table("t", {"x": "bigint"}, location="s3://data/nothing/")
    execution = lake.execute('SELECT x, "$path" FROM t WHERE x > 1')
    assert lake.results(execution["QueryExecutionId"]) == [("x", "$path")]


def test_a_column_of_another_type_names_file_and_column(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/a", {"x": [1]})
    lake.put_parquet("s3://data/t/b", {"x": ["text"]})
    lake.table("t", {"x": "bigint"}, location="s3://data/t/")
    message = (
        "HIVE_BAD_DATA: Field x's type BYTE_ARRAY in parquet file s3://data/t/b"
        " is incompatible with type bigint defined in table schema"
    )
    with pytest.raises(QueryFailed, match=message):
        lake.rows("SELECT x FROM t")
    assert lake.rows("SELECT count(*) FROM t") == [("2",)]  # it does not read the column


def test_a_file_that_is_no_parquet_is_named(lake: Lake) -> None:
    lake.put("s3://data/t/a", b"hello, world")
    lake.table("t", {"x": "bigint"}, location="s3://data/t/")
    with pytest.raises(QueryFailed, match="HIVE_BAD_DATA: Not valid Parquet file: s3://data/t/a"):
        lake.rows("SELECT x FROM t")


def test_timestamps_are_kept_in_milliseconds(lake: Lake) -> None:
    moments = [datetime(2021, 6, 25, 10, 0, 0, 123_600)]
    lake.put_parquet(
        "s3://data/t/a",
        {
            "us": pa.array(moments, pa.timestamp("us")),
            "ns": pa.array(moments, pa.timestamp("ns")),
            "tz": pa.array(moments, pa.timestamp("us", tz="UTC")),
        },
    )
    lake.table(
        "t", {"us": "timestamp", "ns": "timestamp", "tz": "timestamp"}, location="s3://data/t/"
    )
    assert lake.rows("SELECT * FROM t") == [("2021-06-25 10:00:00.124",) * 3]


def test_nested_columns_are_read_by_field_name(lake: Lake) -> None:
    rows = pa.array(
        [{"Name": "x", "tags": ["a", None], "inner": {"n": 1}}, None],
        pa.struct(
            [
                ("Name", pa.string()),
                ("tags", pa.list_(pa.string())),
                ("inner", pa.struct([("n", pa.int32())])),
            ]
        ),
    )
    maps = pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64()))
    lake.put_parquet("s3://data/t/a", {"r": rows, "m": maps})
    lake.table(
        "t",
        {
            "r": "struct<name:string,tags:array<string>,inner:struct<n:bigint,gone:string>>",
            "m": "map<string,bigint>",
        },
        location="s3://data/t/",
    )
    assert lake.rows("SELECT r, r.inner.n, r.tags[1], m['k'] FROM t WHERE r.name = 'x'") == [
        ("{name=x, tags=[a, null], inner={n=1, gone=null}}", "1", "a", "1")
    ]
    assert lake.rows("SELECT r, m FROM t WHERE r IS NULL") == [(None, None)]


# JSON and text


def test_json_keys_are_matched_whatever_their_case(lake: Lake) -> None:
    lines = b'{"Price":1.50,"n":1,"tags":["a"],"o":{"Deep":2}}\n\n{"price":"2.5","extra":0}\n'
    lake.put("s3://data/j/a.json.gz", gzip.compress(lines))
    lake.table(
        "j",
        {
            "price": "decimal(10,2)",
            "n": "int",
            "tags": "array<string>",
            "o": "struct<deep:int>",
        },
        location="s3://data/j/",
        serde=JSON,
    )
    assert lake.rows("SELECT price, n, tags, o.deep FROM j ORDER BY price") == [
        ("1.50", "1", "[a]", "2"),
        ("2.50", None, None, None),
    ]


def test_a_malformed_json_line_fails_unless_the_table_forgives_it(lake: Lake) -> None:
    lake.put("s3://data/j/a.json", b'{"n":1}\n{"n":\n')
    lake.table("strict", {"n": "int"}, location="s3://data/j/", serde=JSON)
    lake.table(
        "lenient",
        {"n": "int"},
        location="s3://data/j/",
        serde=JSON,
        serde_parameters={"ignore.malformed.json": "true"},
    )
    with pytest.raises(QueryFailed, match="HIVE_CURSOR_ERROR: Row is not a valid JSON Object"):
        lake.rows("SELECT n FROM strict")
    assert lake.rows("SELECT n FROM lenient ORDER BY n") == [("1",), (None,)]


def test_delimited_text_reads_what_does_not_fit_as_null(lake: Lake) -> None:
    lake.put("s3://data/c/a", b'head;er\r\nx;1;2021-06-25\r\n\\N;bad;no date\r\n"q";;;more\r\n')
    lake.table(
        "c",
        {"s": "string", "n": "int", "d": "date"},
        location="s3://data/c/",
        serde=LAZY,
        serde_parameters={"field.delim": ";"},
        parameters={"skip.header.line.count": "1"},
    )
    assert lake.rows("SELECT * FROM c ORDER BY s") == [
        ('"q"', None, None),
        ("x", "1", "2021-06-25"),
        (None, None, None),
    ]


def test_escaped_delimiters_are_part_of_a_value(lake: Lake) -> None:
    lake.put("s3://data/c/a", b"a\\,b,c\\\\\n")
    lake.table(
        "c",
        {"x": "string", "y": "string"},
        location="s3://data/c/",
        serde=LAZY,
        serde_parameters={"field.delim": ",", "escape.delim": "\\"},
    )
    assert lake.rows("SELECT * FROM c") == [("a,b", "c\\")]


def test_csv_reads_quotes_and_fails_where_a_number_is_none(lake: Lake) -> None:
    lake.put("s3://data/c/a.csv", b'"a,""b""",1\nplain,\n"x\\"y",3\n')
    columns = {"s": "string", "n": "int"}
    lake.table("c", columns, location="s3://data/c/", serde=CSV)
    assert lake.rows("SELECT * FROM c ORDER BY s") == [
        ('a,"b"', "1"),
        ("plain", None),
        ('x"y', "3"),
    ]
    lake.put("s3://data/d/a.csv", b"x,one\n")
    lake.table("d", columns, location="s3://data/d/", serde=CSV)
    with pytest.raises(QueryFailed, match="HIVE_BAD_DATA: Error parsing field value 'one' for fi"):
        lake.rows("SELECT n FROM d")


def test_a_format_without_a_reader_is_refused_by_name(lake: Lake) -> None:
    lake.put("s3://data/o/a", b"ORC")
    lake.table("o", {"x": "int"}, location="s3://data/o/", serde="org.x.OrcSerde")
    with pytest.raises(QueryFailed, match=r"the SerDe org.x.OrcSerde of lake.o is not supported"):
        lake.rows("SELECT x FROM o")


# Partitions


@pytest.fixture
def quotes(lake: Lake) -> Lake:
    """Three days of quotes; each day is one object."""
    lake.table(
        "quotes", {"code": "string"}, location="s3://data/quotes/", keys={"dt": "date", "m": "int"}
    )
    for day in ("2021-06-23", "2021-06-24", "2021-06-25"):
        folder = f"s3://data/quotes/dt={day}/m=1/"
        lake.put_parquet(f"{folder}a.parquet", {"code": [f"P{day[-2:]}"]})
        lake.partition("quotes", [day, "1"], folder)
    return lake


ONE_DAY = [
    "SELECT code FROM quotes WHERE dt = DATE '2021-06-25'",
    "SELECT code FROM quotes WHERE dt > DATE '2021-06-24' AND code <> 'x'",
    "SELECT code FROM quotes WHERE dt IN (DATE '2021-06-25') AND m = 1",
    "SELECT code FROM quotes WHERE year(dt) = 2021 AND day(dt) = 25",
    "SELECT code FROM quotes WHERE date_format(dt, '%d') = '25'",
    "SELECT code FROM (SELECT * FROM quotes) WHERE dt = DATE '2021-06-25'",
    "WITH q AS (SELECT code, dt AS day FROM quotes)"
    " SELECT code FROM q WHERE day = DATE '2021-06-25'",
    "SELECT q.code FROM quotes q JOIN (VALUES 1) AS o(x) ON q.dt = DATE '2021-06-25'",
    "SELECT max(code) FROM quotes GROUP BY dt HAVING count(*) > 0 AND max(code) = 'P25'"
    " UNION SELECT 'P25'",
    "SELECT code FROM (SELECT code, dt FROM quotes UNION ALL SELECT code, dt FROM quotes)"
    " WHERE dt = DATE '2021-06-25' LIMIT 1",
]


@pytest.mark.parametrize("sql", [sql for sql in ONE_DAY if "UNION" not in sql])
def test_a_query_over_one_day_reads_one_day(quotes: Lake, sql: str) -> None:
    execution = quotes.execute(sql)
    day = quotes.s3.head_object(Bucket="data", Key="quotes/dt=2021-06-25/m=1/a.parquet")
    assert quotes.results(execution["QueryExecutionId"])[1:] == [("P25",)]
    assert scanned_bytes(execution) == day["ContentLength"]


def test_a_filter_above_union_all_prunes_both_sides(quotes: Lake) -> None:
    execution = quotes.execute(ONE_DAY[-1])
    day = quotes.s3.head_object(Bucket="data", Key="quotes/dt=2021-06-25/m=1/a.parquet")
    assert scanned_bytes(execution) == 2 * day["ContentLength"]


def test_what_must_not_be_pruned_is_not(quotes: Lake) -> None:
    """A filter on the optional side of an outer join, on an aggregate, or above a limit."""
    assert quotes.rows(
        "SELECT o.x FROM (VALUES DATE '2021-06-25', DATE '2021-06-26') AS o(x)"
        " LEFT JOIN quotes q ON q.dt = o.x WHERE q.dt IS NULL"
    ) == [("2021-06-26",)]
    assert quotes.rows(
        "SELECT n FROM (SELECT count(*) AS n, max(dt) AS dt FROM quotes)"
        " WHERE dt = DATE '2021-06-25'"
    ) == [("3",)]
    assert (
        quotes.rows(
            "SELECT code FROM (SELECT code, dt FROM quotes ORDER BY dt LIMIT 1)"
            " WHERE dt = DATE '2021-06-25'"
        )
        == []
    )
    assert quotes.rows(
        "SELECT r FROM (SELECT dt, row_number() OVER (ORDER BY dt) AS r FROM quotes)"
        " WHERE dt = DATE '2021-06-25'"
    ) == [("3",)]
    assert quotes.rows(
        "SELECT count(*) FROM quotes WHERE dt = DATE '2021-06-25' OR code = 'P23'"
    ) == [("2",)]


def test_partition_values_are_typed_columns(quotes: Lake) -> None:
    assert quotes.rows("SELECT dt, m + 1, code FROM quotes ORDER BY dt DESC LIMIT 1") == [
        ("2021-06-25", "2", "P25")
    ]


def test_a_null_partition_is_null(lake: Lake) -> None:
    lake.table("t", {"x": "bigint"}, location="s3://data/t/", keys={"k": "string"})
    lake.put_parquet("s3://data/t/n/a", {"x": [1]})
    lake.partition("t", ["__HIVE_DEFAULT_PARTITION__"], "s3://data/t/n/")
    assert lake.rows("SELECT x, k FROM t WHERE k IS NULL") == [("1", None)]


PROJECTION = {
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": "2021-06-01,NOW",
    "projection.market.type": "enum",
    "projection.market.values": "spot,options",
    "projection.hour.type": "integer",
    "projection.hour.range": "0,23",
    "projection.hour.digits": "2",
    "storage.location.template": "s3://data/p/${market}/${dt}/${hour}",
}


def test_projected_partitions_need_no_registration(lake: Lake) -> None:
    lake.put_parquet("s3://data/p/spot/2021-06-25/07/a", {"x": [1]})
    lake.put_parquet("s3://data/p/options/2021-06-25/08/a", {"x": [2]})
    lake.table(
        "p",
        {"x": "bigint"},
        location="s3://data/p/",
        keys={"dt": "string", "market": "string", "hour": "int"},
        parameters=PROJECTION,
    )
    where = "WHERE dt = '2021-06-25' AND hour BETWEEN 7 AND 8"
    assert lake.rows(f"SELECT x, market, hour FROM p {where} ORDER BY x") == [
        ("1", "spot", "7"),
        ("2", "options", "8"),
    ]
    assert lake.rows(f"SELECT x FROM p {where} AND market = 'spot'") == [("1",)]


def test_an_injected_key_has_to_be_given(lake: Lake) -> None:
    lake.put_parquet("s3://data/i/id=7/a", {"x": [1]})
    lake.table(
        "i",
        {"x": "bigint"},
        location="s3://data/i/",
        keys={"id": "string"},
        parameters={"projection.enabled": "true", "projection.id.type": "injected"},
    )
    assert lake.rows("SELECT x, id FROM i WHERE id = '7'") == [("1", "7")]
    with pytest.raises(QueryFailed, match=r"CONSTRAINT_VIOLATION: .* column id"):
        lake.rows("SELECT x FROM i")


def test_a_wrong_projection_names_the_property(lake: Lake) -> None:
    lake.table(
        "p",
        {"x": "bigint"},
        location="s3://data/p/",
        keys={"k": "int"},
        parameters={"projection.enabled": "true", "projection.k.type": "integer"},
    )
    with pytest.raises(QueryFailed, match=r"INVALID_TABLE_PROPERTY: .* projection.k.range is miss"):
        lake.rows("SELECT x FROM p")
