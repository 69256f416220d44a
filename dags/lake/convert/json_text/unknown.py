"""Fields of JSON that no column reads, found in some records of each file.

What no column reads is skipped by the decoder, unseen; here some records are decoded whole: the
first ones of a file, or of a range of one, and a few of every chunk after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from lake.convert.json_text.chunks import Chunk
from lake.dataset import JsonDataSet
from lake.dataset.nested import Struct

UNKNOWN_FIELDS = "unknown_fields"
"""What the facts of a conversion call them."""
FIRST_RECORDS = 200
RECORDS_A_CHUNK = 2
"""Of some hundreds or thousands."""
MOST_FIELDS = 100
"""That are told of a file; more are keys that are values."""


class UnknownFields:
    """Counts the fields that no column reads, by their path."""

    def __init__(self, dataset: JsonDataSet) -> None:
        self._known: dict[tuple[str, ...], frozenset[str] | None] = {}
        for column in dataset.columns:
            self._add(column.keys)
            if column.is_nested and isinstance(column.nested_type, Struct):
                self._add_members(column.keys, column.nested_type)
        self._counts: Counter[str] = Counter()
        self._looked_at = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many of the records that were looked at have each field."""
        return dict(self._counts.most_common(MOST_FIELDS))

    def look(self, chunk: Chunk, encoding: str) -> None:
        """Look at the first records of a chunk; what is no object is for others to refuse."""
        most = max(RECORDS_A_CHUNK, FIRST_RECORDS - self._looked_at)
        places = zip(chunk.starts[:most].tolist(), chunk.ends[:most].tolist(), strict=True)
        for start, end in places:
            self._looked_at += 1
            text = chunk.data[start:end]
            try:
                record = msgspec.json.decode(text.decode(encoding))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if isinstance(record, dict):
                self._counts.update(".".join(path) for path in self._unknown(record, ()))

    def _unknown(self, value: dict[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        known = self._known[at] or frozenset()
        for key, inner in value.items():
            path = (*at, key)
            if key not in known:
                yield path
            elif path in self._known and isinstance(inner, dict):
                yield from self._unknown(inner, path)

    def _add(self, path: Collection[str | int]) -> None:
        """A path of keys to a value; what is in an array is not looked into."""
        at: tuple[str, ...] = ()
        for part in path:
            if isinstance(part, int):
                break
            self._known[at] = (self._known.get(at) or frozenset()) | {part}
            at = (*at, part)

    def _add_members(self, path: Collection[str | int], struct: Struct) -> None:
        if any(isinstance(part, int) for part in path):
            return
        for name, member in struct.members:
            inside = (*path, name)
            self._add(inside)
            if isinstance(member, Struct):
                self._add_members(inside, member)
