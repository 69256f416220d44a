"""How a change of a table of Iceberg becomes visible, beside changes of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException

from infra.local.athena.iceberg.writes.data_files import upload

from .iceberg import Icebergs, sorted_rows
from .lake import Lake, QueryFailed


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
    assert [row["x"] for row in sorted_rows(table)] == [1, 2, 3]
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
    assert [row["x"] for row in sorted_rows(table)] == [1, 2]
    lake.execute(sql)
    assert [row["x"] for row in sorted_rows(table)] != [1, 2]


def test_a_merge_does_not_insert_what_another_commit_has_inserted(
    lake: Lake, icebergs: Icebergs, between: Callable[[Callable[[], object]], None]
) -> None:
    table = icebergs.of("t", {"x": [1]})
    sql = "MERGE INTO t USING (SELECT 2 AS y) ON x = y WHEN NOT MATCHED THEN INSERT VALUES (y)"
    between(lambda: table.append(pa.table({"x": [2]})))
    with pytest.raises(QueryFailed, match="ICEBERG_COMMIT_ERROR"):
        lake.execute(sql)
    lake.execute(sql)
    assert [row["x"] for row in sorted_rows(table)] == [1, 2]


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
    assert [row["x"] for row in sorted_rows(table)] == [2]
    assert len(table.history()) == 2


def test_manifests_are_merged_once_they_are_many(lake: Lake, icebergs: Icebergs) -> None:
    properties = {"commit.manifest.min-count-to-merge": "3"}
    table = icebergs.create("t", pa.schema({"x": pa.int32()}), properties=properties)
    for number in range(6):
        lake.execute(f"INSERT INTO t VALUES ({number}), (NULL)")
        lake.execute("DELETE FROM t WHERE x IS NULL")
    assert [row["x"] for row in sorted_rows(table)] == list(range(6))
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
