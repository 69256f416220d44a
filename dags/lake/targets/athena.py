"""Athena as a target: the tables of the environment's Glue database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import boto3

from lake.pipeline.athena import Athena, Row

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

    from lake.settings import LakeSettings


@dataclass(frozen=True, kw_only=True)
class AthenaTarget:
    """A database and a work group of Athena; see `Target`."""

    athena: Athena
    glue: GlueClient
    name: str = "athena"

    @classmethod
    def of(cls, settings: LakeSettings) -> Self:
        """The target of the environment that this process belongs to."""
        return cls(
            athena=Athena.connect(database=settings.database, workgroup=settings.workgroup),
            glue=boto3.client("glue"),
        )

    def query(self, sql: str) -> list[Row]:
        """See `Target`."""
        return self.athena.query(sql)

    def execute(self, sql: str) -> None:
        """See `Target`."""
        self.athena.execute(sql)

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
