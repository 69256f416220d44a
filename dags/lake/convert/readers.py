"""The reader of each format."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping

from lake.convert.reader import Reader
from lake.dataset import DataSet

READERS: Mapping[str, str] = {
    "fixed_width": "lake.convert.fixed_width:FixedWidthReader",
    "delimited": "lake.convert.delimited:DelimitedReader",
    "json": "lake.convert.json_text:JsonReader",
}
"""Of each format that a layout may have; imported when it is needed, since a task reads one."""


def reader_class(dataset: DataSet) -> type[Reader]:
    """The reader for a data set's files."""
    found: type[Reader] = pkgutil.resolve_name(READERS[dataset.layout.format])
    return found
