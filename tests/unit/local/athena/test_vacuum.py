"""VACUUM: what it forgets and deletes, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import Table

from infra.local.athena.dml import vacuum
from infra.local.athena.errors import QueryError
from infra.local.athena.iceberg.retention import Retention
from infra.local.athena.iceberg.unneeded import delete, unneeded, written
from infra.local.athena.iceberg.writes.data_files import upload

from .iceberg import Icebergs
from .lake import Lake, QueryFailed

LATER = timedelta(days=6)
"""When everything that a test wrote is older than what VACUUM keeps unasked."""


@pytest.fixture
def table(icebergs: Icebergs) -> Table:
    return icebergs.of("t", {"x": [1, 2]})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Have VACUUM run some time from now."""

    def arrange(by: timedelta) -> None:
        monkeypatch.setattr(vacuum, "now", lambda: datetime.now(UTC) + by)

    return arrange


def _objects(lake: Lake) -> set[str]:
    listed = lake.s3.list_objects_v2(Bucket="data").get("Contents", [])
    return {each["Key"] for each in listed}


def _files(table: Table) -> set[str]:
    """The data files of the table as it is now."""
    table.refresh()
    tasks = table.scan().plan_files()
    return {task.file.file_path.removeprefix("s3://data/") for task in tasks}


def _snapshots(table: Table) -> list[int]:
    table.refresh()
    return [snapshot.snapshot_id for snapshot in table.metadata.snapshots]


def _state(lake: Lake, table: Table) -> tuple[str, set[str]]:
    table.refresh()
    return table.metadata_location, _objects(lake)


def _properties(**values: int) -> str:
    listed = ", ".join(f"'vacuum_{name}'='{value}'" for name, value in values.items())
    return f"ALTER TABLE t SET TBLPROPERTIES ({listed})"


