"""What Athena shows of a table of Iceberg: tables of metadata, SHOW, DESCRIBE, DROP."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform

from .iceberg import Icebergs, schema_of
from .lake import Lake, QueryFailed, scanned_bytes

BY_DAY = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "dt"))


@pytest.fixture
def table(icebergs: Icebergs) -> Table:
    """Two days, a file each, a commit each."""
    schema = schema_of(a=pa.int64(), dt=pa.date32(), s=pa.string())
    table = icebergs.create("t", schema, spec=BY_DAY)
    for day in (1, 2):
        columns: dict[str, Any] = {"a": [day, day + 10], "s": ["x", None]}
        columns["dt"] = [date(2021, 6, day)] * 2
        table.append(pa.table(columns, schema=schema), {"lake.change": str(day)})
    return table


def test_snapshots(lake: Lake, table: Table) -> None:
    first, second = table.snapshots()
    execution = lake.execute(
        "SELECT snapshot_id, parent_id, operation, manifest_list, summary['lake.change'],"
        " summary['total-records'], date_diff('second', committed_at, current_timestamp) < 60"
        ' FROM "t$snapshots" ORDER BY committed_at'
    )
    assert scanned_bytes(execution) == 0
    assert lake.results(execution["QueryExecutionId"])[1:] == [
        (str(first.snapshot_id), None, "append", first.manifest_list, "1", "2", "true"),
        (
            str(second.snapshot_id),
            str(first.snapshot_id),
            "append",
            second.manifest_list,
            "2",
            "4",
            "true",
        ),
    ]


def test_history_and_refs(lake: Lake, table: Table) -> None:
    first, second = table.snapshots()
    history = 'SELECT snapshot_id, parent_id, is_current_ancestor FROM "lake"."t$history"'
    assert lake.rows(history) == [
        (str(first.snapshot_id), None, "true"),
        (str(second.snapshot_id), str(first.snapshot_id), "true"),
    ]
    assert lake.rows('SELECT * FROM "t$refs"') == [
        ("main", "BRANCH", str(second.snapshot_id), None, None, None)
    ]


def test_files(lake: Lake, table: Table) -> None:
    files = {each["file_path"]: each for each in table.inspect.files().to_pylist()}
    found = lake.rows(
        "SELECT content, file_path, file_format, record_count, file_size_in_bytes,"
        ' lower_bounds, upper_bounds[1], null_value_counts[3] FROM "t$files" ORDER BY file_path'
    )
    assert [row[1] for row in found] == sorted(files)
    for content, path, form, count, size, lower, upper, nulls in found:
        assert (content, form, count) == ("0", "PARQUET", "2")
        assert path is not None
        assert size == str(files[path]["file_size_in_bytes"])
        day = int(path.partition("dt=2021-06-")[2][:2])
        assert lower == f"{{1={day}, 2=2021-06-0{day}, 3=x}}"
        assert (upper, nulls) == (str(day + 10), "1")


def test_manifests(lake: Lake, table: Table) -> None:
    assert table
    found = lake.rows(
        "SELECT added_data_files_count, added_rows_count, deleted_rows_count, partition_spec_id,"
        ' partition_summaries[1].lower_bound, partition_summaries FROM "t$manifests" ORDER BY 5'
    )
    summary = "[{{contains_null=false, contains_nan=false, lower_bound={0}, upper_bound={0}}}]"
    assert found == [
        ("1", "2", "0", "0", day, summary.format(day)) for day in ("2021-06-01", "2021-06-02")
    ]


def test_partitions(lake: Lake, table: Table) -> None:
    table.append(table.scan().to_arrow())
    found = lake.rows(
        'SELECT partition.dt, record_count, file_count, data.a, data.s.max FROM "t$partitions"'
        " ORDER BY 1"
    )
    assert found == [
        ("2021-06-01", "4", "2", "{min=1, max=11, null_count=0, nan_count=null}", "x"),
        ("2021-06-02", "4", "2", "{min=2, max=12, null_count=0, nan_count=null}", "x"),
    ]


def test_metadata_as_of_a_snapshot(lake: Lake, table: Table) -> None:
    first, _ = table.snapshots()
    files = f'SELECT count(*) FROM "t$files" FOR VERSION AS OF {first.snapshot_id}'
    assert lake.rows(files) == [("1",)]


def test_what_a_table_does_not_have(lake: Lake, table: Table) -> None:
    assert table
    with pytest.raises(QueryFailed, match=r"TABLE_NOT_FOUND.*lake\.t\$nothing"):
        lake.rows('SELECT * FROM "t$nothing"')


def test_partitions_of_a_table_of_hive(lake: Lake) -> None:
    lake.table("h", {"a": "bigint"}, keys={"y": "int", "p": "string"}, location="s3://data/h/")
    for year in ("2020", "2021"):
        lake.partition("h", [year, "x"], f"s3://data/h/{year}/")
    assert lake.rows('SELECT y + 1, p FROM "h$partitions" ORDER BY y') == [
        ("2021", "x"),
        ("2022", "x"),
    ]


def test_columns_and_description(lake: Lake, table: Table) -> None:
    with table.update_schema() as update:
        update.rename_column(
            "a",
            "b",
        )
    assert [row[0] for row in lake.rows("SHOW COLUMNS IN t")] == [
        f"{name:<20}" for name in ("b", "dt", "s")
    ]
    assert [row[0] for row in lake.rows("DESCRIBE t")] == [
        "# Table schema:\t\t",
        "# col_name\tdata_type\tcomment",
        "b\tbigint\t",
        "dt\tdate\t",
        "s\tstring\t",
        "\t\t",
        "# Partition spec:\t\t",
        "# field_name\tfield_transform\tcolumn_name",
        "dt\tidentity\tdt",
    ]
    columns = (
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'lake' AND table_name = 't' ORDER BY ordinal_position"
    )
    assert lake.rows(columns) == [("b", "bigint"), ("dt", "date"), ("s", "varchar")]


def test_show_create_table_and_properties(lake: Lake, table: Table) -> None:
    assert table
    assert [row[0] for row in lake.rows("SHOW CREATE TABLE t")] == [
        "CREATE TABLE lake.t (",
        "  a bigint,",
        "  dt date,",
        "  s string)",
        "PARTITIONED BY (`dt`)",
        "LOCATION 's3://data/t'",
        "TBLPROPERTIES (",
        "  'table_type'='iceberg',",
        "  'format'='parquet',",
        "  'write_compression'='zstd'",
        ")",
    ]
    assert lake.rows("SHOW TBLPROPERTIES t('format')") == [("parquet",)]


def test_a_dropped_table_leaves_no_objects(lake: Lake, table: Table) -> None:
    assert table
    lake.put("s3://data/tt/other", b"1")
    lake.execute("DROP TABLE t")
    assert lake.rows("SHOW TABLES") == []
    kept = lake.s3.list_objects_v2(Bucket="data")["Contents"]
    assert [each["Key"] for each in kept] == ["tt/other"]
