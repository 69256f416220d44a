"""JSON files, from text to batches of rows."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from lake.convert.arrow import BATCH_ROWS
from lake.convert.json_text.batch import PendingBatch
from lake.convert.json_text.chunks import Chunk, Oversized, Why
from lake.convert.json_text.elements import read_document, read_elements
from lake.convert.json_text.lines import read_lines
from lake.convert.json_text.reasons import Reasons
from lake.convert.json_text.record import record_type
from lake.convert.json_text.syntax import SYNTAX_ERRORS
from lake.convert.json_text.unknown import UNKNOWN_FIELDS, UnknownFields
from lake.convert.reader import Reader
from lake.convert.rejects import Rejects
from lake.convert.source import Source
from lake.dataset import DataSet, JsonDataSet
from lake.dataset.encoding import codec_name, read_encoding

BATCH_BYTES = 8 << 20
"""Of JSON that a batch is made from at most, or one chunk; rejects are cut from it."""


class JsonReader(Reader):
    """Reads a JSON file as batches of rows."""

    overwrites_batches = False

    def __init__(self, dataset: DataSet, rejects: Rejects) -> None:
        if not isinstance(dataset, JsonDataSet):
            raise TypeError(f"{dataset.table_name} is no data set of JSON")
        self._layout = dataset.layout
        self._encoding = codec_name(read_encoding(dataset.layout.encoding))
        self._rejects = rejects
        self._reasons = Reasons(dataset.columns, encoding=self._encoding)
        self._record = record_type(dataset)
        self._pending = PendingBatch(dataset, self._record, self._reasons)
        self._decoder = msgspec.json.Decoder(self._record.json_type)
        # Only where somebody wants to know: looking takes its time.
        self._unknown = UnknownFields(dataset) if dataset.checks.schema_drift else None
        self._lines = 0
        self._control = 0

    @property
    def lines(self) -> int:
        """Records read so far; of JSON lines, empty lines too."""
        return self._lines

    @property
    def control(self) -> int:
        """Empty lines among them."""
        return self._control

    @property
    def facts(self) -> Mapping[str, Any]:
        """The fields that no column reads: how many of the records looked at have each."""
        found = self._unknown.counts if self._unknown else None
        return {UNKNOWN_FIELDS: found} if found else {}

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The file's rows in order."""
        pending = self._pending
        for chunk in self._chunks(source):
            if isinstance(chunk, Oversized):
                pending.add_oversized(chunk)
                continue
            if (
                pending.rows + len(chunk) > BATCH_ROWS
                or pending.size_bytes + len(chunk.data) > BATCH_BYTES
            ):
                yield from self._finished()
            if self._unknown:
                self._unknown.look(chunk, self._encoding)
            with _no_garbage_collection():
                self._read(chunk)
        yield from self._finished()

    def _chunks(self, source: Source) -> Iterator[Chunk | Oversized]:
        """The file's records, as text."""
        if self._layout.records == "lines":
            return read_lines(source)
        if self._layout.records == "document" and self._layout.items is None:
            return read_document(source, encoding=self._encoding)
        return read_elements(source, self._layout.items or (), encoding=self._encoding)

    def _read(self, chunk: Chunk) -> None:
        """Decode a chunk's records."""
        is_utf_8 = chunk.data.isascii() or (self._encoding == "utf-8" and _is_utf_8(chunk.data))
        others: dict[int, Why | None] = {}
        records = self._decode_lines(chunk, is_utf_8=is_utf_8)
        if records is None:
            records, others = self._decode_each(chunk, is_utf_8=is_utf_8)
        self._pending.add(chunk, records, others)

    def _decode_lines(self, chunk: Chunk, *, is_utf_8: bool) -> list[Any] | None:
        """All lines at once; None where they are not all good, or may not be a record each.

        An end of line between `}` and `{` is in no record. So each line has a record at least, and
        as many records as lines are one each.
        """
        if not (chunk.are_lines and chunk.look_like_objects):
            return None
        try:
            text = chunk.data if is_utf_8 else chunk.data.decode(self._encoding)
            records = self._decoder.decode_lines(text)
            if self._record.has_elements:
                records = [self._record.resolve(record) for record in records]
        except SYNTAX_ERRORS:
            return None
        return records if len(records) == len(chunk) else None

    def _decode_each(
        self, chunk: Chunk, *, is_utf_8: bool
    ) -> tuple[list[Any], dict[int, Why | None]]:
        """The good records, and by index why others are none; None for empty lines."""
        decode = self._decode(is_utf_8=is_utf_8)
        records: list[Any] = []
        others: dict[int, Why | None] = {}
        for index, text in enumerate(chunk.texts()):
            try:
                records.append(decode(text))
            except SYNTAX_ERRORS as error:
                if chunk.are_lines and not text.strip():
                    others[index] = None
                else:
                    others[index] = self._reasons.of(error, text)
        return records, others

    def _decode(self, *, is_utf_8: bool) -> Callable[[bytes], Any]:
        """How a record is decoded: what is known to be UTF-8 goes straight in."""
        decode: Callable[[bytes | str], Any] = self._decoder.decode
        if self._record.has_elements:
            decode = self._decode_elements
        if is_utf_8:
            return decode
        return lambda text: decode(text.decode(self._encoding))

    def _decode_elements(self, text: bytes | str) -> Any:
        return self._record.resolve(self._decoder.decode(text))

    def _finished(self) -> Iterator[pa.RecordBatch]:
        self._lines += self._pending.records
        self._control += self._pending.empty
        batch, rejects = self._pending.finish()
        self._rejects.extend(rejects)
        if batch is not None:
            yield batch


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Do not look for cycles: decoded records have none, and a task's other objects are many."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _is_utf_8(data: bytes) -> bool:
    """Whether it decodes, by Arrow, which makes no text of it."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    array = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
