"""What a statement writes into a table of Iceberg, and how it becomes visible."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.partitioning import PartitionField, PartitionSpec, partition_record_value
from pyiceberg.table import Table
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)

from infra.local.athena.iceberg.writes.data_files import upload

from .iceberg import Icebergs
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


# CREATE TABLE


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


# CREATE TABLE AS

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
    assert _sorted(table) == [{"k": 1, "s": "a", "ts": datetime(2020, 1, 1, 10)}]
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


# Partitions

ROWS: dict[str, Any] = {
    "id": pa.array([-1, None, 77], pa.int64()),
    "s": ["xyz", None, "ábc"],
    "ts": pa.array(
        [datetime(1969, 12, 31, 23, 30, 0, 123456), None, datetime(2021, 12, 31, 23, 30)],
        pa.timestamp("us"),
    ),
    "d": [date(1969, 12, 31), None, date(2021, 12, 31)],
    "m": pa.array([Decimal("-1.25"), None, Decimal("12345678901234567.25")], pa.decimal128(38, 2)),
    "z": pa.array(
        [datetime(1969, 12, 31, 23, 30, tzinfo=UTC), None, datetime(2021, 1, 1, tzinfo=UTC)],
        pa.timestamp("us", "UTC"),
    ),
}
VALUES = """
  (-1, 'xyz', TIMESTAMP '1969-12-31 23:30:00.123456', DATE '1969-12-31', DECIMAL '-1.25',
   TIMESTAMP '1969-12-31 23:30:00 UTC'),
  (NULL, NULL, NULL, NULL, NULL, NULL),
  (77, 'ábc', TIMESTAMP '2021-12-31 23:30:00', DATE '2021-12-31',
   DECIMAL '12345678901234567.25',
   TIMESTAMP '2021-01-01 00:00:00 UTC')
"""
_TRANSFORMS: list[tuple[str, Transform[Any, Any]]] = [
    *((name, IdentityTransform()) for name in ("id", "s", "ts", "d", "m", "z")),
    *((name, BucketTransform(7)) for name in ("id", "s", "ts", "d", "m", "z")),
    *((name, TruncateTransform(10)) for name in ("id", "m")),
    ("s", TruncateTransform(1)),
    *((name, each()) for name in ("ts", "z") for each in (YearTransform, HourTransform)),
    *((name, each()) for name in ("ts", "d", "z") for each in (MonthTransform, DayTransform)),
]


@pytest.mark.parametrize(("column", "transform"), _TRANSFORMS, ids=str)
def test_rows_go_where_pyiceberg_looks_for_them(
    lake: Lake, icebergs: Icebergs, column: str, transform: Transform[Any, Any]
) -> None:
    schema = pa.table(ROWS).schema
    number = schema.names.index(column) + 1
    field = PartitionField(number, 1000, transform, "part")
    table = icebergs.create("p", schema, spec=PartitionSpec(field))
    lake.execute(f"INSERT INTO p VALUES {VALUES}")
    table.refresh()
    of = table.schema().find_type(number)
    seen = []
    for task in table.scan().plan_files():
        rows = pq.read_table(io.BytesIO(lake.read(task.file.file_path))).to_pylist()
        for row in rows:
            held = partition_record_value(field, row[column], table.schema())
            assert task.file.partition[0] == transform.transform(of)(held)
        seen += [row["id"] for row in rows]
    assert sorted(seen, key=str) == [-1, 77, None]
    assert _sorted(table) == sorted(pa.table(ROWS).to_pylist(), key=str)
    for value in (-1, 77):
        literal = lake.rows(f"SELECT s FROM p WHERE id = {value}")
        assert literal == [("xyz",) if value == -1 else ("ábc",)]
    lake.execute("DELETE FROM p WHERE id = 77")
    assert len(_sorted(table)) == 2


def _sorted(table: Table) -> list[dict[str, Any]]:
    table.refresh()
    return sorted(table.scan().to_arrow().to_pylist(), key=str)


def test_too_many_partitions_are_refused_unless_they_come_in_order(
    lake: Lake, icebergs: Icebergs
) -> None:
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "x"))
    icebergs.create("p", pa.schema({"x": pa.int32()}), spec=spec)
    query = "SELECT CAST(n AS integer) FROM UNNEST(sequence(1, 101)) AS t(n)"
    message = "ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions"
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"INSERT INTO p {query}")
    assert lake.rows("SELECT count(*) FROM p") == [("0",)]
    lake.execute(f"INSERT INTO p {query} ORDER BY 1")
    assert lake.rows("SELECT count(*) FROM p") == [("101",)]


# Commits


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen once between what a statement reads and its commit."""

    def arrange(happening: Callable[[], object]) -> None:
        name = "infra.local.athena.dml.changes.upload"

        def interrupted(*arguments: Any) -> None:
            monkeypatch.setattr(name, upload)
            happening()
            upload(*arguments)

        monkeypatch.setattr(name, interrupted)

    return arrange


