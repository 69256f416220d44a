"""From the lake's tables to Redshift: what the models read, unloaded by Athena and copied.

Athena unloads timestamps in milliseconds, and so Redshift has no finer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from lake.dataset import DataSet
from lake.dataset.column import SOURCE_KEY, Column
from lake.models.statements import days_in_sql, identifier
from lake.pipeline.athena import Athena
from lake.targets import TableDefinition

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNLOAD_PREFIX = "_unload/"
"""Of the curated bucket; what is below it expires."""


def staged_table(data_set: DataSet) -> TableDefinition:
    """A data set's table, as Redshift has it."""
    source_key = Column(name=SOURCE_KEY, type="string", description="The landed object of the row")
    return TableDefinition(
        name=data_set.table_name,
        folder=f"{data_set.domain}/{data_set.table}/",
        description=data_set.description,
        columns=(*data_set.columns, source_key),
        partitioning=data_set.partitions,
    )


def unload(
    table: TableDefinition,
    *,
    day_column: str | None,
    days: Sequence[str],
    athena: Athena,
    s3: S3Client,
    bucket: str,
) -> list[str]:
    """Have Athena write the rows of some days, or of the whole table, for Redshift to read.

    Returns the statements of one transaction that put them in the place of those that Redshift has.
    Each call writes below a prefix of its own, so that one that was killed is in nobody's way.
    """
    where = f" WHERE {identifier(day_column)} IN ({days_in_sql(days)})" if day_column else ""
    prefix = f"{UNLOAD_PREFIX}{table.name}/{uuid4()}/"
    columns = ", ".join(map(_unloaded, table.columns))
    athena.execute(
        f"UNLOAD (SELECT {columns} FROM {identifier(table.name)}{where}) "
        f"TO 's3://{bucket}/{prefix}' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )
    statements = [f"DELETE FROM {identifier(table.name)}{where}"]
    if s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount"):
        statements.append(
            f"COPY {identifier(table.name)} FROM 's3://{bucket}/{prefix}' "
            "IAM_ROLE default FORMAT AS PARQUET"
        )
    return statements


def _unloaded(column: Column) -> str:
    name = identifier(column.name)
    if column.kind == "timestamp":
        return f"CAST({name} AS timestamp(3)) AS {name}"
    return name
