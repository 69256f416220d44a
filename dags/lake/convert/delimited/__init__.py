"""Delimited text: records found by their line ends, fields by their delimiters, in bulk."""

from lake.convert.delimited.reader import DelimitedReader

__all__ = ["DelimitedReader"]
