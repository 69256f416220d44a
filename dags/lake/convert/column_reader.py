"""The reader for each type of column, however it is written."""

from __future__ import annotations

from lake.convert.columns import BooleanReader, ColumnReader, ValueReader
from lake.convert.numbers import (
    DoubleReader,
    NumberReader,
    OverpunchReader,
    PointReader,
    SignByteReader,
)
from lake.convert.text import TextReader
from lake.convert.times import TimeReader
from lake.dataset import FixedWidthColumn


def column_reader(column: FixedWidthColumn, *, encoding: str) -> ColumnReader:
    """The reader for a column's type."""
    if column.kind == "string":
        return TextReader(column, encoding=encoding)
    return _value_reader(column)(column)


def _value_reader(column: FixedWidthColumn) -> type[ValueReader]:
    if column.time_format:
        return TimeReader
    if column.kind == "boolean":
        return BooleanReader
    if column.kind == "double":
        return DoubleReader
    if column.decimal_point:
        return PointReader
    by_sign = {"leading": SignByteReader, "trailing": SignByteReader, "overpunch": OverpunchReader}
    return by_sign[column.sign] if column.sign else NumberReader
