"""DDL, views, CTAS and UNLOAD: what they leave in Glue and S3, and how they refuse."""

from __future__ import annotations

import json

import pytest

from infra.local.athena.errors import QueryError
from infra.local.athena.statement import ResultKind, classify

from .lake import Lake, QueryFailed


@pytest.mark.parametrize(
    ("sql", "name", "kind", "result"),
    [
        ("select 1", "SELECT", "DML", ResultKind.ROWS),
        ("-- why\n/* x */ WITH a AS (SELECT 1) SELECT * FROM a;", "SELECT", "DML", ResultKind.ROWS),
        ("(SELECT 1)", "SELECT", "DML", ResultKind.ROWS),
        ("CREATE TABLE t WITH (format = 'ORC') AS SELECT 1 x", "CREATE_TABLE_AS_SELECT", "DDL",
         ResultKind.DATA),
        ("create table db.t as (select 1 x)", "CREATE_TABLE_AS_SELECT", "DDL", ResultKind.DATA),
        ("CREATE EXTERNAL TABLE t (x int)", "CREATE_TABLE", "DDL", ResultKind.TEXT),
        ("CREATE TABLE t (x int) LOCATION 's3://a/'", "CREATE_TABLE", "DDL", ResultKind.TEXT),
        ("CREATE OR REPLACE VIEW v AS SELECT 1 x", "CREATE_VIEW", "DDL", ResultKind.TEXT),
        ("UNLOAD (SELECT 1) TO 's3://a/'", "UNLOAD", "DML", ResultKind.DATA),
        ("show   tables", "SHOW_TABLES", "UTILITY", ResultKind.TEXT),
        ("DESC t", "DESCRIBE", "UTILITY", ResultKind.TEXT),
        ("MSCK REPAIR TABLE t", "MSCK_REPAIR_TABLE", "DDL", ResultKind.TEXT),
        ("DROP VIEW v", "DROP_VIEW", "DDL", ResultKind.TEXT),
        ("MERGE INTO t USING u ON true", "MERGE", "DML", ResultKind.DATA),
    ],
)  # fmt: skip
def test_statement_is_known_by_its_first_words(
    sql: str, name: str, kind: str, result: ResultKind
) -> None:
    found = classify(sql)
    assert (found.name, found.type, found.result) == (name, kind, result)


