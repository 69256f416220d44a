"""Apply: make what the change log says visible. Whoever comes by finishes what another began."""

from __future__ import annotations

import logging

from lake.pipeline.documents import Commit, PartChanges
from lake.pipeline.lake import Lake
from lake.tables import Change, LakeTable

log = logging.getLogger(__name__)


def roll_forward(lake: Lake) -> int:
    """Apply every committed change that is not applied yet; gives the number of the last one.

    The tables come first, because a reader asks them; the ledger and the head of the log last.
    """
    number = lake.log.applied()
    while commit := lake.log.read(number + 1):
        _apply(lake, commit)
        number = commit.number
    return number


def _apply(lake: Lake, commit: Commit) -> None:
    log.info("applying change %d of the run %s", commit.number, commit.run.run_id)
    _change(lake.rows, commit, commit.rows)
    _change(lake.quarantine, commit, commit.quarantine)
    lake.index.apply(commit)
    lake.ledger.record(commit.run, change=commit.number)
    lake.log.advance(commit.number)


def _change(table: LakeTable, commit: Commit, changes: PartChanges) -> None:
    table.apply(
        Change(
            number=commit.number, run_id=commit.run.run_id, add=changes.add, remove=changes.remove
        )
    )
