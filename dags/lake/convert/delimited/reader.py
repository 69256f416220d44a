"""Delimited files, from records to batches of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.convert.arrow import type_of
from lake.convert.conversion import Unreadable
from lake.convert.delimited.batches import Batches
from lake.convert.delimited.columns import column_reader
from lake.convert.delimited.dialect import Dialect
from lake.convert.delimited.fields import fields_of
from lake.convert.delimited.header import Places, header_names
from lake.convert.delimited.marks import Positions
from lake.convert.delimited.records import Records
from lake.convert.delimited.window import Window
from lake.convert.reader import Reader
from lake.convert.rejects import Reason, Reject, Rejects
from lake.convert.source import Source
from lake.dataset import DataSet, DelimitedDataSet


class DelimitedReader(Reader):
    """Reads a delimited file as batches of rows."""

    overwrites_batches = False

    def __init__(self, dataset: DataSet, rejects: Rejects) -> None:
        if not isinstance(dataset, DelimitedDataSet):
            raise TypeError(f"{dataset.table_name} is no data set of delimited files")
        self._layout, self._columns = dataset.layout, dataset.columns
        self._dialect = Dialect.of(dataset.layout)
        self._schema = pa.schema(
            [pa.field(each.name, type_of(each.glue_type), each.nullable) for each in self._columns]
        )
        self._readers = [
            column_reader(column, dataset.layout, partition=column.name in dataset.partitions)
            for column in dataset.columns
        ]
        self._rejects = rejects
        self._places: Places | None = None
        self._window: Window | None = None
        self._records = self._control = self._rejected = 0

    @property
    def lines(self) -> int:
        """Records read so far, each control line one of them."""
        return self._records + (self._window.control if self._window else 0)

    @property
    def control(self) -> int:
        """Headers, trailers, comments, and blank and skipped lines among them."""
        return self._control + (self._window.control if self._window else 0)

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The file's rows in order."""
        if self._layout.header == "none" or not source.is_first:
            self._places = Places.by_position(self._columns, self._layout)
        self._window = Window(source, self._layout)
        batches = Batches(self._schema)
        for records in self._window.records():
            details, rejects = self._sort(records)
            self._records += len(records)
            if self._places is not None and len(details):
                rows, bad, faulty = self._read(records, details, self._places)
                rejects += faulty
                size_bytes = int(records.ends[-1] - records.starts[0])
                yield from batches.add(rows, bad, size_bytes)
            self._rejects.extend(rejects)
            self._rejected += len(rejects)
        if self._places is None:
            raise Unreadable("no header: the file has nothing but blank lines and comments")
        yield from batches.rest()

    def reconcile(self) -> None:
        """Compare the records or lines with the trailer's count."""
        trailer, window = self._layout.trailer, self._window
        if trailer is None or window is None:
            return
        if window.trailer is None:
            raise Unreadable(f"no trailer like {trailer.pattern!r} at the end: it was cut off")
        count = window.trailer.groupdict().get("count")
        if count is None:
            return
        if not (count.isascii() and count.isdigit()):
            raise Unreadable(f"the trailer's count, {count!r}, is no number")
        found = window.lines if trailer.of == "lines" else self.lines - self.control
        if int(count) != found:
            raise Unreadable(f"the trailer counts {int(count)} {trailer.of}, but there are {found}")

    def _sort(self, records: Records) -> tuple[Positions, list[Reject]]:
        """Which records have the right fields, and those that are no control records either."""
        control = np.zeros(len(records), np.bool_)
        if self._layout.blank_lines == "skip":
            control |= records.starts == records.ends
        if self._dialect.comment:
            control |= records.starting_with(self._dialect.comment)
        if self._places is None and not control.all():
            header = int(np.argmin(control))
            control[header] = True
            self._places = self._header(records, header)
        self._control += int(control.sum())
        if self._places is None:
            return np.flatnonzero(~control), []
        least, most = self._places.least_fields, self._places.most_fields
        good = (records.counts >= least) & (records.counts <= most)
        good &= ~(records.misquoted | control)
        rejects = []
        for index in np.flatnonzero(~(good | control)).tolist():
            wrong = records.misquoted[index]
            reason = records.misquoting(index) if wrong else Reason.FIELD_COUNT
            rejects.append(records.reject(index, reason))
        return np.flatnonzero(good), rejects

    def _header(self, records: Records, index: int) -> Places:
        """The columns' places, from the header if it says them."""
        if records.misquoted[index]:
            raise Unreadable(f"the header is not well quoted: {records.raw(index)!r}")
        names = header_names(records.content(index), self._dialect, self._layout)
        if self._layout.header == "by_name":
            return Places.by_name(self._columns, self._layout, names)
        places = Places.by_position(self._columns, self._layout)
        if not places.least_fields <= len(names) <= places.most_fields:
            raise Unreadable(
                f"the header has {len(names)} columns, {', '.join(map(repr, names))}; "
                f"declared are {len(self._columns)}"
            )
        return places

    def _read(
        self, records: Records, details: Positions, places: Places
    ) -> tuple[pa.RecordBatch, NDArray[np.bool_], list[Reject]]:
        """The rows of some records, which of them are bad, and these as rejects."""
        starts, ends = _field_bounds(records, details, places, len(self._dialect.delimiter))
        bad = np.zeros(len(details), np.bool_)
        rejects: list[Reject] = []
        arrays: list[pa.Array[Any]] = []
        for reader, place, field in zip(
            self._readers, places.of_columns, self._schema, strict=True
        ):
            if place is None:
                arrays.append(pa.nulls(len(details), field.type))
                continue
            fields = fields_of(
                records.data,
                starts[place],
                ends[place],
                quote=self._dialect.quote,
                trim=self._layout.trim,
            )
            array, faults = reader.read(fields)
            arrays.append(array)
            for reason, rows in faults:
                fresh = rows[~bad[rows]]
                bad[fresh] = True
                rejects += [
                    records.reject(index, reason, reader.column.name)
                    for index in details[fresh].tolist()
                ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema), bad, rejects


def _field_bounds(
    records: Records, details: Positions, places: Places, delimiter_bytes: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the fields of some records start and end: a row a field, a column a record."""
    counts = records.counts
    if places.least_fields == places.most_fields:
        chosen = np.zeros(len(records), np.bool_)
        chosen[details] = True
        marks = records.marks if chosen.all() else records.marks[np.repeat(chosen, counts)]
        ends = np.ascontiguousarray(marks.reshape(len(details), -1).T)
    else:  # of a record that ends early, the last field's end is that of those that lack, too
        last = np.cumsum(counts)[details] - 1
        fields = np.arange(max(place + 1 for place in places.of_columns if place is not None))
        ends = records.marks[np.minimum((last - counts[details] + 1) + fields[:, None], last)]
    starts = np.empty_like(ends)
    starts[0] = records.starts[details]
    starts[1:] = ends[:-1] + delimiter_bytes
    return np.minimum(starts, ends, out=starts), ends
