"""Plan: which files are new, and which task converts which."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from lake.engines.limits import Engine, engine_for
from lake.pipeline import packing
from lake.pipeline.apply import roll_forward
from lake.pipeline.documents import Batch, FileEntry, FileRange, Kind, LandedFile, Plan
from lake.pipeline.lake import Lake
from lake.pipeline.packing import label, pack, ranges_of
from lake.pipeline.selection import Selection

log = logging.getLogger(__name__)

HEAD_BYTES = 16
"""Of a file, that tell how it is compressed."""


def plan(
    *, lake: Lake, selection: Selection, run_id: str, task_slots: int, most_tasks: int
) -> Plan:
    """Finish what an earlier run left, make the tables ready, and share out the selected files.

    Args:
        lake: the data set's.
        selection: the files that the run is about.
        run_id: the run.
        task_slots: how many tasks the environment runs at once.
        most_tasks: how many it may map, besides what the data set says.

    Raises:
        lake.tables.IncompatibleSchema: the tables cannot take the data set's columns.
    """
    started_at = datetime.now(UTC)
    change = roll_forward(lake)
    field_ids, quarantine_field_ids = lake.rows.ensure(), lake.quarantine.ensure()
    lake.ledger.ensure()
    files = sorted(selection.files(lake), key=lambda file: file.key)
    entries = lake.index.entries([file.key for file in files])
    loaded = [file for file in files if _is_loaded(file, entries, selection.kind)]
    batches = _batches(
        lake,
        sorted(set(files) - set(loaded), key=lambda file: file.key),
        task_slots=task_slots,
        most_tasks=min(most_tasks, lake.data_set.run.max_mapped_tasks),
    )
    made = Plan(
        run_id=run_id,
        kind=selection.kind,
        attempt=uuid.uuid4().hex[:12],
        started_at=started_at,
        change=change,
        files=len(files),
        labels=tuple(batch.label for batch in batches),
        spark_batch=next((each.number for each in batches if each.engine == "spark"), None),
        loaded=tuple(loaded),
        replay_key=selection.replay_key,
        field_ids=field_ids,
        quarantine_field_ids=quarantine_field_ids,
    )
    places = lake.places.run(run_id)
    lake.store.write_many({places.batch(made.attempt, b.number): b for b in batches})
    lake.store.write(places.plan, made)
    log.info("%d files, %d loaded before, %d batches", len(files), len(loaded), len(batches))
    return made


def read_plan(lake: Lake, run_id: str) -> Plan:
    """The plan of a run, as it stands.

    Raises:
        FileNotFoundError: the run was not planned.
    """
    return lake.store.require(lake.places.run(run_id).plan, Plan)


def _is_loaded(file: LandedFile, entries: dict[str, FileEntry], kind: Kind) -> bool:
    """A backfill converts again what was loaded; it may give other rows today."""
    entry = entries.get(file.key)
    return kind == "load" and entry is not None and entry.version_id == file.version_id


def _batches(
    lake: Lake, files: Iterable[LandedFile], *, task_slots: int, most_tasks: int
) -> list[Batch]:
    by_engine: dict[Engine, list[LandedFile]] = {"worker": [], "athena": [], "spark": []}
    for file in files:
        by_engine[engine_for(lake.data_set, file.size_bytes)].append(file)
    handed: list[tuple[Engine, tuple[FileRange, ...]]] = [
        ("athena", (FileRange(file=file),)) for file in by_engine["athena"]
    ]
    if spark := by_engine["spark"]:
        handed.append(("spark", tuple(FileRange(file=file) for file in spark)))
    ranges = [
        each
        for file in by_engine["worker"]
        for each in ranges_of(file, splittable=_can_be_cut(lake, file))
    ]
    left = max(1, most_tasks - len(handed))
    packed: list[tuple[Engine, tuple[FileRange, ...]]] = [
        ("worker", batch) for batch in pack(ranges, task_slots=task_slots, most_tasks=left)
    ]
    return [
        Batch(number=number, label=label(batch), engine=engine, ranges=batch)
        for number, (engine, batch) in enumerate(handed + packed or [("worker", ())])
    ]


def _can_be_cut(lake: Lake, file: LandedFile) -> bool:
    """Whether the file can be read in ranges, and is large enough for some."""
    from lake.convert.contents import can_be_cut  # noqa: PLC0415  # pyarrow, for large files alone

    if not lake.data_set.layout.splittable or file.size_bytes < packing.RANGE_BYTES:
        return False
    return can_be_cut(lake.data_set, lake.store.head(file, HEAD_BYTES))
