"""The lake's own conversion, as a task of a DAG calls it."""

from __future__ import annotations

from pathlib import Path

from lake import convert as conversion
from lake.dataset import DataSet


def convert(data_set: DataSet, source: str, folder: Path) -> None:
    """Convert with `lake.convert`: bad records are kept beside the rows."""
    path = Path(source)
    with path.open("rb") as stream:
        conversion.convert(data_set, stream, folder=folder, size_bytes=path.stat().st_size)
