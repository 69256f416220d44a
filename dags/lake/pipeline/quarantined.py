"""Records of the quarantine, and what a person orders to be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lake.pipeline.documents import Document, Part
from lake.tables import RejectedRow

if TYPE_CHECKING:
    from lake.pipeline.lake import Lake

_COLUMNS = ("source_key", "source_version", "member", "line_number", "byte_offset")


class ReplayOrder(Document):
    """What to replay: a person's order, in the landing bucket."""

    source_key: str = ""
    """Only of this file; empty: of all."""
    mended: dict[str, str] | None = None
    """The text of each record by its id; None: all of them, as they are."""


@dataclass(frozen=True)
class Record:
    """One record of the quarantine."""

    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What a person calls it by; see `record_id`."""
        return record_id(self.row)

    @property
    def identity(self) -> RejectedRow:
        """What the quarantine knows it by."""
        return RejectedRow(self.row["source_key"], self.row["member"], self.row["line_number"])

    def content(self, order: ReplayOrder, encoding: str) -> bytes | None:
        """The bytes to convert; None where the order does not name it, or it was kept in part."""
        text = None if order.mended is None else order.mended.get(self.id)
        if order.mended is not None and text is None:
            return None
        if text is not None and text != self.row["raw"]:
            return text.encode(encoding)
        whole = len(self.row["raw_bytes"]) == self.row["length_bytes"]
        return bytes(self.row["raw_bytes"]) if whole else None


def record_id(row: Mapping[str, Any]) -> str:
    """The id of a quarantined record: 24 digits from where it stood and what it says."""
    told = "\x1f".join(str(row[name]) for name in (*_COLUMNS, "raw"))
    return sha256(told.encode()).hexdigest()[:24]


def records_of(lake: Lake, keys: Sequence[str]) -> Iterator[Record]:
    """The records of these source keys, which are sorted."""
    wanted = set(keys)
    parts = [
        part
        for part in lake.quarantine.parts()
        if part.first_source_key <= keys[-1] and part.last_source_key >= keys[0]
    ]
    for row in quarantine_rows(lake, parts):
        if row["source_key"] in wanted:
            yield Record(row)


def quarantine_rows(
    lake: Lake, parts: Iterable[Part], columns: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of these parts, of these columns only."""
    from lake.tables.parquet import open_parquet  # noqa: PLC0415  # pyarrow, in tasks alone

    for part in parts:
        with open_parquet(lake.warehouse, part.key, size_bytes=part.size_bytes) as file:
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
