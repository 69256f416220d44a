"""How a table of Iceberg is made: of a definition, and of a query."""

from __future__ import annotations

from datetime import datetime

import pytest

from .iceberg import Icebergs, sorted_rows
from .lake import Lake, QueryFailed

CREATE = """
CREATE TABLE IF NOT EXISTS `t` (
  `id` bigint COMMENT 'the key', s string, ts timestamp, m decimal(9,2),
  l array<struct<a:int,b:map<string,double>>>)
PARTITIONED BY (day(ts), bucket(4, id), truncate(2, s), m)
LOCATION 's3://data/new/'
TBLPROPERTIES ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='snappy',
  'vacuum_max_snapshot_age_seconds'='60')
"""
PLACE = "LOCATION 's3://data/c/'"


def test_a_table_is_created_as_it_is_declared(lake: Lake, icebergs: Icebergs) -> None:
    lake.execute(CREATE)
    lake.execute(CREATE)
    table = icebergs.catalog.load_table("lake.t")
    assert [str(each) for each in table.schema().fields] == [
        "1: id: optional long (the key)",
        "2: s: optional string",
        "3: ts: optional timestamp",
        "4: m: optional decimal(9, 2)",
        "5: l: optional list<struct<7: a: optional int, 8: b: optional map<string, double>>>",
    ]
    assert [f"{each.name} {each.transform}" for each in table.spec().fields] == [
        "ts_day day",
        "id_bucket bucket[4]",
        "s_trunc truncate[2]",
        "m identity",
    ]
    assert table.metadata.format_version == 2
    assert table.location() == "s3://data/new"
    assert table.properties["write.parquet.compression-codec"] == "snappy"
    lake.execute(
        "INSERT INTO t VALUES (1, 'abc', TIMESTAMP '2020-01-01 10:00:00.123456', DECIMAL '1.50',"
        " ARRAY[CAST(ROW(1, MAP(ARRAY['x'], ARRAY[1e0])) AS ROW(a integer,"
        " b map(varchar, double)))])"
    )
    assert lake.rows("SELECT * FROM t") == [
        ("1", "abc", "2020-01-01 10:00:00.123456", "1.50", "[{a=1, b={x=1.0}}]")
    ]
    (file,) = icebergs.catalog.load_table("lake.t").scan().plan_files()
    folder = "s3://data/new/data/ts_day=2020-01-01/id_bucket=0/s_trunc=ab/m=1.50/"
    assert file.file.file_path.startswith(folder)


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        (f"(x int) {PLACE}", "CREATE TABLE makes a table of Iceberg"),
        ("(x int) TBLPROPERTIES ('table_type'='ICEBERG')", "LOCATION is missing"),
        ("(x tinyint) {}", "NOT_SUPPORTED: Type not supported for Iceberg: tinyint"),
        ("(x int) PARTITIONED BY (y) {}", "COLUMN_NOT_FOUND: .*'y' is not in the table"),
        ("(x int) PARTITIONED BY (day(x)) {}", "NOT_SUPPORTED: .*of type int has no day part"),
        ("(x int) PARTITIONED BY (week(x)) {}", "Unsupported partition transform: week"),
        ("(x int) PARTITIONED BY (bucket(x)) {}", "Unsupported partition transform: bucket"),
        (
            f"(x int) {PLACE} TBLPROPERTIES ('table_type'='ICEBERG', 'a'='b')",
            "Unsupported table property key: a",
        ),
        (
            f"(x int) {PLACE} TBLPROPERTIES ('table_type'='ICEBERG', 'format'='orc')",
            "NOT_SUPPORTED: .*writing ORC",
        ),
    ],
)
def test_a_wrong_definition_is_refused(lake: Lake, clauses: str, message: str) -> None:
    rest = f"{PLACE} TBLPROPERTIES ('table_type'='ICEBERG')"
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"CREATE TABLE c {clauses.format(rest)}")
    assert lake.rows("SHOW TABLES") == []


def test_a_name_is_taken_once(lake: Lake) -> None:
    lake.execute(CREATE)
    with pytest.raises(QueryFailed, match="AlreadyExistsException"):
        lake.execute(CREATE.replace("IF NOT EXISTS", ""))
    with pytest.raises(QueryFailed, match="External keyword not supported for table type ICEBERG"):
        lake.execute(
            "CREATE EXTERNAL TABLE e (x int) LOCATION 's3://data/e/'"
            " TBLPROPERTIES ('table_type'='ICEBERG')"
        )


OPTIONS = "table_type = 'ICEBERG', is_external = false, location = 's3://data/as/'"


def test_a_table_is_made_of_a_query_with_its_rows(lake: Lake, icebergs: Icebergs) -> None:
    execution = lake.execute(
        f"CREATE TABLE made WITH ({OPTIONS}, format = 'PARQUET', write_compression = 'SNAPPY',"
        " partitioning = ARRAY['day(ts)', 'bucket(k, 4)']) AS"
        " SELECT 1 AS k, 'a' AS s, CAST(TIMESTAMP '2020-01-01 10:00:00' AS timestamp(6)) AS ts"
    )
    answer = lake.call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert answer["UpdateCount"] == 1
    table = icebergs.catalog.load_table("lake.made")
    assert [str(each.transform) for each in table.spec().fields] == ["day", "bucket[4]"]
    assert len(table.history()) == 1
    assert sorted_rows(table) == [{"k": 1, "s": "a", "ts": datetime(2020, 1, 1, 10)}]
    lake.execute("MERGE INTO made USING (SELECT 1 AS i) ON k = i WHEN MATCHED THEN DELETE")
    assert lake.rows("SELECT * FROM made") == []


def test_a_table_may_be_made_without_rows(lake: Lake, icebergs: Icebergs) -> None:
    lake.execute(f"CREATE TABLE made WITH ({OPTIONS}) AS SELECT 1 AS k WITH NO DATA")
    assert icebergs.catalog.load_table("lake.made").history() == []
    assert lake.rows("SELECT * FROM made") == []


@pytest.mark.parametrize(
    ("options", "query", "message"),
    [
        (OPTIONS, "SELECT TIMESTAMP '2020-01-01 00:00:00' AS x", r'Use "timestamp\(6\)" instead'),
        (OPTIONS, "SELECT CAST(1 AS smallint) AS x", "Type not supported for Iceberg: smallint"),
        (OPTIONS, "SELECT NULL AS x", "COLUMN_TYPE_UNKNOWN: .*at position 1"),
        (OPTIONS, "SELECT 1", "MISSING_COLUMN_NAME"),
        ("table_type = 'ICEBERG', is_external = false", "SELECT 1 AS x", "'location' is required"),
        ("table_type = 'ICEBERG', location = 's3://data/as/'", "SELECT 1 AS x", "is_external"),
        (f"{OPTIONS}, partitioned_by = ARRAY['x']", "SELECT 1 AS x", "'partitioned_by' not supp"),
        (f"{OPTIONS}, colour = 'red'", "SELECT 1 AS x", "Unsupported table property key: colour"),
    ],
)
def test_a_table_that_cannot_be_made_is_not_there(
    lake: Lake, options: str, query: str, message: str
) -> None:
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"CREATE TABLE made WITH ({options}) AS {query}")
    assert lake.rows("SHOW TABLES") == []


def test_a_table_is_not_made_over_other_objects(lake: Lake) -> None:
    lake.put("s3://data/as/other", b"x")
    with pytest.raises(QueryFailed, match="Cannot create a table on a non-empty location"):
        lake.execute(f"CREATE TABLE made WITH ({OPTIONS}) AS SELECT 1 AS x")
