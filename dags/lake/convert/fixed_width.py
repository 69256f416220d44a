"""Files of fixed width, from lines to batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, arrow_schema
from lake.convert.columns import column_reader
from lake.convert.digits import WORD_BYTES
from lake.convert.lines import Lines, read_lines
from lake.convert.reader import Reader
from lake.convert.records import RecordSorter, reconcile
from lake.convert.rejects import Reject, Rejects
from lake.convert.source import Source
from lake.dataset import DataSet, FixedWidthDataSet
from lake.dataset.encoding import read_encoding


class FixedWidthReader(Reader):
    """Reads a fixed-width file as batches of rows."""

    def __init__(self, dataset: DataSet, rejects: Rejects) -> None:
        if not isinstance(dataset, FixedWidthDataSet):
            raise TypeError(f"{dataset.table_name} is no data set of fixed-width files")
        self._layout = dataset.layout
        self._schema = arrow_schema(dataset.columns)
        encoding = read_encoding(self._layout.encoding)
        self._columns = [column_reader(column, encoding=encoding) for column in dataset.columns]
        self._sorter = RecordSorter(self._layout)
        self._rejects = rejects
        self._filled = 0
        self._bad = np.zeros(BATCH_ROWS, np.bool_)

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return self._sorter.lines

    @property
    def control(self) -> int:
        """Lines among them that are neither rows nor rejected."""
        return self._sorter.control

    @property
    def facts(self) -> Mapping[str, Any]:
        """The lines and the trailer."""
        return self._sorter.facts

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The file's rows in order; a batch is overwritten when the next one is asked for."""
        width = self._layout.record_length + WORD_BYTES
        self._sorter.begin(is_first=source.is_first)
        for lines in read_lines(source, window_bytes=width):
            records = lines.windows(width)
            detail, rejects = self._sorter.sort(lines, records)
            if detail.all():
                details = np.arange(len(lines))
            else:
                details = np.flatnonzero(detail)
                records = records[details]
            while len(details):
                room = BATCH_ROWS - self._filled
                rejects += self._read(lines, details[:room], records[:room])
                details, records = details[room:], records[room:]
                if self._filled == BATCH_ROWS:
                    yield from self._batch()
            self._rejects.extend(rejects)
        yield from self._batch()

    def reconcile(self) -> None:
        """Compare the lines with the trailer's count."""
        reconcile(self._layout, [self.facts])

    @classmethod
    def reconcile_facts(cls, dataset: DataSet, facts: Sequence[Mapping[str, Any]]) -> None:
        """Compare the lines of all ranges with the trailer's count."""
        if not isinstance(dataset, FixedWidthDataSet):
            raise TypeError(f"{dataset.table_name} is no data set of fixed-width files")
        reconcile(dataset.layout, facts)

    def _read(
        self, lines: Lines, details: NDArray[np.intp], records: NDArray[np.uint8]
    ) -> list[Reject]:
        """Read records, the lines at `details`, into the batch; return those that are bad."""
        rejects: list[Reject] = []
        at = self._filled
        bad = self._bad[at : at + len(records)]
        bad[:] = False
        for column in self._columns:
            for reason, rows in column.read(records, at):
                fresh = rows[~bad[rows]]
                bad[fresh] = True
                rejects += [
                    lines.reject(index, reason, column.column.name)
                    for index in details[fresh].tolist()
                ]
        self._filled += len(records)
        return rejects

    def _batch(self) -> Iterator[pa.RecordBatch]:
        """The good rows of what was read since the last batch, if there are any."""
        bad = self._bad[: self._filled]
        good = np.flatnonzero(~bad) if bad.any() else slice(self._filled)
        if not bad.all():
            arrays = [column.array(good) for column in self._columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._filled = 0
