"""From a file's bytes to Parquet: streaming, in bounded memory, every line accounted for.

Pure: a binary stream in, files in a local folder out; no AWS and no Airflow.
"""

from lake.convert.conversion import Conversion, Counts, FileRefused, Part
from lake.convert.converter import convert

__all__ = ["Conversion", "Counts", "FileRefused", "Part", "convert"]
