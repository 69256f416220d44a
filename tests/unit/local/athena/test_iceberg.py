"""SELECT from tables of Iceberg that pyiceberg wrote."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import DoubleType, LongType, StringType

from .iceberg import Icebergs, schema_of
from .lake import Lake, QueryFailed, scanned_bytes
from .merge_on_read import delete_equal, delete_positions

MOMENT = datetime(2021, 6, 25, 10, 0, 0, 123_456)


# Types


def test_every_type_is_read(lake: Lake, icebergs: Icebergs) -> None:
    icebergs.of(
        "t",
        {
            "i": pa.array([1], pa.int32()),
            "l": pa.array([2**40], pa.int64()),
            "d": pa.array([Decimal("12.50")], pa.decimal128(18, 2)),
            "f": pa.array([1.5], pa.float32()),
            "x": [2.5],
            "b": [True],
            "s": ["é"],
            "bin": [b"\x00\xff"],
            "day": [date(2021, 6, 25)],
            "ts": pa.array([MOMENT], pa.timestamp("us")),
            "tz": pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
            "nested": pa.array([{"A": 1, "items": [{"z": "q"}]}]),
            "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        },
    )
    execution = lake.execute("SELECT * FROM t")
    names, row = lake.results(execution["QueryExecutionId"])
    assert dict(zip(names, row, strict=True)) == {
        "i": "1",
        "l": str(2**40),
        "d": "12.50",
        "f": "1.5",
        "x": "2.5",
        "b": "true",
        "s": "é",
        "bin": "00 ff",
        "day": "2021-06-25",
        "ts": "2021-06-25 10:00:00.123456",
        "tz": "2021-06-25 10:00:00.123456 UTC",
        "nested": "{a=1, items=[{z=q}]}",
        "m": "{k=1}",
    }
    assert lake.rows("SELECT nested.a, nested.items[1].z, m['k'] FROM t") == [("1", "q", "1")]
    assert lake.rows("SELECT typeof(ts), typeof(tz), typeof(d) FROM t") == [
        ("timestamp(6)", "timestamp(6) with time zone", "decimal(18,2)")
    ]


def test_a_table_without_a_snapshot_has_no_rows_but_its_columns(
    lake: Lake, icebergs: Icebergs
) -> None:
    icebergs.create("t", schema_of(a=pa.int64()))
    execution = lake.execute('SELECT *, "$path" FROM t')
    assert lake.results(execution["QueryExecutionId"]) == [("a", "$path")]


def test_rows_know_their_file(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1]})
    table.append(pa.table({"a": [2]}))
    paths = {file["file_path"] for file in table.inspect.files().to_pylist()}
    assert {row[0] for row in lake.rows('SELECT "$path" FROM t')} == paths
    (first,) = lake.rows('SELECT "$path" FROM t WHERE a = 1')
    assert lake.rows(f"SELECT a FROM t WHERE \"$path\" = '{first[0]}'") == [("1",)]


def test_it_joins_with_tables_of_hive_and_stands_in_views(lake: Lake, icebergs: Icebergs) -> None:
    icebergs.of("t", {"a": [1, 2], "s": ["x", "y"]})
    lake.put_parquet("s3://data/h/1", {"a": [2, 3]})
    lake.table("h", {"a": "bigint"}, location="s3://data/h/")
    lake.execute("CREATE VIEW v AS SELECT t.s FROM t JOIN h ON t.a = h.a")
    assert lake.rows("SELECT * FROM v") == [("y",)]


# Evolution


def test_columns_are_found_by_their_ids(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of(
        "t", {"a": pa.array([1], pa.int32()), "gone": ["g"], "s": pa.array([{"x": 1, "y": 2}])}
    )
    with table.update_schema() as update:
        update.update_column("a", LongType())
        update.rename_column("a", "b")
        update.delete_column("gone")
        update.rename_column("s.x", "z")
        update.add_column(("s", "new"), DoubleType())
        update.delete_column("s.y")
    with table.update_schema() as update:
        update.add_column("a", StringType())  # another column under the old name
    later = [{"b": 2**40, "s": {"z": 5, "new": 0.5}, "a": "text"}]
    table.append(pa.Table.from_pylist(later, schema=table.schema().as_arrow()))
    assert lake.rows("SELECT b, a, s FROM t ORDER BY b") == [
        ("1", None, "{z=1, new=null}"),
        (str(2**40), "text", "{z=5, new=0.5}"),
    ]
    with pytest.raises(QueryFailed, match="COLUMN_NOT_FOUND"):
        lake.rows("SELECT gone FROM t")


def test_columns_are_reordered(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1], "b": [2]})
    with table.update_schema() as update:
        update.move_first("b")
    assert lake.rows("SELECT * FROM t") == [("2", "1")]


def test_files_without_ids_are_read_by_the_name_mapping(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1], "s": pa.array([{"x": 1}]), "l": pa.array([[{"y": 1}]])})
    lake.put_parquet(
        "s3://data/added/1.parquet",
        {"l": pa.array([[{"y": 2}]]), "s": pa.array([{"x": 3}]), "a": [2]},
    )
    table.add_files(["s3://data/added/1.parquet"])
    with table.update_schema() as update:
        update.rename_column("a", "b")
    assert lake.rows("SELECT b, s, l FROM t ORDER BY b") == [
        ("1", "{x=1}", "[{y=1}]"),
        ("2", "{x=3}", "[{y=2}]"),
    ]


def test_a_partition_column_that_is_in_no_file_is_read_from_the_metadata(
    lake: Lake, icebergs: Icebergs
) -> None:
    table = icebergs.create("t", schema_of(a=pa.int64(), dt=pa.date32()), spec=BY_DAY)
    for day in (1, 2):
        columns = {"a": [day], "dt": pa.array([date(2021, 6, day)])}
        lake.put_parquet(f"s3://data/added/{day}.parquet", columns)
        table.add_files([f"s3://data/added/{day}.parquet"])
        lake.put_parquet(f"s3://data/added/{day}.parquet", {"a": [day]})
    assert lake.rows("SELECT a, dt FROM t ORDER BY a") == [
        ("1", "2021-06-01"),
        ("2", "2021-06-02"),
    ]


# Pruning

BY_DAY = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "dt"))


def test_files_are_pruned_by_partition_and_by_bounds(lake: Lake, icebergs: Icebergs) -> None:
    schema = schema_of(a=pa.int64(), dt=pa.date32(), s=pa.string())
    table = icebergs.create("t", schema, spec=BY_DAY)
    for day in range(1, 6):
        columns: dict[str, Any] = {"a": [day * 10, day * 10 + 1], "s": [f"s{day}"] * 2}
        columns["dt"] = [date(2021, 6, day)] * 2
        table.append(pa.table(columns, schema=schema))
    whole = scanned_bytes(lake.execute("SELECT * FROM t"))
    assert whole == sum(each["file_size_in_bytes"] for each in table.inspect.files().to_pylist())

    def read(condition: str) -> tuple[int, int]:
        execution = lake.execute(f"SELECT count(*) FROM t WHERE {condition}")
        count = lake.results(execution["QueryExecutionId"])[1][0]
        scanned = scanned_bytes(execution)
        return int(count or 0), round(scanned / whole * 5)

    assert read("dt = DATE '2021-06-03'") == (2, 1)
    assert read("dt >= DATE '2021-06-03' + INTERVAL '1' DAY") == (4, 2)
    assert read("dt BETWEEN DATE '2021-06-02' AND DATE '2021-06-03'") == (4, 2)
    assert read("dt IN (DATE '2021-06-01', DATE '2021-06-05')") == (4, 2)
    assert read("a > 40") == (3, 2)
    assert read("30 >= a AND s LIKE 's3%'") == (1, 1)
    assert read("s = 's1' OR a = 51") == (3, 2)
    assert read("a + 1 = 12") == (1, 5)  # says nothing of bounds
    assert read("a = 11.5") == (0, 5)
    assert read("s IS NULL") == (0, 0)
    assert read("dt IS NOT NULL") == (10, 5)
    assert read("a NOT IN (11)") == (9, 5)
    assert read("length(s) = 2 AND a < 12") == (2, 1)


def test_files_are_pruned_through_joins_and_subqueries(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1], "s": ["x"]})
    table.append(pa.table({"a": [2], "s": ["y"]}))
    whole = scanned_bytes(lake.execute("SELECT * FROM t"))
    lake.execute("CREATE VIEW v AS SELECT a AS b FROM t")
    execution = lake.execute("SELECT * FROM v WHERE b = 2")
    assert scanned_bytes(execution) == whole // 2
    execution = lake.execute("WITH q AS (SELECT a, s FROM t) SELECT * FROM q WHERE s = 'x'")
    assert scanned_bytes(execution) == whole // 2
    sql = "SELECT one.a, two.a FROM t AS one LEFT JOIN t AS two ON one.a = two.a AND two.a = 1"
    execution = lake.execute(f"{sql} WHERE one.a > 1")
    assert lake.results(execution["QueryExecutionId"])[1:] == [("2", None)]
    assert scanned_bytes(execution) == whole


def test_hidden_partitions_prune_by_their_source(lake: Lake, icebergs: Icebergs) -> None:
    spec = PartitionSpec(PartitionField(2, 1000, DayTransform(), "ts_day"))
    schema = schema_of(a=pa.int64(), ts=pa.timestamp("us"))
    table = icebergs.create("t", schema, spec=spec)
    for day in (1, 2, 3):
        rows = {"a": [7], "ts": pa.array([datetime(2021, 6, day, 12)], pa.timestamp("us"))}
        lake.put_parquet(f"s3://data/added/{day}.parquet", rows)
        table.add_files([f"s3://data/added/{day}.parquet"])
    whole = scanned_bytes(lake.execute("SELECT * FROM t"))
    execution = lake.execute("SELECT a FROM t WHERE ts > TIMESTAMP '2021-06-03 00:00:00'")
    assert scanned_bytes(execution) == whole // 3
    assert lake.results(execution["QueryExecutionId"])[1:] == [("7",)]
    assert scanned_bytes(lake.execute("SELECT a FROM t WHERE a = 7")) == whole
    assert scanned_bytes(lake.execute("SELECT a FROM t WHERE a = 8")) == 0


def test_the_scan_limit_counts_what_is_left(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1]})
    table.append(pa.table({"a": [2]}))
    assert scanned_bytes(lake.execute("SELECT count(*) FROM t WHERE a > 5")) == 0


# Deletes and overwrites


def test_an_overwrite_leaves_what_was_not_deleted(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1, 2, 3]})
    table.delete("a = 2")
    assert lake.rows("SELECT a FROM t ORDER BY a") == [("1",), ("3",)]


def test_rows_deleted_by_position_are_left_out(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1, 2, 3]})
    (first,) = [file["file_path"] for file in table.inspect.files().to_pylist()]
    table.append(pa.table({"a": [4, 5]}))
    delete_positions(lake, table, {first: [0, 2]})
    assert lake.rows("SELECT a FROM t ORDER BY a") == [("2",), ("4",), ("5",)]
    assert lake.rows("SELECT count(*) FROM t WHERE a < 3") == [("1",)]
    execution = lake.execute("SELECT a FROM t WHERE a > 3")
    assert len(lake.results(execution["QueryExecutionId"])) == 3
    deletes = 'SELECT content, record_count FROM "t$files" WHERE content = 1'
    assert lake.rows(deletes) == [("1", "2")]


def test_deletes_by_equality_are_refused_by_name(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1, 2, 3]})
    delete_equal(lake, table, pa.table({"a": [2]}), [1])
    with pytest.raises(QueryFailed, match=r"NOT_SUPPORTED: equality deletes of Iceberg"):
        lake.rows("SELECT a FROM t")


# Time travel


def test_a_snapshot_is_read_by_id_with_the_columns_of_its_time(
    lake: Lake, icebergs: Icebergs
) -> None:
    table = icebergs.of("t", {"a": [1], "old": ["o"]})
    first = table.current_snapshot()
    assert first is not None
    with table.update_schema() as update:
        update.delete_column("old")
    table.append(pa.table({"a": [2]}))
    assert lake.rows("SELECT * FROM t ORDER BY a") == [("1",), ("2",)]
    by_id = f"SELECT * FROM t FOR VERSION AS OF {first.snapshot_id}"
    assert lake.rows(by_id) == [("1", "o")]
    assert lake.rows(f"SELECT x.old FROM t FOR VERSION AS OF {first.snapshot_id} AS x") == [("o",)]
    both = f"SELECT now.a FROM t AS now LEFT JOIN ({by_id}) AS was ON now.a = was.a"
    assert lake.rows(f"{both} WHERE was.a IS NULL") == [("2",)]
    with pytest.raises(QueryFailed, match="INVALID_ARGUMENTS: Iceberg snapshot ID does not exist"):
        lake.rows("SELECT * FROM t FOR VERSION AS OF 42")


def test_a_moment_is_read_by_the_log_of_snapshots(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1]})
    first = table.current_snapshot()
    assert first is not None
    table.append(pa.table({"a": [2]}))
    moment = datetime.fromtimestamp(first.timestamp_ms / 1000, UTC)
    text = f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}.{first.timestamp_ms % 1000:03} UTC'"
    assert lake.rows(f"SELECT a FROM t FOR TIMESTAMP AS OF {text}") == [("1",)]
    now = "(current_timestamp + INTERVAL '1' DAY)"
    assert lake.rows(f"SELECT count(*) FROM t FOR TIMESTAMP AS OF {now}") == [("2",)]
    with pytest.raises(QueryFailed, match=r'No version history table "lake\.t" at or before 2020-'):
        lake.rows("SELECT a FROM t FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC'")


def test_a_tag_is_read_by_its_name(lake: Lake, icebergs: Icebergs) -> None:
    table = icebergs.of("t", {"a": [1]})
    first = table.current_snapshot()
    assert first is not None
    table.manage_snapshots().create_tag(first.snapshot_id, "audited").commit()
    table.append(pa.table({"a": [2]}))
    assert lake.rows("SELECT a FROM t FOR VERSION AS OF 'audited'") == [("1",)]


def test_a_table_of_hive_has_no_versions(lake: Lake) -> None:
    lake.put_parquet("s3://data/h/1", {"a": [1]})
    lake.table("h", {"a": "bigint"}, location="s3://data/h/")
    with pytest.raises(QueryFailed, match=r"NOT_SUPPORTED.*versioned tables"):
        lake.rows("SELECT * FROM h FOR VERSION AS OF 1")


# What cannot be read


def test_metadata_that_is_gone_fails_the_query_by_its_address(lake: Lake) -> None:
    location = "s3://data/t/metadata/0.metadata.json"
    lake.table(
        "t",
        {"a": "bigint"},
        location="s3://data/t",
        parameters={"table_type": "ICEBERG", "metadata_location": location},
    )
    with pytest.raises(QueryFailed, match=location):
        lake.rows("SELECT * FROM t")
    lake.put(location, b"no JSON")
    with pytest.raises(QueryFailed, match="ICEBERG_INVALID_METADATA: Cannot read s3://data/t"):
        lake.rows("SELECT * FROM t")
