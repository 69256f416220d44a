"""Files of fixed width, from lines to batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import BATCH_ROWS, arrow_schema
from lake.convert.column_reader import column_reader
from lake.convert.digits import WORD_BYTES
from lake.convert.groups import GroupReader
from lake.convert.lines import Lines, read_lines, read_records
from lake.convert.reader import Reader
from lake.convert.records import RecordSorter, Told
from lake.convert.rejects import Reject, Rejects
from lake.convert.source import Source
from lake.convert.structure import Structure
from lake.convert.sums import Sums
from lake.dataset import DataSet, FixedWidthDataSet
from lake.dataset.encoding import read_encoding


class FixedWidthReader(Reader):
    """Reads a fixed-width file as batches of rows."""

    def __init__(self, dataset: DataSet, rejects: Rejects) -> None:
        dataset = _fixed_width(dataset)
        self._layout = dataset.layout
        self._schema = arrow_schema(dataset.columns)
        encoding = read_encoding(self._layout.encoding)
        self._columns = [
            column_reader(column, encoding=encoding) for column in dataset.record_columns
        ]
        groups = dataset.rows_of_groups
        self._groups = GroupReader(groups, encoding=encoding) if groups else None
        self._structure = Structure(dataset)
        self._sorter = RecordSorter(dataset, self._structure)
        self._sums = Sums(dataset)
        self._rejects = rejects
        self._room = max(1, BATCH_ROWS // groups.times) if groups else BATCH_ROWS
        self._filled = 0
        self._bad = np.zeros(self._room, np.bool_)
        self._expanded = 0

    @property
    def lines(self) -> int:
        """Records read so far."""
        return self._sorter.lines

    @property
    def control(self) -> int:
        """Records among them that are neither rows nor rejected."""
        return self._sorter.control

    @property
    def expanded(self) -> int:
        """Rows beyond one a record, of groups that become rows."""
        return self._expanded

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the trailers have to agree with, and what they say."""
        return self._structure.facts

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The file's rows in order; a batch is overwritten when the next one is asked for."""
        width = self._layout.record_length + WORD_BYTES
        for lines in self._lines(source, width):
            records = lines.windows(width)
            if self._layout.pad_short:
                records = _padded(records, lines, self._layout.record_length)
            begins_file = source.is_first and lines.first_number == 1
            told = self._sorter.tell(lines, records, begins_file=begins_file)
            details = told.details
            if len(details) < len(lines):
                records = records[details]
            rejects = told.rejects
            while len(details):
                room = self._room - self._filled
                rejects += self._read(lines, details[:room], records[:room])
                details, records = details[room:], records[room:]
                if self._filled == self._room:
                    yield from self._batch()
            self._rejects.extend(rejects)
            self._add_to_structure(told)
        yield from self._batch()

    def reconcile(self) -> None:
        """Compare the records with what the trailers say."""
        self._structure.reconcile()

    @classmethod
    def reconcile_facts(cls, dataset: DataSet, facts: Sequence[Mapping[str, Any]]) -> None:
        """Compare the records of all ranges with what the trailers say."""
        Structure.joined(_fixed_width(dataset), facts).reconcile()

    def _lines(self, source: Source, window_bytes: int) -> Iterator[Lines]:
        if self._layout.line_end == "none":
            length = self._layout.record_length
            return read_records(source, record_bytes=length, window_bytes=window_bytes)
        return read_lines(source, window_bytes=window_bytes)

    def _read(
        self, lines: Lines, details: NDArray[np.intp], records: NDArray[np.uint8]
    ) -> list[Reject]:
        """Read records, the lines at `details`, into the batch; return those that are bad."""
        rejects: list[Reject] = []
        at = self._filled
        bad = self._bad[at : at + len(records)]
        bad[:] = False
        for reason, rows, name in self._faults(records, at):
            fresh = rows[~bad[rows]]
            bad[fresh] = True
            rejects += [lines.reject(index, reason, name) for index in details[fresh].tolist()]
        self._filled += len(records)
        return rejects

    def _faults(
        self, records: NDArray[np.uint8], at: int
    ) -> Iterator[tuple[Any, NDArray[np.intp], str]]:
        for column in self._columns:
            unread = []
            for reason, rows in column.read(records, at):
                unread.append(rows)
                yield reason, rows, column.column.name
            self._sums.add(column, at, len(records), unread)
        if self._groups:
            yield from self._groups.read(records, at)

    def _add_to_structure(self, told: Told) -> None:
        self._sums.put(told)
        for index, tally in enumerate(told.tallies):
            if index:
                self._structure.mark(told.marks[index - 1])
            self._structure.add(tally)

    def _batch(self) -> Iterator[pa.RecordBatch]:
        """The good rows of what was read since the last batch, if there are any."""
        bad = self._bad[: self._filled]
        if not bad.all():
            good = np.flatnonzero(~bad) if bad.any() else slice(self._filled)
            arrays = [column.array(good) for column in self._columns]
            if self._groups:
                rows = np.arange(self._filled) if isinstance(good, slice) else good
                arrays = self._groups.expanded(arrays, rows)
                self._expanded += len(arrays[0]) - len(rows)
            yield pa.RecordBatch.from_arrays(arrays, schema=self._schema_of(arrays))
        self._filled = 0

    def _schema_of(self, arrays: Sequence[pa.Array[Any]]) -> pa.Schema:
        """The data set's schema, with the texts that are no dictionary plain."""
        pairs = zip(self._schema, arrays, strict=True)
        return pa.schema([field.with_type(array.type) for field, array in pairs])


def _fixed_width(dataset: DataSet) -> FixedWidthDataSet:
    if not isinstance(dataset, FixedWidthDataSet):
        raise TypeError(f"{dataset.table_name} is no data set of fixed-width files")
    return dataset


def _padded(records: NDArray[np.uint8], lines: Lines, length: int) -> NDArray[np.uint8]:
    """The records, those that are too short with spaces at their end."""
    short = np.flatnonzero(lines.lengths < length)
    if len(short):
        records = records.copy()
        some = records[short]
        some[np.arange(records.shape[1]) >= lines.lengths[short, None]] = ord(" ")
        records[short] = some
    return records
