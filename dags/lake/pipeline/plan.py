"""Plan: which of the listed files are new, and which task converts which."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from lake.dataset import DataSet
from lake.pipeline.documents import LandedFile, LoadRecord, Plan
from lake.pipeline.places import Places
from lake.pipeline.store import Store

log = logging.getLogger(__name__)


def plan(*, data_set: DataSet, store: Store, listed_keys: Sequence[str], run_id: str) -> Plan:
    """Split the listed files into those to convert and those that are loaded; write the plan.

    A file is loaded when its record names this very version. Objects that ended since they were
    listed, folder markers and keys outside of the data set's pattern are left alone.
    """
    wanted = {key for key in listed_keys if data_set.accepts(key)}
    files = [file for file in store.landed(data_set.source_prefix) if file.key in wanted]
    places = Places.of(data_set)
    records = store.read_many((places.record(file) for file in files), LoadRecord)
    loaded: list[LandedFile] = []
    new: list[LandedFile] = []
    for file, record in zip(files, records, strict=True):
        known = record and record.state == "loaded" and record.version_id == file.version_id
        (loaded if known else new).append(file)
    made = Plan(
        run_id=run_id,
        batches=batches(new, at_most=data_set.run.max_mapped_tasks),
        loaded=tuple(loaded),
    )
    store.write(places.run(run_id).plan, made)
    log.info("%d files: %d to convert, %d loaded before", len(files), len(new), len(loaded))
    return made


def batches(files: Sequence[LandedFile], *, at_most: int) -> tuple[tuple[LandedFile, ...], ...]:
    """One file a batch; past `at_most` files, that many batches of about the same bytes.

    The largest file first, each to the batch that has the fewest bytes yet. No file gives a batch
    of none: Airflow would skip a task that is mapped over nothing, and with it the deletion of what
    an earlier run loaded.
    """
    if not files:
        return ((),)
    if len(files) <= at_most:
        return tuple((file,) for file in files)
    filled: list[list[LandedFile]] = [[] for _ in range(at_most)]
    sizes = [0] * at_most
    for file in sorted(files, key=lambda file: (-file.size_bytes, file.key)):
        smallest = min(range(at_most), key=lambda batch: (sizes[batch], len(filled[batch])))
        filled[smallest].append(file)
        sizes[smallest] += file.size_bytes
    return tuple(tuple(sorted(batch, key=lambda file: file.key)) for batch in filled)


def batch_label(batch: Sequence[LandedFile]) -> str:
    """How the Airflow UI names a mapped task: by its file, or by the first of its files."""
    if not batch:
        return "nothing new"
    first = batch[0].name
    return first if len(batch) == 1 else f"{first} and {len(batch) - 1} more"
