"""Parts on their way to a table: from a conversion's folder to where a change names them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lake.dataset.column import SOURCE_KEY
from lake.pipeline.documents import Part
from lake.pipeline.lake import Lake
from lake.tables import LakeTable

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.convert import conversion as converted
    from lake.tables.rewrite import Kept


def upload(
    lake: Lake, table: LakeTable, place: str, folder: Path, parts: Sequence[converted.Part]
) -> tuple[Part, ...]:
    """Upload parts below `place` of a table, where they stay if the run is published."""
    prefix = f"{table.prefix}{place}"
    lake.store.upload_many({f"{prefix}{part.path}": folder / part.path for part in parts})
    return tuple(
        Part(
            key=f"{prefix}{part.path}",
            partition=dict(part.partition),
            rows=part.rows,
            size_bytes=part.size_bytes,
            first_source_key=part.first_source_key,
            last_source_key=part.last_source_key,
        )
        for part in parts
    )


def without(
    table: LakeTable, parts: Iterable[Part], excluded: Collection[str], staging: str
) -> Iterable[Part]:
    """Staged parts without the rows of these source keys, written anew where they have some."""
    from lake.tables.rewrite import Rewriter  # noqa: PLC0415  # as above

    rewriter, ordered = Rewriter(table, staging=staging), sorted(excluded)
    for part in parts:
        at = bisect_left(ordered, part.first_source_key)
        if at == len(ordered) or ordered[at] > part.last_source_key:
            yield part
        elif part.first_source_key != part.last_source_key:
            kept = rewriter.judged(part, [SOURCE_KEY], lambda batch: _is_not_of(batch, excluded))
            yield from [part] if kept.all() else rewriter.write([(part, kept)])


def _is_not_of(batch: pa.RecordBatch, excluded: Collection[str]) -> Kept:
    """Of each row, whether its source key is none of these."""
    import numpy as np  # noqa: PLC0415

    from lake.convert.arrow import distinct  # noqa: PLC0415

    keys, indices = distinct(batch.column(SOURCE_KEY))
    kept: Kept = np.array([key not in excluded for key in keys.to_pylist()], np.bool_)[indices]
    return kept
