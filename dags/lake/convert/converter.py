"""The conversion of one file, whatever its format."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from lake.convert.conversion import Conversion
from lake.dataset import DataSet


class Stream(Protocol):
    """What `convert` reads from: an open binary file, or the body of an S3 object."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the start of `buffer`; return how many bytes, 0 at the end."""
        ...


def convert(
    dataset: DataSet, stream: Stream, *, folder: Path, size_bytes: int | None = None
) -> Conversion:
    """Convert one file of `dataset` to Parquet files in `folder`.

    The rows go to `<column>=<value>/.../part-NNNNN.parquet`, one or more files a partition, without
    the partition columns, which are in the path; rejected records go to `rejects.parquet`. The same
    bytes give the same files. Memory does not grow with the file.

    Args:
        dataset: what the file should hold.
        stream: the file's bytes, read once from where it stands to its end.
        folder: an empty or missing folder. After an error, what it holds is worth nothing.
        size_bytes: how many bytes the file has, where that is known.

    Raises:
        FileRefused: the file has no readable header, no record of the layout, no trailer or one
            whose count disagrees, more bad records than `max_bad_ratio` allows, or not
            `size_bytes` bytes.
    """
    raise NotImplementedError
