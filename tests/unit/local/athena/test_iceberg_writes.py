"""INSERT, DELETE, UPDATE and MERGE: what they do to rows, and what they refuse."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from .iceberg import Icebergs, schema_of
from .lake import Lake, QueryFailed


@pytest.fixture
def table(icebergs: Icebergs) -> Table:
    """Three rows in one file."""
    return icebergs.of(
        "t", {"id": pa.array([1, 2, 3], pa.int64()), "s": ["a", "b", None], "x": [1.5, None, 2.5]}
    )


def _rows(lake: Lake, name: str = "t") -> list[tuple[str | None, ...]]:
    return lake.rows(f"SELECT * FROM {name} ORDER BY 1")


def _count(lake: Lake, sql: str) -> int:
    """How many rows a statement says that it changed."""
    execution = lake.execute(sql)
    answer = lake.call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert answer["ResultSet"]["Rows"] == []
    assert [c["Name"] for c in answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]] == ["rows"]
    return int(answer["UpdateCount"])


def _summary(table: Table) -> dict[str, Any]:
    table.refresh()
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    return {
        "operation": snapshot.summary.operation.value,
        **{k: v for k, v in snapshot.summary.additional_properties.items() if "size" not in k},
    }


# INSERT


@pytest.mark.usefixtures("table")
def test_values_are_appended(lake: Lake) -> None:
    assert _count(lake, "INSERT INTO t VALUES (4, 'd', 1e0), (5, NULL, NULL)") == 2
    assert _rows(lake)[3:] == [("4", "d", "1.0"), ("5", None, None)]


@pytest.mark.usefixtures("table")
def test_columns_that_are_not_named_are_null(lake: Lake) -> None:
    assert _count(lake, "INSERT INTO lake.t (s, id) WITH n AS (SELECT 9 AS k) SELECT 'z', k FROM n")
    assert _rows(lake)[-1] == ("9", "z", None)


@pytest.mark.usefixtures("table")
def test_a_table_may_be_inserted_into_itself(lake: Lake) -> None:
    assert _count(lake, "INSERT INTO t SELECT id + 10, s, x FROM t") == 3
    assert [row[0] for row in _rows(lake)] == ["1", "2", "3", "11", "12", "13"]
    assert _count(lake, "INSERT INTO t TABLE t") == 6


def test_no_rows_are_no_snapshot(lake: Lake, table: Table) -> None:
    before = _summary(table)
    assert _count(lake, "INSERT INTO t SELECT * FROM t WHERE id > 99") == 0
    assert _count(lake, "DELETE FROM t WHERE id > 99") == 0
    assert _count(lake, "UPDATE t SET s = 'n' WHERE id > 99") == 0
    source = "(SELECT 1 AS i)"
    merge = f"MERGE INTO t USING {source} q ON id = i WHEN MATCHED AND false THEN DELETE"
    assert _count(lake, merge) == 0
    assert _summary(table) == before


@pytest.mark.usefixtures("table")
def test_narrower_types_are_widened(lake: Lake) -> None:
    lake.execute("INSERT INTO t SELECT CAST(7 AS tinyint), CAST('c' AS char(2)), REAL '0.5'")
    assert _rows(lake)[-1] == ("7", "c ", "0.5")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "INSERT INTO t VALUES ('1', 'a', 1e0)",
            r"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types:"
            r" Table: \[bigint, varchar, double\], Query: \[varchar, varchar, double\]",
        ),
        (
            "INSERT INTO t VALUES (1, 'a')",
            r"TYPE_MISMATCH: .* Table: \[bigint, varchar, double\], Query: \[integer, varchar\]",
        ),
        (
            "INSERT INTO t (id, nope) VALUES (1, 2)",
            "COLUMN_NOT_FOUND: .*Insert column name does not exist in target table: nope",
        ),
        (
            "INSERT INTO t (id, id) VALUES (1, 2)",
            "DUPLICATE_COLUMN_NAME: .*Insert column name is specified more than once: id",
        ),
        ("INSERT OVERWRITE t SELECT 1", "SYNTAX_ERROR: .*mismatched input 'OVERWRITE'"),
        ("INSERT INTO missing VALUES (1)", "TABLE_NOT_FOUND: .*missing' does not exist"),
        (
            "UPDATE t SET id = x",
            r"TYPE_MISMATCH: .*UPDATE table column types don't match SET expressions:"
            r" Table: \[bigint\], Expressions: \[double\]",
        ),
        (
            "UPDATE t SET nope = 1",
            "COLUMN_NOT_FOUND: .*The UPDATE SET target column nope doesn't exist",
        ),
        (
            "UPDATE t SET s = 'a', s = 'b'",
            "DUPLICATE_COLUMN_NAME: .*'s' is assigned more than",
        ),
        ("UPDATE t AS q SET s = 'a'", "SYNTAX_ERROR: .*mismatched input 'q'"),
        ("UPDATE t SET s = 'a' FROM t AS u", "SYNTAX_ERROR: .*mismatched input 'FROM'"),
        ("UPDATE t SET s = 'a' WHERE s", "TYPE_MISMATCH: .*must evaluate to a boolean"),
        ("DELETE FROM t WHERE nope = 1", "COLUMN_NOT_FOUND: .*'nope' cannot be resolved"),
        ("DELETE FROM t USING t AS u", "SYNTAX_ERROR"),
        ("DELETE FROM t WHERE 1 / (id - 1) = 0", "DIVISION_BY_ZERO"),
    ],
)
def test_what_is_wrong_is_refused_in_trinos_words(lake: Lake, sql: str, message: str) -> None:
    before = _rows(lake)
    with pytest.raises(QueryFailed, match=message):
        lake.execute(sql)
    assert _rows(lake) == before


def test_null_does_not_enter_a_column_that_is_not_null(lake: Lake, icebergs: Icebergs) -> None:
    icebergs.create(
        "n",
        Schema(
            NestedField(1, "k", LongType(), required=True), NestedField(2, "v", StringType(), False)
        ),
    )
    lake.execute("INSERT INTO n VALUES (1, 'a')")
    for sql in (
        "INSERT INTO n VALUES (NULL, 'a')",
        "INSERT INTO n (v) VALUES ('a')",
        "UPDATE n SET k = NULL",
        "MERGE INTO n USING (SELECT 1 AS i) ON k = i WHEN MATCHED THEN UPDATE SET k = NULL",
    ):
        message = "CONSTRAINT_VIOLATION: NULL value not allowed for NOT NULL column: k"
        with pytest.raises(QueryFailed, match=message):
            lake.execute(sql)
    assert _rows(lake, "n") == [("1", "a")]


# DELETE and UPDATE


def test_rows_are_deleted_by_their_place(lake: Lake, table: Table) -> None:
    lake.execute("INSERT INTO t VALUES (4, 'd', NULL)")
    assert _count(lake, "DELETE FROM t WHERE id IN (SELECT 2)") == 1
    assert [row[0] for row in _rows(lake)] == ["1", "3", "4"]
    assert _summary(table) == {
        "operation": "delete",
        "trino_query_id": _summary(table)["trino_query_id"],
        "added-delete-files": "1",
        "added-position-delete-files": "1",
        "added-position-deletes": "1",
        "total-data-files": "2",
        "total-delete-files": "1",
        "total-records": "4",
        "total-position-deletes": "1",
        "total-equality-deletes": "0",
    }
    assert set(table.scan().to_arrow()["id"].to_pylist()) == {1, 3, 4}


def test_a_file_without_rows_leaves_the_table(lake: Lake, table: Table) -> None:
    lake.execute("INSERT INTO t VALUES (4, 'd', NULL)")
    lake.execute("DELETE FROM t WHERE id = 1")
    assert _count(lake, "DELETE FROM t WHERE id < 4") == 2
    summary = _summary(table)
    assert (summary["deleted-data-files"], summary["deleted-records"]) == ("1", "3")
    assert (summary["total-data-files"], summary["total-delete-files"]) == ("1", "1")
    assert _rows(lake) == [("4", "d", None)]


def test_delete_without_where_leaves_nothing(lake: Lake, table: Table) -> None:
    lake.execute("DELETE FROM t WHERE id = 1")
    assert _count(lake, "DELETE FROM t") == 2
    summary = _summary(table)
    assert summary["operation"] == "delete"
    assert summary["total-data-files"] == summary["total-delete-files"] == "0"
    assert summary["total-records"] == summary["total-position-deletes"] == "0"
    assert _rows(lake) == []
    lake.execute("INSERT INTO t VALUES (1, 'again', NULL)")
    assert _rows(lake) == [("1", "again", None)]


def test_rows_are_deleted_by_the_file_that_they_are_in(lake: Lake, table: Table) -> None:
    assert table
    lake.execute("INSERT INTO t VALUES (4, 'd', NULL)")
    lake.execute("""DELETE FROM t WHERE "$path" IN (SELECT "$path" FROM t WHERE id = 4)""")
    assert [row[0] for row in _rows(lake)] == ["1", "2", "3"]


def test_update_sees_the_values_before(lake: Lake, table: Table) -> None:
    assert _count(lake, "UPDATE t SET x = id, id = id + 100 WHERE s IS NOT NULL") == 2
    assert _rows(lake) == [("3", None, "2.5"), ("101", "a", "1.0"), ("102", "b", "2.0")]
    summary = _summary(table)
    assert summary["operation"] == "overwrite"
    assert (summary["added-records"], summary["added-position-deletes"]) == ("2", "2")


def test_what_was_deleted_is_seen_as_it_was_before(lake: Lake, table: Table) -> None:
    table.refresh()
    snapshot = table.metadata.current_snapshot_id
    lake.execute("UPDATE t SET s = 'new'")
    before = lake.rows(f"SELECT s FROM t FOR VERSION AS OF {snapshot} ORDER BY id")
    assert before == [("a",), ("b",), (None,)]
    assert lake.rows("SELECT DISTINCT s FROM t") == [("new",)]


def test_parameters_stand_in_for_values(lake: Lake, table: Table) -> None:
    assert table
    lake.execute("UPDATE t SET s = ? WHERE id = ?", ExecutionParameters=["'p'", "1"])
    lake.execute("INSERT INTO t VALUES (?, ?, NULL)", ExecutionParameters=["8", "'q'"])
    assert [row[1] for row in _rows(lake)] == ["p", "b", None, "q"]


# MERGE

SOURCE = "(VALUES (1, 'one', true), (3, 'three', false), (9, 'nine', false)) AS s(k, name, gone)"


def test_the_first_clause_that_applies_is_taken(lake: Lake, table: Table) -> None:
    count = _count(
        lake,
        f"MERGE INTO t AS old USING {SOURCE} ON old.id = s.k"
        " WHEN MATCHED AND gone THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET s = s.name, x = old.x * 2"
        " WHEN NOT MATCHED AND k > 100 THEN INSERT VALUES (0, 'never', 0e0)"
        " WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k, upper(name))",
    )
    assert count == 3
    assert _rows(lake) == [("2", "b", None), ("3", "three", "5.0"), ("9", "NINE", None)]
    summary = _summary(table)
    assert (summary["operation"], summary["added-records"]) == ("overwrite", "2")
    assert summary["added-position-deletes"] == "2"


@pytest.mark.usefixtures("table")
def test_null_matches_nothing(lake: Lake) -> None:
    merge = "MERGE INTO t USING (SELECT CAST(NULL AS varchar) AS n) ON t.s = n WHEN {} THEN {}"
    assert _count(lake, merge.format("MATCHED", "DELETE")) == 0
    assert _count(lake, merge.format("NOT MATCHED", "INSERT (id, s) VALUES (7, n)")) == 1
    assert _rows(lake)[-1] == ("7", None, None)


@pytest.mark.usefixtures("table")
def test_a_row_is_not_for_two_rows_of_the_source(lake: Lake) -> None:
    before = _rows(lake)
    twice = "(VALUES (1, 'a'), (1, 'b')) AS s(k, v)"
    message = (
        "MERGE_TARGET_ROW_MULTIPLE_MATCHES:"
        " One MERGE target table row matched more than one source row"
    )
    for clause in (
        "WHEN MATCHED THEN UPDATE SET s = v",
        "WHEN MATCHED AND v = 'a' THEN DELETE WHEN MATCHED THEN UPDATE SET s = v",
        "WHEN NOT MATCHED THEN INSERT (id) VALUES (k)",
    ):
        with pytest.raises(QueryFailed, match=message):
            lake.execute(f"MERGE INTO t USING {twice} ON id = k {clause}")
    assert _rows(lake) == before
    one = "WHEN MATCHED AND v = 'b' THEN UPDATE SET s = v"
    assert _count(lake, f"MERGE INTO t USING {twice} ON id = k {one}") == 1
    assert _rows(lake)[0] == ("1", "b", "1.5")


@pytest.mark.usefixtures("table")
def test_a_source_may_insert_the_same_row_twice(lake: Lake) -> None:
    twice = "(VALUES (7, 'a'), (7, 'b')) AS s(k, v)"
    merge = (
        f"MERGE INTO t USING {twice} ON id = k WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k, v)"
    )
    assert _count(lake, merge) == 2


@pytest.mark.usefixtures("table")
def test_a_clause_that_is_not_taken_is_not_evaluated(lake: Lake) -> None:
    merge = "MERGE INTO t USING (VALUES (1, 0), (8, 2)) AS s(k, d) ON id = k"
    lake.execute(
        f"{merge} WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (16 / d)"
    )
    assert [row[0] for row in _rows(lake)] == ["2", "3", "8"]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("clause", "message"),
    [
        (
            "WHEN MATCHED THEN UPDATE SET id = name",
            r"TYPE_MISMATCH: .*MERGE table column types don't match for MERGE case 0,"
            r" SET expressions: Table: \[bigint\], Expressions: \[varchar\]",
        ),
        (
            "WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k)",
            r"TYPE_MISMATCH: .*Table: \[bigint, varchar\], Expressions: \[integer\]",
        ),
        (
            "WHEN MATCHED THEN UPDATE SET nope = 1",
            "COLUMN_NOT_FOUND: .*Merge column name does not exist in target table: nope",
        ),
        (
            "WHEN NOT MATCHED THEN INSERT (id, id) VALUES (1, 2)",
            "DUPLICATE_COLUMN_NAME: .*Merge column name is specified more than once: id",
        ),
        ("WHEN MATCHED THEN INSERT VALUES (1, 'a', 1e0)", "SYNTAX_ERROR"),
        ("WHEN NOT MATCHED THEN DELETE", "SYNTAX_ERROR"),
        ("WHEN NOT MATCHED BY SOURCE THEN DELETE", "SYNTAX_ERROR"),
        ("WHEN MATCHED THEN UPDATE SET *", "SYNTAX_ERROR"),
        ("WHEN MATCHED AND name THEN DELETE", "TYPE_MISMATCH: .*must evaluate to a boolean"),
    ],
)
def test_a_wrong_clause_is_refused(lake: Lake, clause: str, message: str) -> None:
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"MERGE INTO t USING {SOURCE} ON id = k {clause}")


# Tables that are not changed


def test_only_tables_of_iceberg_are_changed(lake: Lake) -> None:
    lake.table("h", {"x": "int"}, location="s3://data/h/")
    lake.execute("CREATE VIEW v AS SELECT 1 AS x")
    hive = "NOT_SUPPORTED: .*Modifying Hive table rows is only supported for transactional tables"
    merge = "USING (SELECT 1 AS y) ON x = y WHEN MATCHED THEN DELETE"
    for sql, message in {
        "DELETE FROM h": hive,
        "UPDATE h SET x = 1": hive,
        f"MERGE INTO h {merge}": hive,
        "INSERT INTO h VALUES (1)": "NOT_SUPPORTED: .*INSERT into a table of Hive",
        "INSERT INTO v VALUES (1)": "NOT_SUPPORTED: .*Inserting into views is not supported",
        "DELETE FROM v": "NOT_SUPPORTED: .*Deleting from views is not supported",
        "UPDATE v SET x = 1": "NOT_SUPPORTED: .*Updating through views is not supported",
        f"MERGE INTO v {merge}": "NOT_SUPPORTED: .*Merging into views is not supported",
    }.items():
        with pytest.raises(QueryFailed, match=message):
            lake.execute(sql)


def test_version_1_of_the_format_takes_rows_only(lake: Lake, icebergs: Icebergs) -> None:
    icebergs.create("old", schema_of(x=pa.int32()), properties={"format-version": "1"})
    lake.execute("INSERT INTO old VALUES (1), (2)")
    assert _rows(lake, "old") == [("1",), ("2",)]
    with pytest.raises(QueryFailed, match="require at least format version 2"):
        lake.execute("DELETE FROM old")


def test_other_formats_and_compressions_are_refused(lake: Lake, icebergs: Icebergs) -> None:
    for name, value in (
        ("write.format.default", "orc"),
        ("write.parquet.compression-codec", "lzo"),
    ):
        icebergs.create(value, schema_of(x=pa.int32()), properties={name: value})
        with pytest.raises(QueryFailed, match=f"NOT_SUPPORTED: .*{value.upper()}"):
            lake.execute(f"INSERT INTO {value} VALUES (1)")


# OPTIMIZE


def test_small_files_and_deletes_are_written_anew(lake: Lake, table: Table) -> None:
    lake.execute("INSERT INTO t VALUES (4, 'd', NULL)")
    lake.execute("DELETE FROM t WHERE id = 1")
    before = _rows(lake)
    lake.execute("OPTIMIZE t REWRITE DATA USING BIN_PACK")
    summary = _summary(table)
    assert summary["operation"] == "replace"
    assert (summary["total-data-files"], summary["total-delete-files"]) == ("1", "0")
    assert summary["total-records"] == "3"
    assert _rows(lake) == before
    assert len(table.scan().to_arrow()) == 3
    snapshots = len(table.history())
    lake.execute("OPTIMIZE lake.t REWRITE DATA USING BIN_PACK")
    table.refresh()
    assert len(table.history()) == snapshots


def test_deletes_go_with_the_last_file_of_their_partition(lake: Lake, icebergs: Icebergs) -> None:
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "day"))
    table = icebergs.of("p", {"day": [1, 1, 2, 2], "x": [1, 2, 3, 4]}, spec=spec)
    untouched = {task.file.file_path for task in table.scan("day == 2").plan_files()}
    lake.execute("DELETE FROM p WHERE x = 1")
    assert _summary(table)["total-delete-files"] == "1"
    lake.execute("OPTIMIZE p REWRITE DATA USING BIN_PACK")
    assert _summary(table)["total-delete-files"] == "0"
    assert {task.file.file_path for task in table.scan("day == 2").plan_files()} == untouched
    lake.execute("DELETE FROM p WHERE x = 3")
    lake.execute("DELETE FROM p WHERE x = 2")
    assert _summary(table)["total-delete-files"] == "1", "of the day of which rows are left"
    assert lake.rows("SELECT x FROM p") == [("4",)]


def test_what_optimize_does_not_do_is_refused(lake: Lake, table: Table) -> None:
    assert table
    lake.table("h", {"x": "int"}, location="s3://data/h/")
    for sql, message in {
        "OPTIMIZE t REWRITE DATA USING BIN_PACK WHERE id = 1": "NOT_SUPPORTED: .*OPTIMIZE … WHERE",
        "OPTIMIZE h REWRITE DATA USING BIN_PACK": "NOT_SUPPORTED: .*lake.h is none",
    }.items():
        with pytest.raises(QueryFailed, match=message):
            lake.execute(sql)


# ALTER TABLE


def test_columns_come_change_and_go(lake: Lake, table: Table) -> None:
    lake.execute("ALTER TABLE `t` ADD COLUMNS (`n` int COMMENT 'new', l array<string>)")
    lake.execute("INSERT INTO t VALUES (4, 'd', NULL, 7, ARRAY['q'])")
    lake.execute("ALTER TABLE t CHANGE COLUMN n wide bigint COMMENT 'wider' FIRST")
    lake.execute("ALTER TABLE t DROP COLUMN x")
    lake.execute("UPDATE t SET wide = 5000000000 WHERE id = 1")
    assert lake.rows("SELECT * FROM t ORDER BY id") == [
        ("5000000000", "1", "a", None),
        (None, "2", "b", None),
        (None, "3", None, None),
        ("7", "4", "d", "[q]"),
    ]
    table.refresh()
    assert str(table.schema().fields[0]) == "4: wide: optional long (wider)"


def test_properties_are_set_and_unset(lake: Lake, table: Table) -> None:
    lake.execute("ALTER TABLE t SET TBLPROPERTIES ('write_compression'='gzip')")
    lake.execute("ALTER TABLE t SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep'='3')")
    table.refresh()
    assert table.properties["write.parquet.compression-codec"] == "gzip"
    lake.execute("ALTER TABLE t UNSET TBLPROPERTIES ('vacuum_min_snapshots_to_keep')")
    table.refresh()
    assert "vacuum_min_snapshots_to_keep" not in table.properties


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ADD COLUMNS (id int)", "FAILED: .*already exists"),
        ("ADD COLUMNS (y tinyint)", "Type not supported for Iceberg: tinyint"),
        ("DROP COLUMN nope", "FAILED: .*nope"),
        ("CHANGE COLUMN s s int", "FAILED: .*Cannot change column type"),
        ("SET TBLPROPERTIES ('lake'='1')", "Unsupported table property key: lake"),
        ("REPLACE COLUMNS (id int)", "NOT_SUPPORTED: .*REPLACE COLUMNS"),
        ("ADD PARTITION (id = '1')", "NOT_SUPPORTED: .*ADD PARTITION"),
    ],
)
def test_a_wrong_alteration_is_refused(lake: Lake, table: Table, change: str, message: str) -> None:
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"ALTER TABLE t {change}")
    before = table.metadata_location
    table.refresh()
    assert table.metadata_location == before