def test_no_statement_of_athena_begins_otherwise() -> None:
    with pytest.raises(QueryError, match="mismatched input 'PRAGMA'"):
        classify("PRAGMA database_list")


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("EXPLAIN SELECT 1", "EXPLAIN"),
        ("PREPARE p FROM SELECT 1", "PREPARE"),
        ("EXECUTE p", "EXECUTE"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(lake: Lake, sql: str, name: str) -> None:
    with pytest.raises(
        QueryFailed, match=f"NOT_SUPPORTED: .*{name}.* is not supported by the embedded Athena"
    ):
        lake.execute(sql)


# CREATE EXTERNAL TABLE


CREATE = """
CREATE EXTERNAL TABLE IF NOT EXISTS `lake`.`t` (
  `Code` string COMMENT 'it''s "the" code',
  price decimal(18, 2), -- exact
  tags array<struct<name:string, n:int>>
)
COMMENT 'quotes'
PARTITIONED BY (dt date, m int COMMENT 'month')
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' NULL DEFINED AS ''
STORED AS TEXTFILE
LOCATION 's3://data/t/'
TBLPROPERTIES ("skip.header.line.count"="1", 'has_encrypted_data'='false')
"""


def test_create_external_table_declares_what_glue_keeps(lake: Lake) -> None:
    lake.execute(CREATE)
    lake.execute(CREATE)  # IF NOT EXISTS
    table = lake.glue.get_table(DatabaseName="lake", Name="t")["Table"]
    storage = table["StorageDescriptor"]
    assert [(c["Name"], c["Type"], c.get("Comment")) for c in storage["Columns"]] == [
        ("code", "string", 'it\'s "the" code'),
        ("price", "decimal(18,2)", None),
        ("tags", "array<struct<name:string,n:int>>", None),
    ]
    assert [(c["Name"], c["Type"]) for c in table["PartitionKeys"]] == [
        ("dt", "date"),
        ("m", "int"),
    ]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Description"] == "quotes"
    assert table["Parameters"]["skip.header.line.count"] == "1"
    assert table["Parameters"]["EXTERNAL"] == "TRUE"
    assert storage["Location"] == "s3://data/t/"
    assert storage["SerdeInfo"]["Parameters"] == {
        "serialization.format": "\t",
        "field.delim": "\t",
        "escape.delim": "\\",
        "serialization.null.format": "",
    }
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("LazySimpleSerDe")


def test_stored_as_parquet_and_a_serde_of_its_own(lake: Lake) -> None:
    lake.execute("CREATE EXTERNAL TABLE p (x int) STORED AS PARQUET LOCATION 's3://data/p/'")
    lake.execute(
        "CREATE EXTERNAL TABLE j (x int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
        " WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true') LOCATION 's3://data/j/'"
    )
    parquet = lake.glue.get_table(DatabaseName="lake", Name="p")["Table"]["StorageDescriptor"]
    assert parquet["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert parquet["InputFormat"].endswith("MapredParquetInputFormat")
    json_ = lake.glue.get_table(DatabaseName="lake", Name="j")["Table"]["StorageDescriptor"]
    assert json_["SerdeInfo"]["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert json_["SerdeInfo"]["Parameters"]["ignore.malformed.json"] == "true"


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("CREATE EXTERNAL TABLE t (x int)", "LOCATION is missing"),
        ("CREATE EXTERNAL TABLE t (x int) LOCATION '/tmp/t'", "'/tmp/t' is no S3 location"),
        ("CREATE EXTERNAL TABLE t (x wat) LOCATION 's3://data/t/'", "column x: 'wat' is no Hive"),
        ("CREATE EXTERNAL TABLE t (x int LOCATION 's3://data/t/'", "line 1:32: mismatched input"),
        ("CREATE EXTERNAL TABLE nope.t (x int) LOCATION 's3://data/t/'", "does not exist: nope"),
        ("CREATE EXTERNAL TABLE t (x int) STORED AS CSV LOCATION 's3://a/'", "Unrecognized file f"),
        ("CREATE EXTERNAL TABLE t (x int) LOCATION 's3://data/t/' WHAT", "mismatched input 'WHAT'"),
        ("DROP TABLE nope", "Table not found lake.nope"),
        ("DROP VIEW nope", "View not found lake.nope"),
        ("DESCRIBE nope", "Table not found lake.nope"),
        ("SHOW PARTITIONS nope", "Table not found"),
        ("SHOW TABLES IN nope", "Database does not exist: nope"),
        ("MSCK REPAIR TABLE nope", "Table not found"),
        ("CREATE DATABASE lake", "AlreadyExistsException\\(message:Database lake already exists"),
        ("DROP DATABASE nope", "Database does not exist: nope"),
        ("CREATE VIEW v AS SELECT 1", "Column name not specified at position 1"),
        ("CREATE VIEW v AS SELECT 1 AS x, 2 AS x", "Column name 'x' specified more than once"),
        ("CREATE VIEW v AS SELECT x FROM nope", "TABLE_NOT_FOUND"),
        ("SHOW COLUMNS IN t; DROP TABLE t", "mismatched input 'DROP'"),
    ],
)
def test_a_wrong_statement_says_what_is_wrong(lake: Lake, sql: str, error: str) -> None:
    with pytest.raises(QueryFailed, match=error):
        lake.execute(sql)


def test_a_table_that_exists_is_not_made_again(lake: Lake) -> None:
    sql = "CREATE EXTERNAL TABLE t (x int) LOCATION 's3://data/t/'"
    lake.execute(sql)
    with pytest.raises(QueryFailed, match=r"AlreadyExistsException\(message:Table t already"):
        lake.execute(sql)
    lake.execute("DROP TABLE t")
    lake.execute("DROP TABLE IF EXISTS t")


def test_databases_come_and_go(lake: Lake) -> None:
    lake.execute("CREATE DATABASE IF NOT EXISTS other COMMENT 'x' LOCATION 's3://data/other/'")
    lake.execute("CREATE SCHEMA IF NOT EXISTS other")
    assert lake.rows("SHOW DATABASES") == [("lake",), ("other",)]
    assert lake.rows("SHOW SCHEMAS LIKE 'o*'") == [("other",)]
    lake.execute("CREATE EXTERNAL TABLE other.t (x int) LOCATION 's3://data/t/'")
    with pytest.raises(QueryFailed, match="Database other is not empty"):
        lake.execute("DROP DATABASE other")
    lake.execute("DROP DATABASE other CASCADE")
    lake.execute("DROP DATABASE IF EXISTS other")
    assert lake.rows("SHOW DATABASES") == [("lake",)]


# SHOW and DESCRIBE


def test_show_create_table_can_be_run_again(lake: Lake) -> None:
    lake.execute(CREATE)
    statement = "\n".join(row[0] or "" for row in lake.rows("SHOW CREATE TABLE t"))
    before = lake.glue.get_table(DatabaseName="lake", Name="t")["Table"]
    lake.execute("DROP TABLE t")
    lake.execute(statement.replace("`lake.t`", "`lake`.`t`"))
    after = lake.glue.get_table(DatabaseName="lake", Name="t")["Table"]
    assert after["StorageDescriptor"] == before["StorageDescriptor"]
    assert after["PartitionKeys"] == before["PartitionKeys"]


def test_tables_and_columns_are_shown_as_text(lake: Lake) -> None:
    lake.execute(CREATE)
    lake.execute("CREATE VIEW v AS SELECT code FROM t")
    execution = lake.execute("SHOW TABLES")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
    assert lake.results(execution["QueryExecutionId"]) == [("t",), ("v",)]
    assert lake.rows("SHOW TABLES 'v*|x'") == [("v",)]
    assert lake.rows("SHOW VIEWS") == [("v",)]
    columns = [(row[0] or "").strip() for row in lake.rows("SHOW COLUMNS FROM t")]
    assert columns == ["code", "price", "tags", "dt", "m"]
    described = [(row[0] or "").split("\t") for row in lake.rows("DESCRIBE t")]
    assert [part.strip() for part in described[1]] == ["price", "decimal(18,2)", ""]
    assert [part.strip() for part in described[6]] == ["# Partition Information", "", ""]
    assert lake.rows("SHOW TBLPROPERTIES t('has_encrypted_data')") == [("false",)]


# Partitions


def test_partitions_are_added_shown_and_dropped(lake: Lake) -> None:
    lake.execute(
        "CREATE EXTERNAL TABLE p (x int) PARTITIONED BY (k string, n int) LOCATION 's3://data/p/'"
    )
    lake.execute(
        "ALTER TABLE p ADD PARTITION (k = 'a b', n = 1) PARTITION (n = 2, k = 'c')"
        " LOCATION 's3://data/elsewhere/'"
    )
    lake.execute("ALTER TABLE lake.p ADD IF NOT EXISTS PARTITION (k='c', n=2)")
    partitions = lake.glue.get_partitions(DatabaseName="lake", TableName="p")["Partitions"]
    assert {tuple(p["Values"]): p["StorageDescriptor"]["Location"] for p in partitions} == {
        ("a b", "1"): "s3://data/p/k=a b/n=1/",
        ("c", "2"): "s3://data/elsewhere/",
    }
    assert lake.rows("SHOW PARTITIONS p") == [("k=a b/n=1",), ("k=c/n=2",)]
    with pytest.raises(QueryFailed, match="Partition already exists k=c/n=2"):
        lake.execute("ALTER TABLE p ADD PARTITION (k = 'c', n = 2)")
    with pytest.raises(QueryFailed, match=r"does not match the partition keys of lake.p: k, n"):
        lake.execute("ALTER TABLE p ADD PARTITION (k = 'c')")
    lake.execute("ALTER TABLE p DROP PARTITION (k='c', n=2), PARTITION (k='a b', n=1)")
    lake.execute("ALTER TABLE p DROP IF EXISTS PARTITION (k='c', n=2)")
    with pytest.raises(QueryFailed, match=r"Partition not found \(k=c/n=2\)"):
        lake.execute("ALTER TABLE p DROP PARTITION (k='c', n=2)")
    with pytest.raises(QueryFailed, match=r"NOT_SUPPORTED: .*ADD COLUMNS"):
        lake.execute("ALTER TABLE p ADD COLUMNS (y int)")


def test_repair_registers_the_folders_that_are_there_once(lake: Lake) -> None:
    lake.execute(
        "CREATE EXTERNAL TABLE p (x bigint) PARTITIONED BY (dt string) STORED AS PARQUET"
        " LOCATION 's3://data/p/'"
    )
    for folder in ("dt=2021-06-24", "dt=2021-06-25", "other", "dt=a%3Ab"):
        lake.put_parquet(f"s3://data/p/{folder}/a", {"x": [1]})
    assert len(lake.rows("MSCK REPAIR TABLE p")) == 4
    assert lake.rows("MSCK REPAIR TABLE p") == []
    assert lake.rows("SELECT dt FROM p ORDER BY dt") == [("2021-06-24",), ("2021-06-25",), ("a:b",)]


# Views


def test_a_view_is_read_and_replaced(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/a", {"x": [1, 2]})
    lake.table("t", {"x": "bigint"}, location="s3://data/t/")
    lake.glue.create_database(DatabaseInput={"Name": "other"})
    lake.execute("CREATE VIEW other.v AS SELECT x * 2 AS y FROM t")
    other = {"QueryExecutionContext": {"Database": "other"}}
    assert lake.rows("SELECT y FROM v ORDER BY y", **other) == [("2",), ("4",)]
    with pytest.raises(QueryFailed, match="TABLE_ALREADY_EXISTS"):
        lake.execute("CREATE VIEW v AS SELECT 1 AS y", **other)
    lake.execute("CREATE OR REPLACE VIEW other.v AS SELECT max(x) AS y, 'z' AS z FROM t")
    assert lake.rows("SELECT * FROM v", **other) == [("2", "z")]
    view = lake.glue.get_table(DatabaseName="other", Name="v")["Table"]
    assert view["TableType"] == "VIRTUAL_VIEW"
    assert view["Parameters"]["presto_view"] == "true"
    columns = view["StorageDescriptor"]["Columns"]
    assert [(c["Name"], c["Type"]) for c in columns] == [("y", "bigint"), ("z", "string")]
    with pytest.raises(QueryFailed, match="Table not found"):
        lake.execute("DROP TABLE v", **other)
    lake.execute("DROP VIEW v", **other)


# CREATE TABLE AS SELECT and UNLOAD


def test_a_table_of_a_query_has_types_partitions_and_a_manifest(lake: Lake) -> None:
    execution = lake.execute(
        "CREATE TABLE c WITH (format = 'PARQUET', write_compression = 'SNAPPY',"
        " partitioned_by = ARRAY['k']) AS SELECT CAST(x AS decimal(18,2)) AS d,"
        " CAST(ROW(x) AS row(a integer)) AS r, ARRAY[x] AS l, TIMESTAMP '2021-06-25 10:00:00' AS t,"
        " IF(x = 1, 'a/b') AS k FROM (VALUES 1, 2, 3) AS v(x)"
    )
    table = lake.glue.get_table(DatabaseName="lake", Name="c")["Table"]
    columns = table["StorageDescriptor"]["Columns"]
    assert [(c["Name"], c["Type"]) for c in columns] == [
        ("d", "decimal(18,2)"),
        ("r", "struct<a:int>"),
        ("l", "array<int>"),
        ("t", "timestamp"),
    ]
    assert table["PartitionKeys"] == [{"Name": "k", "Type": "string"}]
    execution_id = execution["QueryExecutionId"]
    assert table["StorageDescriptor"]["Location"] == f"s3://results/out/tables/{execution_id}/"
    manifest = execution["Statistics"]["DataManifestLocation"]
    assert manifest == f"s3://results/out/{execution_id}-manifest.csv"
    uris = lake.read(manifest).decode().splitlines()
    assert len(uris) == 2
    assert all(uri.startswith(table["StorageDescriptor"]["Location"]) for uri in uris)
    answer = lake.call("GetQueryResults", QueryExecutionId=execution_id)
    assert (answer["UpdateCount"], answer["ResultSet"]["Rows"]) == (3, [])
    assert lake.rows("SELECT d, r.a, l, t, k FROM c ORDER BY d") == [
        ("1.00", "1", "[1]", "2021-06-25 10:00:00.000", "a/b"),
        ("2.00", "2", "[2]", "2021-06-25 10:00:00.000", None),
        ("3.00", "3", "[3]", "2021-06-25 10:00:00.000", None),
    ]


@pytest.mark.parametrize("form", ["PARQUET", "JSON", "TEXTFILE"])
def test_every_format_that_is_written_is_read_back(lake: Lake, form: str) -> None:
    query = (
        "SELECT x, CAST(x AS decimal(10,2)) / 3 AS d, x / 3e0 AS f, x > 1 AS b,"
        " DATE '2021-06-25' AS day, TIMESTAMP '2021-06-25 10:00:00.5' AS t,"
        " IF(x = 1, 'é, \"x\"') AS s FROM (VALUES 1, 2) AS v(x)"
    )
    lake.execute(f"CREATE TABLE c WITH (format = '{form}') AS {query}")
    assert lake.rows("SELECT * FROM c ORDER BY x") == lake.rows(f"{query} ORDER BY x")


def test_unload_writes_below_its_location_once(lake: Lake) -> None:
    sql = (
        "UNLOAD (SELECT 1 AS x, ')' AS s) TO 's3://data/u/'"
        " WITH (format = 'JSON', compression = 'NONE')"
    )
    execution = lake.execute(sql)
    (uri,) = lake.read(execution["Statistics"]["DataManifestLocation"]).decode().splitlines()
    assert uri.startswith("s3://data/u/")
    assert json.loads(lake.read(uri)) == {"x": 1, "s": ")"}
    with pytest.raises(QueryFailed, match=r"HIVE_PATH_ALREADY_EXISTS: .*s3://data/u/"):
        lake.execute(sql)


def test_a_query_without_rows_makes_an_empty_table(lake: Lake) -> None:
    lake.execute("CREATE TABLE c AS SELECT 1 AS x WHERE false")
    lake.execute("CREATE TABLE n AS SELECT 1 AS x WITH NO DATA")
    assert lake.rows("SELECT * FROM c UNION ALL SELECT * FROM n") == []


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("CREATE TABLE c AS SELECT 1", "Column name not specified at position 1"),
        ("CREATE TABLE c AS SELECT NULL AS x", "Unsupported Hive type: unknown"),
        ("CREATE TABLE c AS SELECT now() AS x", "Unsupported Hive type: timestamp"),
        ("CREATE TABLE c AS SELECT ROW(1) AS x", "Anonymous row type is not supported"),
        ("CREATE TABLE nope.c AS SELECT 1 AS x", "SCHEMA_NOT_FOUND: .*'nope'"),
        ("CREATE TABLE c WITH (format = 'ORC') AS SELECT 1 AS x", "NOT_SUPPORTED: writing ORC"),
        ("CREATE TABLE c WITH (bucket_count = 2) AS SELECT 1 AS x", "the table property bucket_co"),
        (
            "CREATE TABLE c WITH (partitioned_by = ARRAY['x']) AS SELECT 1 AS x, 2 AS y",
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns",
        ),
        (
            "CREATE TABLE c WITH (partitioned_by = ARRAY['k']) AS"
            " SELECT 1 AS x, k FROM UNNEST(sequence(1, 101)) AS t(k)",
            "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100",
        ),
    ],
)
def test_a_table_that_cannot_be_made_is_refused(lake: Lake, sql: str, error: str) -> None:
    with pytest.raises(QueryFailed, match=error):
        lake.execute(sql)
    assert lake.rows("SHOW TABLES") == []
