"""Tables of Iceberg written by SQL: by real clients, under a role, at once, and with a kill."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import awswrangler as wr
import pandas as pd
import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog

from tests.embedded.athena.test_guarantees import ATHENA, OUTPUT, _allow, _role, _run
from tests.embedded.athena.test_iceberg import HOLDERS, _catalog
from tests.embedded.running import ACCOUNT_ID, REGION, Keys

from .conftest import DATA, DATABASE, Lake

pytestmark = pytest.mark.embedded

COMMIT_ERROR = "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: lake.{}"


@pytest.fixture(scope="module")
def catalog(lake: Lake) -> GlueCatalog:
    return _catalog(lake.emulator, Keys())


def _done(lake: Lake, sql: str) -> None:
    assert _run(lake.emulator, sql, Keys()) == ("SUCCEEDED", "")


def _create(lake: Lake, name: str, columns: str, partitions: str = "") -> None:
    _done(
        lake,
        f"CREATE TABLE {name} ({columns}) {partitions} LOCATION 's3://{DATA}/{name}/'"
        " TBLPROPERTIES ('table_type'='ICEBERG')",
    )


def _rows(catalog: GlueCatalog, name: str) -> list[tuple[object, ...]]:
    """What pyiceberg reads."""
    rows: pa.Table = catalog.load_table(f"{DATABASE}.{name}").scan().to_arrow()
    return sorted(tuple(row.values()) for row in rows.to_pylist())


def test_awswrangler_appends_merges_and_overwrites(lake: Lake, catalog: GlueCatalog) -> None:
    def write(rows: dict[str, list[object]], **options: object) -> None:
        wr.athena.to_iceberg(
            pd.DataFrame(rows),
            database=DATABASE,
            table="wrangled",
            temp_path=f"s3://{DATA}/temp/",
            table_location=f"s3://{DATA}/wrangled/",
            partition_cols=["day(ts)", "bucket(4, id)"],
            s3_output=lake.output,
            keep_files=False,
            boto3_session=lake.session,
            **options,  # type: ignore[arg-type]
        )

    def read() -> list[tuple[object, ...]]:
        frame = wr.athena.read_sql_query(
            "SELECT id, name FROM wrangled ORDER BY id",
            database=DATABASE,
            ctas_approach=False,
            s3_output=lake.output,
            boto3_session=lake.session,
        )
        rows: list[tuple[object, ...]] = [
            (int(key), str(name)) for key, name in zip(frame["id"], frame["name"], strict=True)
        ]
        assert [row[:2] for row in _rows(catalog, "wrangled")] == rows
        return rows

    moment = pd.Timestamp("2021-06-25 10:00:00")
    write({"id": [1, 2], "name": ["a", "b"], "ts": [moment, moment]})
    write({"id": [3], "name": ["c"], "ts": [moment]}, mode="append")
    assert read() == [(1, "a"), (2, "b"), (3, "c")]
    changed: dict[str, list[object]] = {"id": [2, 4], "name": ["B", "d"], "ts": [moment, moment]}
    write(changed, merge_cols=["id"])
    assert read() == [(1, "a"), (2, "B"), (3, "c"), (4, "d")]
    ignored: dict[str, list[object]] = {"id": [1, 5], "name": ["A", "e"], "ts": [moment, moment]}
    write(ignored, merge_cols=["id"], merge_condition="ignore")
    assert read() == [(1, "a"), (2, "B"), (3, "c"), (4, "d"), (5, "e")]
    wr.athena.delete_from_iceberg_table(
        pd.DataFrame({"id": [1, 3]}),
        database=DATABASE,
        table="wrangled",
        merge_cols=["id"],
        temp_path=f"s3://{DATA}/temp/",
        s3_output=lake.output,
        keep_files=False,
        boto3_session=lake.session,
    )
    assert read() == [(2, "B"), (4, "d"), (5, "e")]
    write({"id": [9], "name": ["z"], "ts": [moment]}, mode="overwrite")
    assert read() == [(9, "z")]
    wider: dict[str, list[object]] = {"id": [8], "name": ["y"], "ts": [moment], "more": [1.5]}
    write(wider, schema_evolution=True)
    assert read() == [(8, "y"), (9, "z")]


def test_a_writer_needs_the_table_and_its_objects_alone(lake: Lake, catalog: GlueCatalog) -> None:
    _create(lake, "owned", "k int, v string")
    table = f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:table/{DATABASE}/owned"
    objects = f"arn:aws:s3:::{DATA}/owned/*"
    reading = _allow(["s3:GetObject"], objects)
    writing = _allow(["s3:PutObject"], objects)
    seeing = _allow(["glue:GetTable", "glue:GetDatabase"], table, *HOLDERS)
    committing = _allow(["glue:UpdateTable"], table, *HOLDERS)
    sql = "INSERT INTO owned VALUES (1, 'a')"
    for name, missing, reason in (
        ("no-commit", (seeing, reading, writing), "Insufficient permissions"),
        ("no-write", (seeing, reading, committing), "Unable to write the query's output"),
    ):
        keys = _role(lake.emulator, f"ice-{name}", ATHENA, OUTPUT, *missing)
        state, found = _run(lake.emulator, sql, keys)
        assert state == "FAILED"
        assert reason in found
        assert _rows(catalog, "owned") == []
    keys = _role(lake.emulator, "ice-all", ATHENA, OUTPUT, seeing, reading, writing, committing)
    assert _run(lake.emulator, sql, keys) == ("SUCCEEDED", "")
    merge = "MERGE INTO owned USING (SELECT 1 AS i) ON k = i WHEN MATCHED THEN UPDATE SET v = 'b'"
    assert _run(lake.emulator, merge, keys) == ("SUCCEEDED", "")
    assert _rows(catalog, "owned") == [(1, "b")]


def test_of_merges_at_once_none_is_lost(lake: Lake, catalog: GlueCatalog) -> None:
    _create(lake, "merged", "k int, n int")
    _done(lake, "INSERT INTO merged VALUES (1, 0), (2, 0)")

    def add(number: int) -> int:
        sql = (
            f"MERGE INTO merged USING (SELECT {number % 2 + 1} AS i) ON k = i"
            " WHEN MATCHED THEN UPDATE SET n = n + 1"
        )
        state, reason = _run(lake.emulator, sql, Keys())
        assert state == "SUCCEEDED" or reason.startswith(COMMIT_ERROR.format("merged"))
        return int(state == "SUCCEEDED")

    with ThreadPoolExecutor(4) as threads:
        won = sum(threads.map(add, range(8)))
    assert won >= 1
    (_, first), (_, second) = _rows(catalog, "merged")
    assert int(str(first)) + int(str(second)) == won


def test_of_inserts_at_once_all_are_there(lake: Lake, catalog: GlueCatalog) -> None:
    _create(lake, "filled", "k int", "PARTITIONED BY (bucket(2, k))")
    with ThreadPoolExecutor(4) as threads:
        sqls = [f"INSERT INTO filled VALUES {number}" for number in range(8)]
        states = list(threads.map(lambda sql: _run(lake.emulator, sql, Keys()), sqls))
    assert states == [("SUCCEEDED", "")] * 8
    assert _rows(catalog, "filled") == [(number,) for number in range(8)]


@pytest.mark.parametrize("pause_seconds", [0.0, 0.3, 0.8])
def test_a_statement_that_is_killed_changes_nothing_or_all(
    lake: Lake, catalog: GlueCatalog, pause_seconds: float
) -> None:
    name = f"killed{int(pause_seconds * 10)}"
    _create(lake, name, "k int, v int")
    rows = "SELECT CAST(a AS integer), 0 FROM UNNEST(sequence(1, 10000)) AS t(a)"
    _done(lake, f"INSERT INTO {name} {rows}")
    before = catalog.load_table(f"{DATABASE}.{name}").metadata.current_snapshot_id
    athena = lake.emulator.client("athena")
    execution_id = athena.start_query_execution(
        QueryString=f"UPDATE {name} SET v = 1",
        QueryExecutionContext={"Database": DATABASE},
        ResultConfiguration={"OutputLocation": lake.output},
    )["QueryExecutionId"]
    time.sleep(pause_seconds)
    lake.emulator.kill_and_start()
    state = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]["Status"]
    table = catalog.load_table(f"{DATABASE}.{name}")
    values = set(table.scan().to_arrow()["v"].to_pylist())
    assert values == ({0} if table.metadata.current_snapshot_id == before else {1})
    assert state["State"] == "FAILED" or values == {1}
    _done(lake, f"UPDATE {name} SET v = 2")
    table = catalog.load_table(f"{DATABASE}.{name}")
    assert table.scan().to_arrow()["v"].to_pylist() == [2] * 10000


def test_a_star_is_built_and_kept_by_sql(lake: Lake, catalog: GlueCatalog) -> None:
    _done(
        lake,
        "CREATE TABLE star WITH (table_type = 'ICEBERG', is_external = false, format = 'PARQUET',"
        f" location = 's3://{DATA}/star/', partitioning = ARRAY['truncate(code, 2)']) AS"
        " SELECT code, sum(trades) AS trades FROM quotes GROUP BY code",
    )
    assert _rows(catalog, "star") == [("PETR4", 40), ("VALE3", 20)]
    for change in (
        "ADD COLUMNS (rank int COMMENT 'by trades')",
        "CHANGE COLUMN rank place bigint AFTER code",
        "SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep'='2')",
        "UNSET TBLPROPERTIES ('vacuum_min_snapshots_to_keep')",
    ):
        _done(lake, f"ALTER TABLE star {change}")
    _done(
        lake,
        "MERGE INTO star USING"
        " (SELECT code AS c, rank() OVER (ORDER BY trades DESC) AS r FROM star)"
        " ON code = c WHEN MATCHED THEN UPDATE SET place = r",
    )
    _done(lake, "INSERT INTO star (code, trades) SELECT 'PETR3', 1")
    _done(lake, "DELETE FROM star WHERE code = 'VALE3'")
    _done(lake, "UPDATE star SET trades = trades + 1 WHERE place IS NULL")
    before = [("PETR3", None, 2), ("PETR4", 1, 40)]
    assert _rows(catalog, "star") == before
    _done(lake, "OPTIMIZE star REWRITE DATA USING BIN_PACK")
    table = catalog.load_table(f"{DATABASE}.star")
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary["total-delete-files"] == "0"
    assert _rows(catalog, "star") == before
    _done(lake, "ALTER TABLE star DROP COLUMN place")
    assert _rows(catalog, "star") == [("PETR3", 2), ("PETR4", 40)]
    _done(lake, "ALTER TABLE star SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='0')")
    _done(lake, "VACUUM star")
    table = catalog.load_table(f"{DATABASE}.star")
    assert len(table.metadata.snapshots) == 1
    listed = lake.emulator.client("s3").list_objects_v2(Bucket=DATA, Prefix="star/data/")
    objects = {f"s3://{DATA}/{each['Key']}" for each in listed["Contents"]}
    assert objects == {task.file.file_path for task in table.scan().plan_files()}
    assert _rows(catalog, "star") == [("PETR3", 2), ("PETR4", 40)]
    _done(lake, "DROP TABLE star")
