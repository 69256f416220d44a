"""What every table of the lake can do, whatever its format."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, Self

import boto3
from botocore.config import Config

from lake.tables.documents import Change, Part

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

    from lake.tables.schema import TableSchema

Which = Literal["rows", "quarantine"]

GRACE = timedelta(days=1)
"""How long an object stays that the table has no more: a query or a run may be at it."""

THREADS = 8
"""Requests under way at once."""


class IncompatibleSchema(ValueError):
    """The data set asks for a change of columns that the table's files cannot follow."""


class ChangeRefused(RuntimeError):
    """A change that does not follow the last one, or that removes what the table does not have."""


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Where the tables of one environment are: a bucket, a Glue database, and their clients."""

    bucket: str
    database: str
    s3: S3Client
    glue: GlueClient

    @classmethod
    def connect(cls, *, bucket: str, database: str) -> Self:
        """The warehouse as the process's own credentials and endpoints reach it."""
        config = Config(
            max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 10}
        )
        return cls(
            bucket=bucket,
            database=database,
            s3=boto3.client("s3", config=config),
            glue=boto3.client("glue", config=config),
        )


class LakeTable(Protocol):
    """A table of the lake: its rows, or its quarantine."""

    @property
    def warehouse(self) -> Warehouse:
        """Where the table is."""

    @property
    def schema(self) -> TableSchema:
        """The table as its data set wants it."""

    @property
    def name(self) -> str:
        """The table's name in Glue."""

    @property
    def prefix(self) -> str:
        """The root of the table's objects in the curated bucket; ends in a slash."""

    def ensure(self) -> dict[str, int]:
        """Create the table, or give it the data set's columns.

        Returns the Iceberg field id of each column by name, of nested fields by path
        (`address.city`, `tags.element`); empty where the format has none.

        Raises:
            IncompatibleSchema: the table's files cannot be read with the new columns.
        """

    def field_ids(self) -> dict[str, int]:
        """What `ensure` returned, of the table as it stands."""

    def parts(self) -> list[Part]:
        """The live parts."""

    def applied(self) -> int:
        """The number of the last change that the table shows; 0 before the first."""

    def apply(self, change: Change) -> None:
        """Make a change visible: to a reader all of it at once (Parquet: a partition at a time).

        Killed anywhere and called again it ends the same; a number applied before is a no-op.

        Raises:
            ChangeRefused: a number was left out, or a part to remove is not in the table.
        """

    def expire(self, *, before: datetime, needed: Collection[str] = ()) -> int:
        """Forget snapshots older than `before`; delete the objects that nothing needs any more.

        Of the objects below the table's prefix, those stay that a kept snapshot has, that the table
        had within the last day, that are younger than that, or whose key starts with one of
        `needed`: the staging prefixes of runs under way. Plain Parquet has no snapshots, and so no
        use for `before`. Returns how many objects were deleted.
        """
