"""Tables of Iceberg as pyiceberg writes them, through Glue and S3 of moto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io.pyarrow import _pyarrow_to_schema_without_ids
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.table import Table


def schema_of(**columns: Any) -> pa.Schema:
    """A schema of Arrow from types by name."""
    return pa.schema(columns)


@dataclass(frozen=True)
class Icebergs:
    """Makes tables in the database `lake`, below `s3://data/`."""

    catalog: GlueCatalog

    @classmethod
    def at(cls, endpoint: str) -> Icebergs:
        keys = {"access-key-id": "test", "secret-access-key": "test", "region": "us-east-1"}
        properties: dict[str, Any] = {
            f"{service}.{name}": value
            for service in ("glue", "s3")
            for name, value in {**keys, "endpoint": endpoint}.items()
        }
        return cls(GlueCatalog("lake", **properties))

    def create(
        self,
        name: str,
        schema: Schema | pa.Schema,
        *,
        spec: PartitionSpec | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Table:
        if isinstance(schema, pa.Schema):
            schema = assign_fresh_schema_ids(_pyarrow_to_schema_without_ids(schema))
        return self.catalog.create_table(
            f"lake.{name}",
            schema,
            location=f"s3://data/{name}",
            partition_spec=spec or PartitionSpec(),
            properties=dict(properties or {}),
        )

    def of(self, name: str, columns: Mapping[str, Any], **options: Any) -> Table:
        """A table with rows."""
        rows = pa.table(dict(columns))
        table = self.create(name, rows.schema, **options)
        table.append(rows)
        return table


def sorted_rows(table: Table) -> list[dict[str, Any]]:
    """The rows that pyiceberg finds in a table now."""
    table.refresh()
    return sorted(table.scan().to_arrow().to_pylist(), key=str)
