"""The upkeep of the models' tables: what it makes, merges and forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from lake.models.graph import Graph
from lake.models.upkeep import kept_up, statements
from lake.targets.athena import AthenaTarget

from infra.local.athena.dml import vacuum

SNAPSHOTS = 'SELECT count(*) AS n FROM "model_audit$snapshots"'
FILES = 'SELECT count(*) AS n FROM "model_audit$files"'


def _keep_up(target: AthenaTarget, music: Graph) -> None:
    for table in kept_up(music, "music"):
        target.ensure(table)
        for sql in statements(table).values():
            target.execute(sql)


def test_tables_that_no_run_has_made_yet_do_not_fail_it(target: AthenaTarget, music: Graph) -> None:
    _keep_up(target, music)
    _keep_up(target, music)
    for table in ("music_songplays", "model_audit", "quality_results"):
        assert target.columns(table), table


def test_many_small_files_become_one_and_the_way_there_is_forgotten(
    target: AthenaTarget, music: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep_up(target, music)
    for run in range(3):
        target.execute(
            f"INSERT INTO model_audit VALUES ('d', 'run {run}', 's', 't', 'read', NULL, 1, "
            "TIMESTAMP '2024-01-01 00:00:00')"
        )
    assert target.query(FILES) == target.query(SNAPSHOTS) == [{"n": "3"}]
    _keep_up(target, music)
    assert target.query(FILES) == [{"n": "1"}]
    assert target.query(SNAPSHOTS) == [{"n": "4"}], "a run may read what was there till now"

    monkeypatch.setattr(vacuum, "now", lambda: datetime.now(UTC) + timedelta(days=6))
    _keep_up(target, music)

    assert target.query(SNAPSHOTS) == [{"n": "1"}]
    assert target.query("SELECT count(*) AS n FROM model_audit") == [{"n": "3"}]
    objects = target.athena.lake.s3.list_objects_v2(  # type: ignore[attr-defined] # of the tests
        Bucket="curated", Prefix="_tables/model_audit/data/"
    )
    assert objects["KeyCount"] == 1
