"""The rows of many chunks of records, gathered for one batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lake.convert.arrow import array_of, type_of
from lake.convert.json_text.buffers import Mask, numbers_in
from lake.convert.json_text.chunks import Chunk
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
        self._chunks: list[tuple[Chunk, list[int]]] = []
        self.rejects: list[Reject] = []
        """Records that were no rows from the start."""
        self.rows = 0
        """Records taken."""
        self.size_bytes = 0
        """Of the JSON that they were."""

    def add(self, chunk: Chunk, records: Values, others: list[int]) -> None:
        """Take the decoded records of a chunk, which are all of its texts but some others."""
        self._chunks.append((chunk, others))
        self.rows += len(records)
        self.size_bytes += len(chunk.data)
        if records:
            self._record.add(records)

    def finish(self) -> tuple[pa.RecordBatch | None, list[Reject]]:
        """The good rows, if there are any, and what else was taken since the last time."""
        rejects, self.rejects = self.rejects, []
        batch = None
        if self.rows:
            batch, faults = self._batch()
            if faults:
                rejects += self._rejected(faults)
                good = np.delete(np.arange(self.rows), list(faults))
                batch = batch.take(array_of(good, pa.int64())) if len(good) else None
        self._chunks.clear()
        self.rows = self.size_bytes = 0
        return batch, rejects

    def _batch(self) -> tuple[pa.RecordBatch, dict[int, tuple[str, str]]]:
        """All rows, and why some of them are none: reason and column."""
        arrays: list[pa.Array[Any]] = []
        faults: dict[int, tuple[str, str]] = {}
        for leaf in self._leaves:
            array, wrong = leaf.builder.finish()
            arrays.append(array)
            for fault in [*wrong, *_missing(leaf, array)]:
                reason = self._reasons.of_value(fault.what, leaf.column, fault.place)
                faults.setdefault(fault.row, reason)
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema), faults

    def _rejected(self, faults: dict[int, tuple[str, str]]) -> list[Reject]:
        """The records of these rows."""
        rejects, first = [], 0
        for chunk, others in self._chunks:
            indices = np.delete(np.arange(len(chunk.texts)), others)
            end = first + len(indices)
            rejects += [
                chunk.reject(int(indices[row - first]), *faults[row])
                for row in faults
                if first <= row < end
            ]
            first = end
        return rejects


def _missing(leaf: Leaf, array: pa.Array[Any]) -> list[Fault]:
    """The rows that have no value, of a column that needs one."""
    if leaf.column.nullable or not array.null_count:
        return []
    what = f"Expected `{leaf.column.type}`, got a missing value"
    return [Fault(row, what) for row in np.flatnonzero(~_present(array)).tolist()]


def _present(array: pa.Array[Any]) -> Mask:
    bitmap = numbers_in(array, 0, np.uint8)
    return np.unpackbits(bitmap, count=len(array), bitorder="little").astype(np.bool_)
