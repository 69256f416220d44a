"""Publish: commit what the audit accepted as one change, and apply it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lake.pipeline.apply import roll_forward
from lake.pipeline.audit import audit
from lake.pipeline.documents import (
    Commit,
    FileEntry,
    FileOutcome,
    Part,
    PartChanges,
    Plan,
    Published,
    RunRecord,
)
from lake.pipeline.lake import Lake
from lake.pipeline.parts import without
from lake.pipeline.replay import replay
from lake.pipeline.results import Audit
from lake.tables import LakeTable

log = logging.getLogger(__name__)


class PartsMissing(RuntimeError):
    """Objects that were converted are not there any more."""


def publish(*, lake: Lake, plan: Plan) -> Published:
    """Make the accepted files part of the table, all at once.

    Writing the change to the log is the commit. Where another run changed the tables since the
    audit, the files are audited again against what is there now. Published already, by an earlier
    try of this run, they are found unchanged, and nothing happens.

    Raises:
        PartsMissing: the run was left alone for so long that its objects were cleaned away.
    """
    if plan.kind == "replay":
        return replay(lake=lake, plan=plan)
    places = lake.places.run(plan.run_id)
    audited = lake.store.require(places.audit(plan.attempt), Audit)
    while True:
        if roll_forward(lake) != audited.change:
            audited = audit(lake=lake, plan=plan)
        commit = _commit(lake, plan, audited)
        if commit is None or lake.log.commit(commit):
            break
    if commit is None:
        _record_nothing(lake, plan, audited)
    else:
        roll_forward(lake)
    published = Published(change=commit.number if commit else None, files=audited.files)
    lake.store.write(places.published(plan.attempt), published)
    return published


def _commit(lake: Lake, plan: Plan, audited: Audit) -> Commit | None:
    """The change that the accepted files make; None where it would change nothing."""
    accepted = [outcome for outcome in audited.files if outcome.state == "loaded"]
    if not accepted:
        return None
    staged = lake.places.run(plan.run_id).staged
    _require_parts(lake, staged, audited)
    keys = {outcome.key for outcome in accepted}
    replaced = set(lake.index.entries(keys))
    excluded = set(audited.converted) - keys

    def changes(table: LakeTable, parts: Iterable[Part], **how: Any) -> PartChanges:
        from lake.tables.changes import changes_for  # noqa: PLC0415  # pyarrow, in tasks alone

        staging = f"{table.prefix}{staged}published"
        add = list(without(table, parts, excluded, staging))
        return changes_for(table, add=add, replaced_source_keys=replaced, staging=staging, **how)

    data_set, number = lake.data_set, audited.change + 1
    order = sorted(accepted, key=lambda outcome: (outcome.file.landed_at, outcome.key))
    rows = changes(
        lake.rows,
        audited.parts,
        write=data_set.target.write,
        keys=data_set.keys,
        source_order=[outcome.key for outcome in order],
    )
    return Commit(
        number=number,
        commit_id=uuid.uuid4().hex,
        run=_record(plan, audited),
        rows=rows,
        quarantine=changes(lake.quarantine, audited.rejects),
        index={
            outcome.key: _entry(lake, plan, outcome, number, rows.superseded)
            for outcome in accepted
        },
    )


def _require_parts(lake: Lake, staged: str, audited: Audit) -> None:
    """A change whose objects are not there could never be applied."""
    for table, parts in ((lake.rows, audited.parts), (lake.quarantine, audited.rejects)):
        sizes = lake.store.sizes(f"{table.prefix}{staged}") if parts else {}
        if missing := [part.key for part in parts if sizes.get(part.key) != part.size_bytes]:
            raise PartsMissing(
                f"{len(missing)} objects of this run are not there any more, such as "
                f"{missing[0]}: clear the run from its plan on"
            )


def _entry(
    lake: Lake, plan: Plan, outcome: FileOutcome, change: int, superseded: dict[str, int]
) -> FileEntry:
    return FileEntry(
        version_id=outcome.file.version_id,
        sha256=outcome.sha256,
        definition=lake.definition,
        change=change,
        run_id=plan.run_id,
        rows=outcome.rows - superseded.get(outcome.key, 0),
        quarantined=outcome.quarantined,
    )


def _record(plan: Plan, audited: Audit) -> RunRecord:
    return RunRecord(
        run_id=plan.run_id,
        kind=plan.kind,
        started_at=plan.started_at,
        ended_at=datetime.now(UTC),
        files=audited.files,
    )


def _record_nothing(lake: Lake, plan: Plan, audited: Audit) -> None:
    """A run that changed nothing is in the ledger too, unless an earlier try of it did."""
    entries = lake.index.entries([outcome.key for outcome in audited.files])
    if audited.files and all(entry.run_id != plan.run_id for entry in entries.values()):
        lake.ledger.record(_record(plan, audited), change=None)