def test_rows_that_are_added_go_with_another_commit(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None]
) -> None:
    table = icebergs.of("t", {"x": [1]})
    between(lambda: table.append(pa.table({"x": [2]})))
    lake.execute("INSERT INTO t VALUES 3")
    assert [row["x"] for row in _sorted(table)] == [1, 2, 3]
    assert len(table.history()) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t WHERE x = 1",
        "UPDATE t SET x = 5",
        "MERGE INTO t USING (SELECT 1 AS y) ON x = y WHEN MATCHED THEN DELETE",
    ],
)
def test_rows_that_are_taken_away_do_not(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None], sql: str
) -> None:
    table = icebergs.of("t", {"x": [1]})
    between(lambda: table.append(pa.table({"x": [2]})))
    message = "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: lake.t"
    with pytest.raises(QueryFailed, match=message):
        lake.execute(sql)
    assert [row["x"] for row in _sorted(table)] == [1, 2]
    lake.execute(sql)
    assert [row["x"] for row in _sorted(table)] != [1, 2]


def test_a_merge_does_not_insert_what_another_commit_has_inserted(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None]
) -> None:
    table = icebergs.of("t", {"x": [1]})
    sql = "MERGE INTO t USING (SELECT 2 AS y) ON x = y WHEN NOT MATCHED THEN INSERT VALUES (y)"
    between(lambda: table.append(pa.table({"x": [2]})))
    with pytest.raises(QueryFailed, match="ICEBERG_COMMIT_ERROR"):
        lake.execute(sql)
    lake.execute(sql)
    assert [row["x"] for row in _sorted(table)] == [1, 2]


def test_a_change_of_columns_stops_an_insert(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None]
) -> None:
    table = icebergs.of("t", {"x": [1]})

    def widen() -> None:
        with table.update_schema() as update:
            update.add_column("y", table.schema().find_type("x"))

    between(widen)
    with pytest.raises(QueryFailed, match="ICEBERG_COMMIT_ERROR"):
        lake.execute("INSERT INTO t VALUES 3")
    assert lake.rows("SELECT * FROM t") == [("1", None)]


def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    lake: Lake, icebergs: Icebergs, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = icebergs.of("t", {"x": [1]})
    commit = GlueCatalog.commit_table

    def lost(*arguments: Any) -> Any:
        monkeypatch.setattr(GlueCatalog, "commit_table", commit)
        commit(*arguments)
        raise CommitFailedException("the answer was lost")

    monkeypatch.setattr(GlueCatalog, "commit_table", lost)
    lake.execute("UPDATE t SET x = x + 1")
    assert [row["x"] for row in _sorted(table)] == [2]
    assert len(table.history()) == 2


def test_manifests_are_merged_once_they_are_many(lake: Lake, icebergs: Icebergs) -> None:
    properties = {"commit.manifest.min-count-to-merge": "3"}
    table = icebergs.create("t", pa.schema({"x": pa.int32()}), properties=properties)
    for number in range(6):
        lake.execute(f"INSERT INTO t VALUES ({number}), (NULL)")
        lake.execute("DELETE FROM t WHERE x IS NULL")
    assert [row["x"] for row in _sorted(table)] == list(range(6))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    contents = Counter(manifest.content for manifest in snapshot.manifests(table.io))
    assert max(contents.values()) <= 3
    lake.execute("DELETE FROM t WHERE x < 5")
    assert lake.rows("SELECT * FROM t") == [("5",)]


