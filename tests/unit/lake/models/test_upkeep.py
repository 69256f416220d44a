"""The upkeep of the models' tables: what it makes, merges and forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from lake.models.audit import MODEL_AUDIT
from lake.models.graph import Graph
from lake.models.upkeep import kept_up, statements
from lake.targets.athena import AthenaTarget
from lake.targets.athena_ddl import KEPT_SNAPSHOTS

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


def _insert(target: AthenaTarget, runs: int) -> None:
    for run in range(runs):
        target.execute(
            f"INSERT INTO model_audit VALUES ('d', 'run {run}', 's', 't', 'read', NULL, 1, "
            "TIMESTAMP '2024-01-01 00:00:00')"
        )


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is old when it is vacuumed."""
    monkeypatch.setattr(vacuum, "now", lambda: datetime.now(UTC) + timedelta(days=6))


@pytest.mark.usefixtures("days_later")
def test_many_small_files_become_one_and_the_way_there_is_forgotten(target: AthenaTarget) -> None:
    target.ensure(MODEL_AUDIT)
    _insert(target, 12)
    assert target.query(FILES) == target.query(SNAPSHOTS) == [{"n": "12"}]

    for _ in range(2):
        for sql in statements(MODEL_AUDIT).values():
            target.execute(sql)
        assert target.query(FILES) == [{"n": "1"}]
        assert target.query(SNAPSHOTS) == [{"n": str(KEPT_SNAPSHOTS)}]
        assert target.query("SELECT count(*) AS n FROM model_audit") == [{"n": "12"}]


@pytest.mark.usefixtures("days_later")
def test_a_run_reads_on_what_it_found_when_more_was_published_and_kept_up(
    target: AthenaTarget,
) -> None:
    """The snapshot was old when the run found it, and is the current one no more."""
    target.ensure(MODEL_AUDIT)
    _insert(target, 1)
    (found,) = target.query('SELECT snapshot_id FROM "model_audit$snapshots"')
    _insert(target, 2)
    for sql in statements(MODEL_AUDIT).values():
        target.execute(sql)
    at = f"SELECT count(*) AS n FROM model_audit FOR VERSION AS OF {found['snapshot_id']}"
    assert target.query(at) == [{"n": "1"}]
