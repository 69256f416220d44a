"""Small parts of a partition become few of about a wanted size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lake.tables.documents import Part, PartChanges
from lake.tables.rewrite import Rewriter
from lake.tables.table import LakeTable

MOST_PARTS = 1000
"""Parts that one compaction takes, so that it ends, and its change stays small."""
SMALL = 0.75
"""A part of less than this share of the wanted size is small."""


def compaction(
    table: LakeTable, *, target_file_bytes: int, staging: str, most_parts: int = MOST_PARTS
) -> PartChanges:
    """The parts to add and to remove for fewer and larger ones of the same rows.

    Nothing to add means that there is nothing to do. Where a run publishes first, the parts to
    remove may be gone: compute again.
    """
    rewriter = Rewriter(table, staging=staging)
    add: list[Part] = []
    remove: list[str] = []
    for parts in mergeable(table.parts(), target_file_bytes=target_file_bytes):
        if len(remove) + len(parts) > most_parts and remove:
            break
        add += rewriter.write(((part, None) for part in parts), target_file_bytes=target_file_bytes)
        remove += [part.key for part in parts]
    return PartChanges(add=tuple(add), remove=tuple(remove))


def mergeable(parts: Iterable[Part], *, target_file_bytes: int) -> Iterator[list[Part]]:
    """Small parts that belong together: of one partition, neighbours by source key."""
    small: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in parts:
        if part.size_bytes < SMALL * target_file_bytes:
            small[part.partition_values].append(part)
    for of_partition in small.values():
        together: list[Part] = []
        for part in sorted(of_partition, key=lambda part: (part.first_source_key, part.key)):
            if sum(each.size_bytes for each in together) + part.size_bytes > target_file_bytes:
                if len(together) > 1:
                    yield together
                together = []
            together.append(part)
        if len(together) > 1:
            yield together
