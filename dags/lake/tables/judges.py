"""Which rows of a part stay: judged by their source key, or as records of the quarantine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.convert.arrow import array_of_bytes
from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import Part, RejectedRow
from lake.tables.rewrite import Kept
from lake.tables.row_keys import KeySet, row_hashes, tuple_hashes

REJECT_COLUMNS = (SOURCE_KEY, "member", "line_number")


@dataclass(frozen=True)
class SourceKeys:
    """Source keys whose rows go."""

    keys: tuple[str, ...]
    """Sorted."""
    array: pa.Array[pa.StringScalar]

    @classmethod
    def of(cls, keys: Iterable[str]) -> SourceKeys:
        """These keys, in any order."""
        ordered = tuple(sorted(keys))
        return cls(ordered, array_of_bytes([key.encode() for key in ordered], pa.string()))

    def may_be_in(self, part: Part) -> bool:
        """Whether a part's range of source keys has one of them."""
        at = bisect_left(self.keys, part.first_source_key)
        return at < len(self.keys) and self.keys[at] <= part.last_source_key

    def judge(self, batch: pa.RecordBatch) -> Kept:
        """Whether each row stays."""
        return ~_booleans(pc.is_in(batch.column(SOURCE_KEY), value_set=self.array))


class RejectedRows:
    """Records of the quarantine that go; `found` has those that were there."""

    def __init__(self, rows: Iterable[RejectedRow]) -> None:
        self._rows = list(dict.fromkeys(rows))
        self._hashes = tuple_hashes([astuple(row) for row in self._rows])
        self._set = KeySet(self._hashes)
        self._seen = np.zeros(len(self._rows), np.bool_)

    def judge(self, batch: pa.RecordBatch) -> Kept:
        """Whether each row stays."""
        hashes = row_hashes(batch, REJECT_COLUMNS)
        gone = self._set.holds(hashes)
        self._seen |= KeySet(hashes[gone]).holds(self._hashes)
        return ~gone

    @property
    def found(self) -> frozenset[RejectedRow]:
        """Of the records, those that a judged part had."""
        return frozenset(row for row, seen in zip(self._rows, self._seen, strict=True) if seen)


def _booleans(array: pa.Array[pa.BooleanScalar]) -> Kept:
    """Without NULLs; from its buffer, since `to_numpy` would import pandas."""
    buffer: Any = array.buffers()[1]
    bits = np.frombuffer(buffer, np.uint8)
    unpacked = np.unpackbits(bits, bitorder="little")
    return unpacked[array.offset : array.offset + len(array)].astype(np.bool_)
