"""Groups of fields that repeat in a record, each of them a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.convert.arrow import array_of
from lake.convert.column_reader import column_reader
from lake.convert.columns import Rows
from lake.convert.digits import WORD_BYTES
from lake.convert.rejects import Reason
from lake.dataset.fixed_width import Groups


class GroupReader:
    """Reads the groups of records; what is wrong in one of them is wrong with its record."""

    def __init__(self, groups: Groups, *, encoding: str) -> None:
        self._groups = groups
        self._columns = [column_reader(column, encoding=encoding) for column in groups.columns]

    def read(self, records: NDArray[np.uint8], at: int) -> Iterator[tuple[Reason, Rows, str]]:
        """Read the groups of each record into the batch from record `at` on."""
        groups, times = self._groups, self._groups.times
        cut = np.zeros((len(records) * times, groups.width + WORD_BYTES), np.uint8)
        there = records[:, groups.position - 1 : groups.all.end]
        cut[:, : groups.width] = there.reshape(-1, groups.width)
        for column in self._columns:
            for reason, rows in column.read(cut, at * times):
                yield reason, np.unique(rows // times), column.column.name

    def expanded(self, arrays: list[pa.Array[Any]], good: Rows) -> list[pa.Array[Any]]:
        """The rows of the good records: the record's columns, the ordinal and the group's columns.

        Args:
            arrays: the values of the good records.
            good: where they are in the batch.
        """
        times = self._groups.times
        rows = (good[:, None] * times + np.arange(times)).ravel()
        columns = [column.array(rows) for column in self._columns]
        here = np.arange(len(rows))
        if not self._groups.keep_missing:
            missing = np.ones(len(rows), np.bool_)
            for column in columns:
                is_null: Any = np.from_dlpack(pc.cast(pc.is_null(column), pa.uint8()))
                missing &= is_null > 0
            here = np.flatnonzero(~missing)
        ordinal = array_of((here % times + 1).astype(np.int32), pa.int32())
        of_record = array_of(here // times, pa.int64())
        of_group = array_of(here, pa.int64())
        return [
            *(array.take(of_record) for array in arrays),
            ordinal,
            *(column.take(of_group) for column in columns),
        ]
