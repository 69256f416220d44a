"""The partition of a row, by the transforms of the table's specification.

Source: https://iceberg.apache.org/spec/#partition-transforms
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    VoidTransform,
    YearTransform,
)

from infra.local.athena.errors import unsupported
from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.session import Session, quote_text
from infra.local.athena.types import duckdb_type


def partition_value(
    session: Session, rows: str, sql: str, of: iceberg.IcebergType, field: PartitionField
) -> str:
    """DuckDB's expression of a partition's value, as metadata holds it: moments as numbers.

    `sql` is the source column of `rows`, which can stand in FROM.

    Raises:
        QueryError: NOT_SUPPORTED, the transform is of another version of the format.
    """
    moment = f"timezone('UTC', {sql})" if isinstance(of, iceberg.TimestamptzType) else sql
    match field.transform:
        case IdentityTransform():
            return _held(sql, of)
        case VoidTransform():
            return f"CAST(NULL AS {duckdb_type(athena_type(of))})"
        case YearTransform():
            return f"(year({moment}) - 1970)"
        case MonthTransform():
            return f"((year({moment}) - 1970) * 12 + month({moment}) - 1)"
        case DayTransform():
            return f"(CAST({moment} AS DATE) - DATE '1970-01-01')"
        case HourTransform():
            return f"date_diff('hour', TIMESTAMP '1970-01-01', date_trunc('hour', {moment}))"
        case TruncateTransform() as truncate:
            return _truncated(sql, of, truncate.width)
        case BucketTransform() as bucket:
            return _bucket(session, rows, _held(sql, of), of, bucket)
    raise unsupported(f"writing partitions by {field.transform}")


def _held(sql: str, of: iceberg.IcebergType) -> str:
    match of:
        case iceberg.DateType():
            return f"({sql} - DATE '1970-01-01')"
        case iceberg.TimestampType() | iceberg.TimestamptzType() | iceberg.TimeType():
            return f"epoch_us({sql})"
    return sql


def _truncated(sql: str, of: iceberg.IcebergType, width: int) -> str:
    """Texts to their first characters, numbers down to a multiple."""
    match of:
        case iceberg.StringType():
            return f"left({sql}, {width})"
        case iceberg.BinaryType():
            return f"unhex(left(hex({sql}), {2 * width}))"
        case iceberg.DecimalType():
            # The width counts in the last digit.
            unscaled = f"unscaled({sql})"
            least = f"({unscaled} - (({unscaled} % {width}) + {width}) % {width})"
            kind = duckdb_type(athena_type(of))
            return f"CAST({least} / CAST(1{'0' * of.scale} AS DECIMAL(38, 0)) AS {kind})"
    return f"({sql} - (({sql} % {width}) + {width}) % {width})"


def _bucket(
    session: Session, rows: str, sql: str, of: iceberg.IcebergType, bucket: BucketTransform[Any]
) -> str:
    """The bucket, which pyiceberg computes of each distinct value, so that its readers agree."""
    number = len(list(session.directory.glob("bucket*.parquet")))
    path = session.directory / f"bucket{number}.parquet"
    distinct = f"SELECT DISTINCT {sql} AS value FROM {rows}"
    if not _write_buckets(session, distinct, path, of, bucket):
        return "CAST(NULL AS INTEGER)"
    table = f"read_parquet({quote_text(str(path))})"
    return f"(SELECT any_value(b.bucket) FROM {table} AS b WHERE b.value = {sql})"


def _write_buckets(
    session: Session, sql: str, path: Path, of: iceberg.IcebergType, bucket: BucketTransform[Any]
) -> bool:
    """Write each value and its bucket; whether there are any."""
    bucket_of = bucket.transform(of)
    writer: pq.ParquetWriter | None = None
    for batch in session.batches(sql):
        values = batch.column(0)
        numbers = pa.array([bucket_of(value) for value in values.to_pylist()], pa.int32())
        part = pa.record_batch([values, numbers], names=["value", "bucket"])
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_batch(part)
    if writer is not None:
        writer.close()
    return writer is not None
