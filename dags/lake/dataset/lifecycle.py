"""What becomes of the rows, of the landed originals, and of small files and old snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from lake.dataset.declaration import Declaration
from lake.dataset.errors import Problem


class Projection(Declaration):
    """Which values a partition column can have, so that Athena need not look them up: give one."""

    values: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")], ...] | None = Field(
        default=None, strict=False, min_length=1, examples=[["spot", "forward"]]
    )
    """Every value of a string."""
    range: tuple[str, str] | None = Field(
        default=None, strict=False, examples=[["2020-01-01", "NOW"]]
    )
    """The first and the last value of a date or an int; a date's may be `NOW`."""

    def problems(self, key: str, glue_type: str) -> Iterator[Problem]:
        """What does not fit together in this and the type of its column."""
        wanted, example = {
            "string": (self.values, "values: [spot, forward]"),
            "date": (self.range, "range: [2020-01-01, NOW]"),
        }.get(glue_type, (self.range, 'range: ["1", "99"]'))
        if wanted is None or (self.values is None) == (self.range is None):
            yield Problem(key, f"does not say which values the type {glue_type} has", example)
        elif self.range and not all(_bounds(glue_type, text) for text in self.range):
            yield Problem(
                f"{key}.range", f"{list(self.range)} does not fit the type {glue_type}", example
            )


def _bounds(glue_type: str, text: str) -> bool:
    """Whether `text` is an end of a range."""
    try:
        if glue_type == "date":
            return text == "NOW" or date.fromisoformat(text).isoformat() == text
        return str(int(text)) == text
    except ValueError:
        return False


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
    projection: Mapping[str, Projection] = Field(
        default={}, examples=[{"day": {"range": ["2020-01-01", "NOW"]}}]
    )
    """`parquet` only: the values of every partition column, for tables of very many partitions.
    Readers then see a change object by object; a row of other values is not seen at all."""

    def problems(
        self, keys: Sequence[str], partitions: Sequence[str], types: Mapping[str, str]
    ) -> Iterator[Problem]:
        """What does not fit together in this and the data set's keys, partitions and types."""
        yield from self._projection_problems(partitions, types)
        if self.write == "upsert" and not keys:
            yield Problem("target.write", "an upsert needs `keys`", "keys: [day, paper]")
        if self.write == "overwrite_partitions" and not partitions:
            yield Problem("target.write", "needs `partitions`", "partitions: [day]")

    def _projection_problems(
        self, partitions: Sequence[str], types: Mapping[str, str]
    ) -> Iterator[Problem]:
        if not self.projection:
            return
        if self.format != "parquet":
            message = "Iceberg finds its partitions in its own metadata"
            yield Problem("target.projection", message, "format: parquet")
        if set(self.projection) != set(partitions):
            message = f"has {', '.join(self.projection)}; it needs every column of `partitions`"
            yield Problem("target.projection", f"{message}: {', '.join(partitions) or 'none'}")
        for name, projection in self.projection.items():
            if name in types:
                yield from projection.problems(f"target.projection.{name}", types[name])


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
