"""Packing: how much of what lands one mapped task takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from lake.pipeline.documents import FileRange, LandedFile

RANGE_BYTES = 256_000_000
"""About so much of a file that can be cut is one range: some seconds of work."""
REQUEST_BYTES = 256 * 1024
"""What it costs to ask for an object, in bytes that are converted in the same time."""
LEAST_TASK_BYTES = 32_000_000
"""Less is not worth a task of its own, which takes seconds to start."""
MOST_TASK_BYTES = 4_000_000_000
"""More is lost where a task is killed; past it there are more tasks than slots."""


def ranges_of(file: LandedFile, *, splittable: bool) -> tuple[FileRange, ...]:
    """The ranges that a file is converted in; where they begin depends on its size alone."""
    count = round(file.size_bytes / RANGE_BYTES) if splittable else 1
    if count <= 1:
        return (FileRange(file=file),)
    bounds = [file.size_bytes * number // count for number in range(count + 1)]
    return tuple(FileRange(file=file, start=start, end=end) for start, end in pairwise(bounds))


def pack(
    ranges: Sequence[FileRange], *, task_slots: int, most_tasks: int
) -> tuple[tuple[FileRange, ...], ...]:
    """Batches of about the same work, each of neighbours in the order of `ranges`.

    Small files share a task until it has `LEAST_TASK_BYTES`; then there are as many tasks as slots,
    and past `MOST_TASK_BYTES` a task more, up to `most_tasks`. Neighbours stay together, so that a
    part of the table holds few files that are close to each other.
    """
    weights = [each.size_bytes + REQUEST_BYTES for each in ranges]
    total = sum(weights)
    wanted = max(
        min(math.ceil(total / LEAST_TASK_BYTES), task_slots), math.ceil(total / MOST_TASK_BYTES)
    )
    count = min(wanted, most_tasks)
    batches: list[list[FileRange]] = [[] for _ in range(count)]
    before = 0
    for each, weight in zip(ranges, weights, strict=True):
        batches[(2 * before + weight) * count // (2 * total)].append(each)
        before += weight
    return tuple(tuple(batch) for batch in batches if batch)


def label(batch: Sequence[FileRange]) -> str:
    """How the Airflow UI names a mapped task: by the first of its files, and how much follows."""
    if not batch:
        return "nothing new"
    first = batch[0]
    name = first.file.name if first.is_whole else f"{first.file.name} from byte {first.start}"
    return name if len(batch) == 1 else f"{name} and {len(batch) - 1} more"
