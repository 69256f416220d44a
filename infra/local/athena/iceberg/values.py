"""Values that metadata holds (of partitions, and the bounds of columns) as DuckDB's text."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pyiceberg import types as iceberg

from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.session import quote_text
from infra.local.athena.types import duckdb_type


def literal(value: Any, of: iceberg.IcebergType) -> str:
    """A value as pyiceberg reads it, as a constant of the type in DuckDB.

    Dates are days and moments are microseconds from 1970.
    """
    kind = duckdb_type(athena_type(of))
    match of, value:
        case _, None:
            text = "NULL"
        case iceberg.DateType(), int():
            text = f"DATE '1970-01-01' + ({value})"
        case iceberg.TimestampType(), int():
            text = f"make_timestamp({value})"
        case iceberg.TimestamptzType(), int():
            text = f"timezone('UTC', make_timestamp({value}))"
        case iceberg.TimeType(), int():
            text = f"TIME '00:00:00' + to_microseconds({value})"
        case _, bytes():
            text = f"unhex('{value.hex()}')"
        case _, str() | Decimal() | date() | datetime() | time():
            text = quote_text(str(value))
        case _:
            text = str(value)
    return f"CAST({text} AS {kind})"
