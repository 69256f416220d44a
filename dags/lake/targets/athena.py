"""Athena as a target: the tables of the environment's Glue database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import boto3

from lake.pipeline.athena import Athena, QueryFailed, Row
from lake.targets import athena_ddl
from lake.targets.table import TableDefinition

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

    from lake.settings import LakeSettings


@dataclass(frozen=True, kw_only=True)
class AthenaTarget:
    """A database and a work group of Athena; see `Target`."""

    athena: Athena
    glue: GlueClient
    bucket: str
    """The curated bucket, where new tables keep their objects."""
    name: str = "athena"

    @classmethod
    def of(cls, settings: LakeSettings) -> Self:
        """The target of the environment that this process belongs to."""
        return cls(
            athena=Athena.connect(database=settings.database, workgroup=settings.workgroup),
            glue=boto3.client("glue"),
            bucket=settings.curated_bucket,
        )

    def query(self, sql: str) -> list[Row]:
        """See `Target`."""
        return self.athena.query(sql)

    def execute(self, sql: str) -> None:
        """See `Target`."""
        self.athena.execute(sql)

    def native(self, sql: str) -> str:
        """See `Target`."""
        return sql

    def columns(self, table: str) -> Mapping[str, str] | None:
        """See `Target`; the types are Glue's."""
        try:
            answer = self.glue.get_table(DatabaseName=self.athena.database, Name=table)
        except self.glue.exceptions.EntityNotFoundException:
            return None
        described = answer["Table"]
        columns = [
            *described.get("StorageDescriptor", {}).get("Columns", []),
            *described.get("PartitionKeys", []),
        ]
        # Iceberg leaves a dropped column in Glue, marked as not current.
        return {
            column["Name"]: column["Type"]
            for column in columns
            if column.get("Parameters", {}).get("iceberg.field.current") != "false"
        }

    def ensure(self, table: TableDefinition) -> None:
        """See `Target`."""
        there = self.columns(table.name)
        if there is None:
            try:
                self.execute(athena_ddl.create_table(table, bucket=self.bucket))
            except QueryFailed:
                if self.columns(table.name) is None:  # else another run was faster
                    raise
        elif missing := table.missing(there):
            self.execute(athena_ddl.add_columns(table, missing))
