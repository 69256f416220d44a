"""Replay: quarantined records converted again, as they are or mended, into the table.

A record leaves the quarantine and enters the table, under the key of the file that it came from,
in one change: it is in one of them at any time, and what was replayed before is not there any more.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.pipeline.apply import roll_forward
from lake.pipeline.conflicts import conflicting
from lake.pipeline.documents import Commit, FileEntry, FileOutcome, Plan, Published, RunRecord
from lake.pipeline.lake import Lake
from lake.pipeline.parts import without
from lake.pipeline.quarantined import ReplayOrder, quarantine_rows, records_of
from lake.pipeline.reconversion import Reconversion
from lake.tables.changes import Write, changes_for, without_rejects

log = logging.getLogger(__name__)

RECORDS_A_CHANGE = 100_000
"""About so many records are in memory; those of one file stay together."""


def replay(*, lake: Lake, plan: Plan) -> Published:
    """Carry out the run's order, and delete it. Records that are still bad stay in the quarantine.

    Once carried out, by an earlier try or another run, it changes nothing any more.
    """
    body = lake.store.read_landed(plan.replay_key)
    change: int | None = None
    files: list[FileOutcome] = []
    if body is not None:
        order = ReplayOrder.model_validate_json(body)
        for keys in _source_keys(lake, order):
            commit = _replay(lake, plan, order, keys)
            if commit is not None:
                change = commit.number
                files += commit.run.files
        lake.store.delete_order(plan.replay_key)
    published = Published(change=change, files=tuple(files))
    lake.store.write(lake.places.run(plan.run_id).published(plan.attempt), published)
    return published


def _source_keys(lake: Lake, order: ReplayOrder) -> Iterator[list[str]]:
    """The source keys that have records in the quarantine, as many at a time as a change takes."""
    roll_forward(lake)
    counts: dict[str, int] = defaultdict(int)
    for row in quarantine_rows(lake, lake.quarantine.parts(), ["source_key"]):
        if order.source_key in {"", row["source_key"]}:
            counts[row["source_key"]] += 1
    some: list[str] = []
    for key in sorted(counts):
        if some and sum(counts[each] for each in some) + counts[key] > RECORDS_A_CHANGE:
            yield some
            some = []
        some.append(key)
    if some:
        yield some


def _replay(lake: Lake, plan: Plan, order: ReplayOrder, keys: Sequence[str]) -> Commit | None:
    """Commit and apply one change; None where no record can be taken in."""
    while True:
        change = roll_forward(lake)
        with TemporaryDirectory(prefix="lake-") as folder:
            converted = Reconversion(lake, plan, Path(folder))
            converted.add(order, records_of(lake, keys))
            commit = _commit(lake, plan, converted, change + 1)
        if commit is None:
            return None
        if lake.log.commit(commit):
            roll_forward(lake)
            return commit


def _commit(lake: Lake, plan: Plan, converted: Reconversion, number: int) -> Commit | None:
    entries = lake.index.entries(sorted(converted.good))
    data_set = lake.data_set
    # Of a partition that loads overwrite, the other rows stay.
    write: Write = "upsert" if data_set.target.write == "upsert" else "append"
    refused = conflicting(converted.staged, list(converted.good), write=write, replaced=())
    for key, reason in refused.items():
        log.warning("the replayed records of %s stay in the quarantine: %s", key, reason)
    good = {k: rs for k, rs in converted.good.items() if k not in refused and k in entries}
    if not good:
        return None
    place = f"{lake.places.run(plan.run_id).staged}replayed"
    excluded = converted.good.keys() - good.keys()
    staging = f"{lake.rows.prefix}{place}"
    rows = changes_for(
        lake.rows,
        add=list(without(lake.rows, converted.parts, excluded, staging)),
        write=write,
        keys=data_set.keys,
        source_order=sorted(good),
        staging=staging,
    )
    quarantine, _ = without_rejects(
        lake.quarantine,
        rows=[record.identity for records in good.values() for record in records],
        staging=f"{lake.quarantine.prefix}{place}",
    )
    outcomes = tuple(converted.outcome(key, records) for key, records in sorted(good.items()))
    return Commit(
        number=number,
        commit_id=uuid.uuid4().hex,
        run=RunRecord(
            run_id=plan.run_id,
            kind=plan.kind,
            started_at=plan.started_at,
            ended_at=datetime.now(UTC),
            files=outcomes,
        ),
        rows=rows,
        quarantine=quarantine,
        index={
            outcome.key: _entry(entries[outcome.key], outcome, rows.superseded)
            for outcome in outcomes
        },
    )


def _entry(before: FileEntry, outcome: FileOutcome, superseded: Mapping[str, int]) -> FileEntry:
    gained = outcome.rows - superseded.get(outcome.key, 0)
    left = before.quarantined - outcome.records
    return before.model_copy(update={"rows": before.rows + gained, "quarantined": left})