def test_a_failed_statement_leaves_the_list_of_its_files(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None]
) -> None:
    table = icebergs.of("t", {"x": [1]})
    between(lambda: table.append(pa.table({"x": [2]})))
    execution = lake.wait(lake.start("UPDATE t SET x = 5"))
    assert execution["Status"]["State"] == "FAILED"
    manifest = lake.read(execution["Statistics"]["DataManifestLocation"]).decode().split()
    assert len(manifest) == 1
    assert lake.read(manifest[0])


def test_the_encryption_of_results_is_that_of_tables(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"x": [1]})
    lake.execute(
        "UPDATE t SET x = 2",
        ResultConfiguration={
            "OutputLocation": "s3://results/out",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "key"},
        },
    )
    table.refresh()
    snapshot = table.current_snapshot()
    assert snapshot is not None
    (file,) = table.scan().plan_files()
    for uri in (file.file.file_path, snapshot.manifest_list, table.metadata_location):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        assert lake.s3.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "aws:kms"


# Any sequence of statements, against rows in Python

Rows = dict[int, int | None]
keys = st.integers(0, 5)
numbers = st.none() | st.integers(0, 3)
sources = st.dictionaries(keys, numbers, min_size=1, max_size=4)


def _literal(value: int | None) -> str:
    return "CAST(NULL AS integer)" if value is None else str(value)


def _merge(rows: Rows, source: Rows) -> tuple[str, Rows]:
    values = ", ".join(f"({key}, {_literal(value)})" for key, value in source.items())
    sql = (
        f"MERGE INTO t USING (VALUES {values}) AS s(k2, v2) ON k = k2"
        " WHEN MATCHED AND v2 IS NULL THEN DELETE"
        " WHEN MATCHED AND v2 > v THEN UPDATE SET v = v2"
        " WHEN NOT MATCHED AND v2 <> 1 THEN INSERT (k, v) VALUES (k2, v2)"
    )
    after = dict(rows)
    for key, new in source.items():
        if key not in rows:
            if new is not None and new != 1:
                after[key] = new
            continue
        old = rows[key]
        if new is None:
            del after[key]
        elif old is not None and new > old:
            after[key] = new
    return sql, after


def _delete(rows: Rows, least: int) -> tuple[str, Rows]:
    kept = {k: v for k, v in rows.items() if v is None or v < least}
    return f"DELETE FROM t WHERE v >= {least}", kept


def _update(rows: Rows, key: int) -> tuple[str, Rows]:
    after = {k: None if v is None else v + 1 if k < key else v for k, v in rows.items()}
    return f"UPDATE t SET v = v + 1 WHERE k < {key}", after


steps = st.one_of(
    sources.map(lambda source: lambda rows: _merge(rows, source)),
    st.integers(0, 4).map(lambda least: lambda rows: _delete(rows, least)),
    keys.map(lambda key: lambda rows: _update(rows, key)),
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=sources, sequence=st.lists(steps, min_size=1, max_size=4))
def test_statements_do_to_a_table_what_they_do_to_rows(
    lake: Lake,
    icebergs: Icebergs,
    start: Rows,
    sequence: list[Callable[[Rows], tuple[str, Rows]]],
) -> None:
    lake.execute("DROP TABLE IF EXISTS t")
    spec = PartitionSpec(PartitionField(1, 1000, BucketTransform(2), "part"))
    table = icebergs.create("t", pa.schema({"k": pa.int32(), "v": pa.int32()}), spec=spec)
    values = ", ".join(f"({key}, {_literal(value)})" for key, value in start.items())
    lake.execute(f"INSERT INTO t VALUES {values}")
    rows = start
    for step in sequence:
        sql, rows = step(rows)
        lake.execute(sql)
        expected = sorted((k, v) for k, v in rows.items())
        assert sorted((row["k"], row["v"]) for row in _sorted(table)) == expected
        texts = [(str(k), None if v is None else str(v)) for k, v in expected]
        assert lake.rows("SELECT * FROM t ORDER BY k") == texts
