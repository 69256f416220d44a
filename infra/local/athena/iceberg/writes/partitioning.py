"""The partition of a row, by the transforms of the table's specification.

Source: https://iceberg.apache.org/spec/#partition-transforms
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class PartitionValue:
    """A part of a row's partition, in DuckDB's text: as metadata holds it, moments as numbers."""

    sql: str
    join: str = ""
    """What the value needs to be joined with."""


def partition_value(
    session: Session, rows: str, sql: str, of: iceberg.IcebergType, field: PartitionField
) -> PartitionValue:
    """The value of a partition's field; `sql` is its source column in `rows`, which follow FROM.

    Raises:
        QueryError: NOT_SUPPORTED, the transform is of another version of the format.
    """
    if isinstance(field.transform, BucketTransform):
        return _bucket(session, rows, _held(sql, of), of, field)
    return PartitionValue(_transformed(sql, of, field))


def _transformed(sql: str, of: iceberg.IcebergType, field: PartitionField) -> str:
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
            # The width counts in the last digit; by text, because DuckDB divides to a double.
            over = f"((unscaled({sql}) % {width}) + {width}) % {width}"
            kind = duckdb_type(athena_type(of))
            return f"CAST({sql} - CAST(({over}) || 'e-{of.scale}' AS {kind}) AS {kind})"
    return f"({sql} - (({sql} % {width}) + {width}) % {width})"


def _bucket(
    session: Session, rows: str, sql: str, of: iceberg.IcebergType, field: PartitionField
) -> PartitionValue:
    """The bucket, which pyiceberg computes of each distinct value, so that its readers agree."""
    name = f"bucket{field.field_id}"
    path = session.directory / f"{name}.parquet"
    distinct = f"SELECT DISTINCT {sql} AS value FROM {rows} WHERE {sql} IS NOT NULL"
    bucket_of = field.transform.transform(of)
    writer: pq.ParquetWriter | None = None
    for batch in session.batches(distinct):
        values = batch.column(0)
        numbers = pa.array([bucket_of(value) for value in values.to_pylist()], pa.int32())
        part = pa.record_batch([values, numbers], names=["value", "bucket"])
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_batch(part)
    if writer is None:
        return PartitionValue("CAST(NULL AS INTEGER)")
    writer.close()
    join = f"LEFT JOIN read_parquet({quote_text(str(path))}) AS {name} ON {name}.value = {sql}"
    return PartitionValue(f"{name}.bucket", join)
