"""Fixed width: records of one length, each field at its own bytes."""

from lake.dataset.fixed_width.column import FixedWidthColumn, Sign
from lake.dataset.fixed_width.data_set import FixedWidthDataSet
from lake.dataset.fixed_width.groups import Groups
from lake.dataset.fixed_width.layout import FixedWidthLayout
from lake.dataset.fixed_width.records import (
    Batch,
    ControlSum,
    Detail,
    Header,
    RecordCount,
    Trailer,
)
from lake.dataset.fixed_width.span import Span

__all__ = [
    "Batch",
    "ControlSum",
    "Detail",
    "FixedWidthColumn",
    "FixedWidthDataSet",
    "FixedWidthLayout",
    "Groups",
    "Header",
    "RecordCount",
    "Sign",
    "Span",
    "Trailer",
]
