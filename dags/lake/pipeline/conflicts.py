"""Conflicts: files whose keys are those of other rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

from lake.pipeline.staged import Staged


def conflicting(staged: Staged, accepted: Collection[str]) -> dict[str, str]:
    """Of the accepted files those that the table cannot take, each with the reason.

    `append`: no two rows have the same keys. `overwrite_partitions`: no two of the run's. `upsert`:
    a later row replaces an earlier one, also of the same run.
    """
    data_set = staged.lake.data_set
    if not data_set.keys or data_set.target.write == "upsert":
        return {}
    held = staged.held_keys() if data_set.target.write == "append" else ()
    return refusals(
        accepted=accepted,
        same=list(staged.same_keys()),
        held=list(held),
        keys=", ".join(data_set.keys),
    )


def refusals(
    *,
    accepted: Collection[str],
    same: Iterable[tuple[str, ...]],
    held: Iterable[tuple[str, str]],
    keys: str,
) -> dict[str, str]:
    """Which of the accepted source keys to refuse, and why, so that no keys are there twice.

    Args:
        accepted: the source keys that replace what the table has of them.
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
            if alive(key) and not alive(other):
                refused[key] = f"its keys ({keys}) are in the table from {other}"
        for sources in same:
            first, *rest = [key for key in dict.fromkeys(sources) if alive(key)] or [""]
            for key in rest:
                refused[key] = f"its keys ({keys}) are those of rows from {first}"
        if len(refused) == before:
            return refused
