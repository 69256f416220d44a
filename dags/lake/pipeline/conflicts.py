"""Conflicts: files whose keys are those of other rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

from lake.pipeline.staged import Staged
from lake.tables.changes import Write


def conflicting(
    staged: Staged,
    accepted: Collection[str],
    *,
    write: Write,
    replaced: Collection[str],
    table_is_empty: bool = False,
) -> dict[str, str]:
    """Of the accepted files those that the table cannot take, each with the reason.

    `append`: no two rows have the same keys. `overwrite_partitions`: no two of the run's. `upsert`:
    a later row replaces an earlier one, also of the same run. What the table has of the `replaced`
    files goes.
    """
    keys = staged.lake.data_set.keys
    if not keys or write == "upsert":
        return {}
    return refusals(
        accepted=accepted,
        replaced=replaced,
        same=list(staged.same_keys()),
        held=list(staged.held_keys()) if write == "append" and not table_is_empty else [],
        keys=", ".join(keys),
    )


def refusals(
    *,
    accepted: Collection[str],
    replaced: Collection[str],
    same: Iterable[tuple[str, ...]],
    held: Iterable[tuple[str, str]],
    keys: str,
) -> dict[str, str]:
    """Which of the accepted source keys to refuse, and why, so that no keys are there twice.

    Args:
        accepted: the source keys of the run.
        replaced: those of which the table's rows go, as long as they are not refused.
        same: source keys with rows of the same keys, sorted; one with several such rows is twice
            in it.
        held: source keys with rows whose keys the table holds from another.
        keys: the names of the keys, for the reasons.
    """
    refused: dict[str, str] = {}

    def alive(key: str) -> bool:
        return key in accepted and key not in refused

    for sources in same:
        for first, second in pairwise(sources):
            if first == second and alive(first):
                refused[first] = f"it has several rows of the same keys ({keys})"
    # What is refused leaves its earlier rows in the table, where others may come upon them.
    while True:
        before = len(refused)
        for key, other in held:
            if alive(key) and not (other in replaced and alive(other)):
                refused[key] = f"its keys ({keys}) are in the table from {other}"
        for sources in same:
            first, *rest = [key for key in dict.fromkeys(sources) if alive(key)] or [""]
            for key in rest:
                refused[key] = f"its keys ({keys}) are those of rows from {first}"
        if len(refused) == before:
            return refused
