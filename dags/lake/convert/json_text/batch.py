"""The rows of many chunks of records, gathered for one batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lake.convert.arrow import array_of, type_of
from lake.convert.json_text.buffers import Mask, numbers_in
from lake.convert.json_text.chunks import Chunk, Oversized, Why
from lake.convert.json_text.reasons import Reasons
from lake.convert.json_text.record import Branch, Leaf
from lake.convert.json_text.values import Fault, Values
from lake.convert.rejects import Reject
from lake.dataset import JsonDataSet


class PendingBatch:
    """Takes decoded records; makes a batch of rows and rejects of them."""

    def __init__(self, dataset: JsonDataSet, record: Branch, reasons: Reasons) -> None:
        self._record = record
        self._reasons = reasons
        leaves = {leaf.column.name: leaf for leaf in record.leaves()}
        self._leaves = [leaves[column.name] for column in dataset.columns]
        self._schema = pa.schema(
            [
                pa.field(column.name, type_of(column.glue_type), column.nullable)
                for column in dataset.columns
            ]
        )
        self._chunks: list[tuple[Chunk, dict[int, Why | None]]] = []
        self._oversized: list[Oversized] = []
        self.rows = 0
        """Records taken."""
        self.size_bytes = 0
        """Of the JSON that they were."""

    @property
    def records(self) -> int:
        """All that was taken, rows or not."""
        return sum(len(chunk) for chunk, _ in self._chunks) + len(self._oversized)

    @property
    def empty(self) -> int:
        """Empty lines among them."""
        return sum(not why for _, others in self._chunks for why in others.values())

    def add(self, chunk: Chunk, records: Values, others: dict[int, Why | None]) -> None:
        """Take the decoded records of a chunk, which are all of its texts but some others.

        Why they are none is None for empty lines.
        """
        self._chunks.append((chunk, others))
        self.rows += len(records)
        self.size_bytes += len(chunk.data)
        if records:
            self._record.add(records)

    def add_oversized(self, record: Oversized) -> None:
        """Take a record that is too long to be decoded."""
        self._oversized.append(record)

    def finish(self) -> tuple[pa.RecordBatch | None, list[Reject]]:
        """The good rows, if there are any, and what else was taken since the last time."""
        batch, faults = self._batch() if self.rows else (None, {})
        rejects = [record.reject() for record in self._oversized]
        first = 0
        for chunk, others in self._chunks:
            whys = {index: why for index, why in others.items() if why}
            indices = np.delete(np.arange(len(chunk)), list(others)) if faults else ()
            rows = [row for row in faults if first <= row < first + len(indices)]
            whys |= {int(indices[row - first]): faults[row] for row in rows}
            first += len(indices)
            rejects += chunk.rejects(whys)
        if batch and faults:
            good = np.delete(np.arange(self.rows), list(faults))
            batch = batch.take(array_of(good, pa.int64())) if len(good) else None
        self._chunks.clear()
        self._oversized.clear()
        self.rows = self.size_bytes = 0
        return batch, rejects

    def _batch(self) -> tuple[pa.RecordBatch, dict[int, Why]]:
        """All rows, and why some of them are none: reason and column."""
        arrays: list[pa.Array[Any]] = []
        faults: dict[int, Why] = {}
        for leaf in self._leaves:
            array, wrong = leaf.builder.finish()
            arrays.append(array)
            for fault in [*wrong, *_missing(leaf, array)]:
                reason = self._reasons.of_value(fault.what, leaf.column, fault.place)
                faults.setdefault(fault.row, reason)
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema), faults


def _missing(leaf: Leaf, array: pa.Array[Any]) -> list[Fault]:
    """The rows that have no value, of a column that needs one."""
    if leaf.column.nullable or not array.null_count:
        return []
    what = f"Expected `{leaf.column.type}`, got a missing value"
    return [Fault(row, what) for row in np.flatnonzero(~_present(array)).tolist()]


def _present(array: pa.Array[Any]) -> Mask:
    bitmap = numbers_in(array, 0, np.uint8)
    return np.unpackbits(bitmap, count=len(array), bitorder="little").astype(np.bool_)
