"""From a file's bytes to Parquet: streaming, in bounded memory, every record accounted for.

Pure: binary streams in, files in a local folder out; no AWS and no Airflow.
"""

from lake.convert.conversion import Conversion, Counts, FileRefused, Part
from lake.convert.converter import BatchConverter, convert, reconcile
from lake.convert.source import SourceFile

__all__ = [
    "BatchConverter",
    "Conversion",
    "Counts",
    "FileRefused",
    "Part",
    "SourceFile",
    "convert",
    "reconcile",
]
