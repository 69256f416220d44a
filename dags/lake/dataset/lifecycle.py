"""What becomes of the rows, of the landed originals, and of small files and old snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from lake.dataset.declaration import Declaration
from lake.dataset.errors import Problem


class Target(Declaration):
    """The table that the rows go to."""

    format: Literal["iceberg", "parquet"] = Field(default="iceberg", examples=["iceberg"])
    """`iceberg`: a run becomes visible at once, with time travel. `parquet`: plain files in
    partitions, for readers without Iceberg; a run becomes visible a partition at a time."""
    write: Literal["append", "upsert", "overwrite_partitions"] = Field(
        default="append", examples=["upsert"]
    )
    """`append`: a key that is in the table already refuses its file. `upsert`: it replaces the row.
    `overwrite_partitions`: a run's rows replace everything in the partitions that they fall in."""

    def problems(self, keys: Sequence[str], partitions: Sequence[str]) -> Iterator[Problem]:
        """What does not fit together in this and the data set's keys and partitions."""
        if self.write == "upsert" and not keys:
            yield Problem("target.write", "an upsert needs `keys`", "keys: [day, paper]")
        if self.write == "overwrite_partitions" and not partitions:
            yield Problem("target.write", "needs `partitions`", "partitions: [day]")


class Originals(Declaration):
    """The landed objects, once their rows are in the table."""

    keep: Literal["archive", "delete"] = Field(default="archive", examples=["delete"])
    """`archive`: they move to `_archive/` of the landing bucket, which backfills read. `delete`:
    they become noncurrent versions, kept for the days that the environment says."""


class Maintenance(Declaration):
    """The upkeep of the table, a DAG of its own."""

    schedule: str | None = Field(default="@daily", examples=["@weekly"])
    """When; null: only by hand."""
    target_file_bytes: int = Field(default=256_000_000, ge=1_000_000, examples=[256_000_000])
    """Smaller files of a partition are merged up to about this size."""
    keep_snapshots_days: int = Field(default=7, ge=1, examples=[7])
    """How far back time travel reaches; what no snapshot needs any more is deleted."""
