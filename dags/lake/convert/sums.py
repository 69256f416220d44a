"""The sums of columns that trailers say, of the records between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.convert.columns import ColumnReader, ValueReader
from lake.convert.records import Told
from lake.dataset import FixedWidthDataSet

_HALF = 1_000_000_000


class Sums:
    """Keeps the values of some columns until it is known what they are summed over."""

    def __init__(self, dataset: FixedWidthDataSet) -> None:
        layout = dataset.layout
        trailers = [layout.trailer, layout.batch.trailer if layout.batch else None]
        names = {each.of for trailer in trailers if trailer for each in trailer.sum}
        self._values: dict[str, list[NDArray[np.int64]]] = {name: [] for name in names}
        self._unread: dict[str, list[NDArray[np.int64]]] = {name: [] for name in names}

    def add(self, reader: ColumnReader, at: int, count: int, unread: list[Any]) -> None:
        """Keep the values of the records just read, but of those that could not be."""
        name = reader.column.name
        if name not in self._values or not isinstance(reader, ValueReader):
            return
        values = reader.numbers(at, count)
        wrong = np.zeros(count, np.int64)
        for rows in unread:
            wrong[rows] = 1
        values[wrong > 0] = 0
        self._values[name].append(values)
        self._unread[name].append(wrong)

    def put(self, told: Told) -> None:
        """Add the values of these details to their tallies."""
        for name, values in self._values.items():
            if not values:
                continue
            edges = [*told.starts.tolist(), len(told.details)]
            all_values, wrong = np.concatenate(values), np.concatenate(self._unread[name])
            for tally, start, end in zip(told.tallies, edges, edges[1:], strict=False):
                some = all_values[start:end]
                # In two halves, since the sum of many numbers of 18 digits is no 64-bit number.
                high, low = np.divmod(some, _HALF)
                tally.sums[name] += int(high.sum()) * _HALF + int(low.sum())
                tally.unread[name] += int(wrong[start:end].sum())
            values.clear()
            self._unread[name].clear()