def test_what_is_old_is_forgotten_and_its_objects_go(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    (first,) = _snapshots(table)
    before = _files(table)
    lake.execute("INSERT INTO t VALUES 3")
    lake.execute("DELETE FROM t WHERE x = 1")
    lake.execute("OPTIMIZE t REWRITE DATA USING BIN_PACK")
    rows = lake.rows("SELECT * FROM t ORDER BY x")
    assert len(lake.rows(f"SELECT * FROM t FOR VERSION AS OF {first}")) == 2
    later(LATER)

    lake.execute("VACUUM t")

    assert lake.rows("SELECT * FROM t ORDER BY x") == rows == [("2",), ("3",)]
    with pytest.raises(QueryFailed, match="Iceberg snapshot ID does not exists"):
        lake.rows(f"SELECT * FROM t FOR VERSION AS OF {first}")
    assert len(_snapshots(table)) == 1
    data = {key for key in _objects(lake) if key.startswith("t/data/")}
    assert data == _files(table)
    assert not data & before
    avro = {key for key in _objects(lake) if key.endswith(".avro")}
    (snapshot,) = table.metadata.snapshots
    manifests = {each.manifest_path for each in snapshot.manifests(table.io)}
    assert {f"s3://data/{key}" for key in avro} == {snapshot.manifest_list, *manifests}


def test_nothing_is_forgotten_before_five_days(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    lake.execute("DELETE FROM t WHERE x = 1")
    lake.execute("OPTIMIZE t REWRITE DATA USING BIN_PACK")
    before = _state(lake, table)
    later(timedelta(days=5, minutes=-1))
    lake.execute("VACUUM lake.`t`")
    assert _state(lake, table) == before


def test_a_second_vacuum_changes_nothing(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    lake.execute("UPDATE t SET x = 5")
    later(LATER)
    lake.execute("VACUUM t")
    after = _state(lake, table)
    lake.execute("VACUUM t")
    assert _state(lake, table) == after


def test_as_many_snapshots_stay_as_the_table_says(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    for x in (3, 4, 5):
        lake.execute(f"INSERT INTO t VALUES {x}")
    lake.execute(_properties(min_snapshots_to_keep=2))
    ids = _snapshots(table)
    later(LATER)

    lake.execute("VACUUM t")

    assert _snapshots(table) == ids[-2:]
    assert len(lake.rows(f"SELECT * FROM t FOR VERSION AS OF {ids[-2]}")) == 4


def test_what_the_table_says_of_age_counts(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    lake.execute("UPDATE t SET x = 5")
    lake.execute(_properties(max_snapshot_age_seconds=3600))
    later(timedelta(hours=2))
    lake.execute("VACUUM t")
    assert len(_snapshots(table)) == 1


def test_a_tag_keeps_its_snapshot(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    (first,) = _snapshots(table)
    table.manage_snapshots().create_tag(first, "audited").commit()
    lake.execute("UPDATE t SET x = 5")
    lake.execute("UPDATE t SET x = 6")
    later(LATER)
    lake.execute("VACUUM t")
    assert first in _snapshots(table)
    assert len(_snapshots(table)) == 2
    assert lake.rows("SELECT * FROM t FOR VERSION AS OF 'audited' ORDER BY x") == [("1",), ("2",)]


def test_metadata_files_are_as_many_as_the_table_says(lake: Lake, table: Table) -> None:
    for x in range(4):
        lake.execute(f"INSERT INTO t VALUES {x}")
    lake.execute(_properties(max_metadata_files_to_keep=2))

    lake.execute("VACUUM t")

    table.refresh()
    named = {table.metadata_location, *(each.metadata_file for each in table.metadata.metadata_log)}
    assert len(named) == 3
    assert {f"s3://data/{key}" for key in _objects(lake) if key.endswith(".json")} == named
    assert len(_snapshots(table)) == 5
    after = _state(lake, table)
    lake.execute("VACUUM t")
    assert _state(lake, table) == after


# What is left alone


def test_what_a_failed_statement_left_goes_once_it_is_old(
    lake: Lake, table: Table, later: Callable[[timedelta], None]
) -> None:
    assert table
    left = {
        "t/data/day=2020-01-01/left.parquet",
        "t/metadata/left-m0.avro",
        "t/metadata/00007-left.metadata.json",
    }
    for key in left:
        lake.put(f"s3://data/{key}", b"left")
    lake.put("s3://data/t/other/mine.txt", b"of somebody else")
    lake.put("s3://data/t2/data/mine.parquet", b"of another table")
    later(timedelta(days=5, minutes=-1))
    lake.execute("VACUUM t")
    assert left < _objects(lake)
    later(LATER)
    lake.execute("VACUUM t")
    assert not left & _objects(lake)
    assert {"t/other/mine.txt", "t2/data/mine.parquet"} < _objects(lake)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("INSERT INTO t VALUES 3", ["1", "2", "3"]),
        ("UPDATE t SET x = 3 WHERE x = 1", ["2", "3"]),
        ("OPTIMIZE t REWRITE DATA USING BIN_PACK", ["1", "2"]),
    ],
)
def test_a_statement_that_runs_meanwhile_loses_nothing(
    lake: Lake, table: Table, monkeypatch: pytest.MonkeyPatch, sql: str, rows: list[str]
) -> None:
    """VACUUM comes after its objects are written and before the table names them."""
    assert table
    lake.execute("UPDATE t SET x = 1 WHERE x = 1")
    lake.execute(_properties(max_snapshot_age_seconds=3600))
    name = "infra.local.athena.dml.changes.upload"
    vacuumed = []

    def vacuum_comes(*arguments: Any) -> None:
        monkeypatch.setattr(name, upload)
        upload(*arguments)
        monkeypatch.setattr(vacuum, "now", lambda: datetime.now(UTC) + timedelta(minutes=50))
        vacuumed.append(lake.execute("VACUUM t"))

    monkeypatch.setattr(name, vacuum_comes)
    lake.execute(sql)
    assert vacuumed
    assert [x for (x,) in lake.rows("SELECT x FROM t ORDER BY x")] == rows


def test_what_is_committed_while_it_runs_is_needed(
    lake: Lake, table: Table, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement so slow that its objects are old commits when they are about to be listed."""

    def then_insert(*arguments: Any) -> Any:
        table.append(pa.table({"x": [3]}))
        return written(*arguments)

    monkeypatch.setattr(vacuum, "written", then_insert)
    later(LATER)
    lake.execute("VACUUM t")
    assert lake.rows("SELECT * FROM t ORDER BY x") == [("1",), ("2",), ("3",)]


# Stopped, and met by another


def test_one_that_was_stopped_before_it_deleted_is_finished_by_the_next(
    lake: Lake, table: Table, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.execute("UPDATE t SET x = 5")
    lake.execute(_properties(max_metadata_files_to_keep=1))
    later(LATER)

    def killed(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "DeleteObjects")

    with monkeypatch.context() as patch:
        patch.setattr(vacuum, "delete", killed)
        before = _objects(lake)
        with pytest.raises(QueryFailed, match="ServiceUnavailable"):
            lake.execute("VACUUM t")
    assert len(_snapshots(table)) == 1
    assert before < _objects(lake)

    lake.execute("VACUUM t")

    data = {key for key in _objects(lake) if key.startswith("t/data/")}
    assert data == _files(table)
    assert len([key for key in _objects(lake) if key.endswith(".json")]) == 2
    assert lake.rows("SELECT * FROM t") == [("5",), ("5",)]


def test_two_at_once_forget_the_same(
    lake: Lake, table: Table, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.execute("UPDATE t SET x = 5")
    later(LATER)
    commit = GlueCatalog.commit_table
    faster = []

    def slower(*arguments: Any) -> Any:
        monkeypatch.setattr(GlueCatalog, "commit_table", commit)
        faster.append(lake.execute("VACUUM t"))
        return commit(*arguments)

    monkeypatch.setattr(GlueCatalog, "commit_table", slower)
    lake.execute("VACUUM t")
    assert faster
    assert len(_snapshots(table)) == 1
    assert lake.rows("SELECT * FROM t") == [("5",), ("5",)]


def test_what_the_caller_may_not_delete_stays() -> None:
    s3 = boto3.client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    asked = {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}], "Quiet": True}}
    with Stubber(s3) as stub:
        answer = {"Errors": [{"Key": "k", "Code": "AccessDenied"}]}
        stub.add_response("delete_objects", answer, asked)
        stub.add_client_error("delete_objects", "AccessDenied", expected_params=asked)
        delete(s3, ["s3://b/k"], check=lambda: None)
        delete(s3, ["s3://b/k"], check=lambda: None)
        stub.assert_no_pending_responses()


def test_what_s3_cannot_delete_fails_the_statement() -> None:
    s3 = boto3.client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(s3) as stub:
        answer = {"Errors": [{"Key": "k", "Code": "InternalError", "Message": "try again"}]}
        stub.add_response("delete_objects", answer)
        stub.add_client_error("delete_objects", "SlowDown", "slower")
        for message in ("s3://b/k: try again", "s3://b/: slower"):
            with pytest.raises(QueryError, match=f"Failed to delete {message}"):
                delete(s3, ["s3://b/k"], check=lambda: None)


# Refusals


def test_what_cannot_be_vacuumed_is_refused(lake: Lake, table: Table) -> None:
    assert table
    lake.table("h", {"x": "int"}, location="s3://data/h/")
    for sql, message in {
        "VACUUM h": "NOT_SUPPORTED: .*VACUUM is for tables of Iceberg: lake.h is none",
        "VACUUM nothing": "TABLE_NOT_FOUND: .*lake.nothing' does not exist",
        'VACUUM "t"': "SYNTAX_ERROR: .*in backticks, not in double quotes",
        "VACUUM t FULL": "SYNTAX_ERROR: .*mismatched input 'FULL'",
    }.items():
        with pytest.raises(QueryFailed, match=message):
            lake.execute(sql)


def test_a_table_that_is_a_whole_bucket_is_refused(lake: Lake, icebergs: Icebergs) -> None:
    icebergs.catalog.create_table("lake.w", pa.schema({"x": pa.int32()}), location="s3://data/")
    message = "GENERIC_INTERNAL_ERROR: Path missing in file system location: s3://data$"
    with pytest.raises(QueryFailed, match=message):
        lake.execute("VACUUM w")


@pytest.mark.parametrize("value", ["", "-1", "a day", "1.5"])
def test_a_property_that_is_no_number_is_named(value: str) -> None:
    properties: Mapping[str, str] = {"vacuum_max_snapshot_age_seconds": value}
    with pytest.raises(QueryError, match="vacuum_max_snapshot_age_seconds should be a number"):
        Retention.of(properties)


def test_metadata_before_what_the_table_names_is_written_by_nobody() -> None:
    now = datetime.now(UTC)
    folder = "s3://b/t/metadata/"
    names = {n: f"{folder}{n:05}-a.metadata.json" for n in range(6)}
    objects = dict.fromkeys([*names.values(), f"{folder}a-m0.avro"], now)
    kept = {names[2], names[3]}
    gone = set(unneeded(objects, kept, before=now - timedelta(days=1)))
    assert gone == {names[0], names[1]}
