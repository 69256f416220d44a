"""Delimited data sets for tests, and what a file of one becomes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lake.convert import FileRefused, convert
from lake.dataset import DelimitedDataSet

type Rejected = tuple[int, str, str | None]


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": "A column.", **more}


ID, TEXT = column("id", "int"), column("text", "string", nullable=True)


def declared(
    *columns: dict[str, Any], partitions: Sequence[str] = (), **layout: Any
) -> DelimitedDataSet:
    return DelimitedDataSet.model_validate(
        {
            "domain": "shop",
            "table": "sales",
            "description": "Sales.",
            "owner": "shop",
            "schedule": None,
            "layout": {"format": "delimited", **layout},
            "columns": list(columns),
            "partitions": list(partitions),
            "max_bad_ratio": 1.0,
        }
    )


class Read:
    """A file that was converted."""

    def __init__(self, dataset: DelimitedDataSet, content: str | bytes, folder: Path) -> None:
        data = content if isinstance(content, bytes) else content.encode(dataset.layout.encoding)
        conversion = convert(dataset, io.BytesIO(data), folder=folder)
        self.counts = conversion.counts
        names = [each.name for each in dataset.columns]
        self.rows = [
            tuple(row[name] for name in names)
            for part in conversion.parts
            for row in pq.read_table(folder / part.path, partitioning=None).to_pylist()
        ]
        self.quarantine = [
            row
            for part in conversion.rejects
            for row in pq.read_table(folder / part.path).to_pylist()
        ]

    @property
    def rejects(self) -> list[Rejected]:
        """Line, reason and column."""
        return [(r["line_number"], r["reason"], r["column_name"]) for r in self.quarantine]


def refusal(dataset: DelimitedDataSet, content: str, folder: Path) -> str:
    with pytest.raises(FileRefused) as refused:
        convert(dataset, io.BytesIO(content.encode()), folder=folder)
    return refused.value.reason
