"""The incoming rows of an upsert: which of them stay, and which rows of the table they replace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import distinct
from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import Part
from lake.tables.judges import SourceKeys
from lake.tables.parquet import batches, columns_of, open_parquet
from lake.tables.rewrite import Judge, Kept, Rewriter
from lake.tables.row_keys import last_of_each, row_hashes


def groups(
    partitions: Sequence[str], keys: Sequence[str], add: Sequence[Part], live: Sequence[Part]
) -> Iterator[tuple[list[Part], list[Part]]]:
    """Incoming parts, and the live parts that may have rows of the same keys.

    A partition each, where the keys tell the partition; else all of them together.
    """
    if not add:
        return
    if not set(partitions) <= set(keys):
        yield list(add), list(live)
        return
    there: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in live:
        there[part.partition_values].append(part)
    incoming: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in add:
        incoming[part.partition_values].append(part)
    for values, parts in incoming.items():
        yield parts, there[values]


class Incoming:
    """Incoming parts among which no two rows have the same key."""

    def __init__(
        self,
        rewriter: Rewriter,
        parts: Sequence[Part],
        keys: Sequence[str],
        source_order: Sequence[str],
    ) -> None:
        self._keys = keys
        rank = {key: index for index, key in enumerate(source_order)}
        rows = sum(part.rows for part in parts)
        hashes, ranks = np.empty((rows, 2), np.uint64), np.empty(rows, np.int32)
        first = 0
        for part in parts:
            for batch in _read(rewriter, part, [*keys, SOURCE_KEY]):
                here = slice(first, first + batch.num_rows)
                hashes[here] = row_hashes(batch, keys)
                ranks[here] = _ranks(batch, rank)
                first += batch.num_rows
        kept, self._set = last_of_each(hashes, ranks)
        ends = np.cumsum([part.rows for part in parts])[:-1]
        self.parts: list[tuple[Part, Kept]] = list(zip(parts, np.split(kept, ends), strict=True))
        lost = np.bincount(ranks[~kept], minlength=len(source_order))
        self.superseded: Mapping[str, int] = {
            key: int(count) for key, count in zip(source_order, lost, strict=True) if count
        }

    def replaces(self, sources: SourceKeys) -> Judge:
        """Judges the table's rows: those stay that no incoming row and no source replaces."""

        def judge(batch: pa.RecordBatch) -> Kept:
            return sources.judge(batch) & ~self._set.holds(row_hashes(batch, self._keys))

        return judge


def _read(rewriter: Rewriter, part: Part, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    schema = columns_of(rewriter.schema, columns)
    with open_parquet(rewriter.warehouse, part.key, size_bytes=part.size_bytes) as file:
        yield from batches(file, schema)


def _ranks(batch: pa.RecordBatch, rank: Mapping[str, int]) -> NDArray[np.int32]:
    """The place of each row's source in the order."""
    sources, codes = distinct(batch.column(SOURCE_KEY))
    names: list[Any] = sources.to_pylist()
    ranks: NDArray[np.int32] = np.array([rank[name] for name in names], np.int32)[codes]
    return ranks
