"""Data sets of JSON for tests, and what a reader makes of some bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, cast

from lake.convert.json_text import JsonReader
from lake.convert.rejects import Reject, Rejects
from lake.convert.source import Source
from lake.dataset import JsonDataSet


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": "A column.", **more}


def data_set(*columns: dict[str, Any], **layout: Any) -> JsonDataSet:
    """With these columns; `layout` besides the format."""
    return JsonDataSet.model_validate(
        {
            "domain": "shop",
            "table": "sales",
            "description": "Sales.",
            "owner": "shop",
            "schedule": None,
            "layout": {"format": "json", **layout},
            "columns": list(columns),
        }
    )


@dataclass
class Reading:
    """What was read of a file."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    lines: int = 0
    control: int = 0


class _Kept:
    """Takes the place of `Rejects`, and keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[Reject] = []

    def extend(self, rejects: list[Reject]) -> None:
        self.all += sorted(rejects, key=lambda reject: (reject.line_number, reject.byte_offset))


def read(dataset: JsonDataSet, data: bytes) -> Reading:
    """Read a whole file."""
    kept = _Kept()
    reader = JsonReader(dataset, cast("Rejects", kept))
    rows: list[dict[str, Any]] = []
    for batch in reader.batches(Source(io.BytesIO(data))):
        batch.validate(full=True)
        rows += batch.to_pylist()
    reader.reconcile()
    assert reader.lines == len(rows) + len(kept.all) + reader.control
    return Reading(rows, kept.all, reader.lines, reader.control)


def rows(dataset: JsonDataSet, *records: str) -> list[tuple[Any, ...]]:
    """The values of good records, each a line."""
    reading = read(dataset, "\n".join(records).encode())
    assert reading.rejects == []
    return [tuple(row.values()) for row in reading.rows]


def reason(dataset: JsonDataSet, record: str | bytes) -> tuple[str, str | None]:
    """Why a record is rejected, and for which column."""
    data = record if isinstance(record, bytes) else record.encode()
    [reject] = read(dataset, data).rejects
    return reject.reason, reject.column_name
