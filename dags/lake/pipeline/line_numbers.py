"""Line numbers of records that a byte range quarantined, counted from the file's start."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lake.pipeline.documents import Part
from lake.pipeline.lake import Lake
from lake.pipeline.results import RangeResult

if TYPE_CHECKING:
    import pyarrow as pa

type LinesBefore = Callable[[str, int], int]
"""The lines of a source key's file before the range that a byte is in."""


def from_the_file_start(
    lake: Lake, *, rejects: Sequence[Part], results: Iterable[RangeResult]
) -> tuple[Part, ...]:
    """The parts, those that hold records of later ranges written anew with their lines in the file.

    A range counts its lines from its own start, and does not know how many stand before it.
    """
    starts: dict[str, list[int]] = defaultdict(list)
    lines: dict[str, list[int]] = defaultdict(list)
    split = [result for result in results if not result.range.is_whole]
    for result in sorted(split, key=lambda result: (result.range.file.key, result.range.start)):
        starts[result.range.file.key].append(result.range.start)
        lines[result.range.file.key].append(result.counts.lines)

    def lines_before(key: str, byte_offset: int) -> int:
        return sum(lines[key][: bisect_right(starts[key], byte_offset) - 1]) if key in lines else 0

    return tuple(
        _rewritten(lake, part, lines_before)
        if any(part.first_source_key <= key <= part.last_source_key for key in starts)
        else part
        for part in rejects
    )


def _rewritten(lake: Lake, part: Part, lines_before: LinesBefore) -> Part:
    import io  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415  # 40 MB, wanted where a range quarantined something
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(pa.BufferReader(lake.store.get_bytes(part.key)))
    numbers = _numbers(table, lines_before)
    column = table.schema.get_field_index("line_number")
    table = table.set_column(column, table.schema.field(column), numbers)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", store_schema=False)
    key = part.key.removesuffix(".parquet") + "-lines.parquet"
    lake.store.put_bytes(key, sink.getvalue())
    return part.model_copy(update={"key": key, "size_bytes": len(sink.getvalue())})


def _numbers(table: pa.Table, lines_before: LinesBefore) -> pa.Array[pa.Int64Scalar]:
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    from lake.convert.arrow import array_of  # noqa: PLC0415

    rows: list[dict[str, Any]] = table.select(
        ["source_key", "byte_offset", "line_number"]
    ).to_pylist()
    numbers = [
        row["line_number"] + lines_before(row["source_key"], row["byte_offset"]) for row in rows
    ]
    return array_of(np.array(numbers, np.int64), pa.int64())
