"""What converts a file to Parquet, a module each.

Each has `convert(data_set, source, folder)`, which reads the file `source` (a path, or an `s3://`
address) once and leaves Parquet files in the empty `folder`, whose columns are the data set's, by
name. Bad records that it keeps go to `rejects.parquet` or below `rejects/`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to convert a file."""

    name: str
    """As the tables have it."""
    module: str
    """In this package."""
    most_bytes: int | None = None
    """The largest file that it is given; None for any."""
    reads_s3: bool = False
    """Whether its source is an object of an S3, because it reads nothing else."""

    reads_utf8: bool = False
    """Whether its source is a copy of the file in UTF-8, which is made for it and not counted."""

    def takes(self, size_bytes: int) -> bool:
        """Whether it is given files of this size."""
        return self.most_bytes is None or size_bytes <= self.most_bytes


LAKE = Contender("lake.convert", "lake_convert")
ENCODING = Contender("encoding alone", "encoding")
"""Its source is the folder of the lake's own output: the least that any conversion costs."""
