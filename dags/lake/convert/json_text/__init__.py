"""JSON, read with the types of the columns."""

from lake.convert.json_text.reader import JsonReader

__all__ = ["JsonReader"]
