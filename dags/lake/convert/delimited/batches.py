"""Good rows collected into batches of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, array_of

BATCH_BYTES = 16 << 20
"""Of the file, that the rows of a batch come from; or one record more."""
_MOST_RUNS = 32
"""Of good rows that are taken without a copy; where more rows are bad, the good are copied."""


class Batches:
    """Collects rows until they are a batch."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._pending: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(
        self, rows: pa.RecordBatch, bad: NDArray[np.bool_], size_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        """Add the rows that are not bad; give the batches that are full."""
        self._bytes += size_bytes
        for run in _good_runs(rows, bad):
            while run.num_rows:
                some = run.slice(0, BATCH_ROWS - self._rows)
                run = run.slice(some.num_rows)  # noqa: PLW2901  # what is left of it
                self._pending.append(some)
                self._rows += some.num_rows
                if self._rows == BATCH_ROWS:
                    yield self._batch()
        if self._rows and self._bytes >= BATCH_BYTES:
            yield self._batch()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last batch, if there is one."""
        if self._rows:
            yield self._batch()

    def _batch(self) -> pa.RecordBatch:
        table = pa.Table.from_batches(self._pending, schema=self._schema).combine_chunks()
        self._pending, self._rows, self._bytes = [], 0, 0
        return table.to_batches()[0]


def _good_runs(rows: pa.RecordBatch, bad: NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    if not bad.any():
        yield rows
        return
    edges = np.flatnonzero(np.diff(bad, prepend=True, append=True))
    if len(edges) > 2 * _MOST_RUNS:
        yield rows.take(array_of(np.flatnonzero(~bad), pa.int64()))
        return
    for start, stop in edges.reshape(-1, 2).tolist():
        yield rows.slice(start, stop - start)
