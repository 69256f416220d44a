"""Maintain: small files become few, and what no reader needs any more is deleted."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta

from lake.pipeline.apply import roll_forward
from lake.pipeline.documents import Commit, PartChanges, RunRecord
from lake.pipeline.lake import Lake
from lake.tables import LakeTable
from lake.tables.compaction import compaction

log = logging.getLogger(__name__)


def maintain(*, lake: Lake, run_id: str) -> dict[str, int]:
    """Merge small parts of the table and its quarantine, then forget old snapshots and objects.

    Merging is a change of the log like every other: a load that publishes at the same time is first
    or second, and whoever is second works out its change again. Gives how many objects were merged
    and deleted.
    """
    started_at = datetime.now(UTC)
    merged = 0
    while True:
        change = roll_forward(lake)
        lake.rows.ensure()
        lake.quarantine.ensure()
        rows = _compacted(lake, lake.rows, run_id)
        quarantine = _compacted(lake, lake.quarantine, run_id)
        if not rows.add and not quarantine.add:
            break
        commit = Commit(
            number=change + 1,
            commit_id=uuid.uuid4().hex,
            run=RunRecord(
                run_id=run_id,
                kind="maintenance",
                started_at=started_at,
                ended_at=datetime.now(UTC),
            ),
            rows=rows,
            quarantine=quarantine,
        )
        if lake.log.commit(commit):
            merged += len(rows.remove) + len(quarantine.remove)
    before = started_at - timedelta(days=lake.data_set.maintenance.keep_snapshots_days)
    deleted = lake.rows.expire(before=before) + lake.quarantine.expire(before=before)
    log.info("%d objects merged, %d deleted", merged, deleted)
    return {"merged": merged, "deleted": deleted}


def _compacted(lake: Lake, table: LakeTable, run_id: str) -> PartChanges:
    return compaction(
        table,
        target_file_bytes=lake.data_set.maintenance.target_file_bytes,
        staging=f"{table.prefix}{lake.places.run(run_id).staged}merged",
    )
