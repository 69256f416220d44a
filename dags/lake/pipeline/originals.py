"""Originals: what becomes of the landed objects whose rows are in the table."""

from __future__ import annotations

import logging

from lake.pipeline.documents import Plan, Processed
from lake.pipeline.lake import Lake

log = logging.getLogger(__name__)


def take_away(*, lake: Lake, plan: Plan, number: int) -> int:
    """Archive the objects of a list, or delete them, as the data set says; gives how many.

    An object that was replaced since it was read stays where it is, for the next run.
    """
    places = lake.places.run(plan.run_id)
    files = lake.store.require(places.processed(plan.attempt, number), Processed).files
    if lake.data_set.originals.keep == "archive":
        copied = lake.store.each(
            lambda file: lake.store.copy_landed(file, lake.places.archived(file.key)), files
        )
        files = tuple(file for file, done in zip(files, copied, strict=True) if done)
    kept = lake.store.delete_landed(files)
    for key in kept:
        log.info("%s was replaced meanwhile, or is gone", key)
    return len(files) - len(kept)
