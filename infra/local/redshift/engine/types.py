"""Redshift's types: which of them there are here, and their names.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_PRECISION,
    MICROS,
    REAL,
    SMALLINT,
    Type,
    decimal,
    timestamp,
)
from infra.local.redshift.engine.errors import FEATURE_NOT_SUPPORTED, RedshiftError, unsupported

MAX_VARCHAR_BYTES = 65_535
MAX_CHAR_BYTES = 4096
_DEFAULT_VARCHAR_BYTES = 256
_DEFAULT_PRECISION = 18

TIMESTAMP = timestamp(MICROS)
TIMESTAMP_TZ = timestamp(MICROS, zone="UTC")

_SIMPLE = {
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.SMALLINT: SMALLINT,
    exp.DType.INT: INTEGER,
    exp.DType.BIGINT: BIGINT,
    exp.DType.FLOAT: REAL,
    exp.DType.DOUBLE: DOUBLE,
    exp.DType.DATE: DATE,
    exp.DType.TIMESTAMP: TIMESTAMP,
    exp.DType.TIMESTAMPTZ: TIMESTAMP_TZ,
}


@dataclass(frozen=True, slots=True)
class TypeName:
    """How Redshift calls a type."""

    short: str
    """In pg_catalog and in the Data API: `int4`."""
    long: str
    """In svv_columns and in messages: `integer`."""
    precision: int = 0
    """Digits that it holds, as the Data API says."""


_NAMES = {
    "boolean": TypeName("bool", "boolean"),
    "smallint": TypeName("int2", "smallint", 5),
    "integer": TypeName("int4", "integer", 10),
    "bigint": TypeName("int8", "bigint", 19),
    "real": TypeName("float4", "real", 8),
    "double": TypeName("float8", "double precision", 17),
    "decimal": TypeName("numeric", "numeric"),
    "char": TypeName("bpchar", "character"),
    "varchar": TypeName("varchar", "character varying"),
    "unknown": TypeName("varchar", "character varying"),
    "date": TypeName("date", "date", 13),
    "timestamp": TypeName("timestamp", "timestamp without time zone", 29),
    "timestamp with time zone": TypeName("timestamptz", "timestamp with time zone", 35),
    "interval day to second": TypeName("intervald2s", "interval day to second"),
    "interval year to month": TypeName("intervaly2m", "interval year to month"),
}


def name_of(of: Type) -> TypeName:
    """The names of a type."""
    return _NAMES[of.name]


def full_name(of: Type) -> str:
    """The name with its size: `character varying(20)`, `numeric(10,2)`."""
    name = name_of(of).long
    if of.name == "decimal":
        return f"{name}({of.precision},{of.scale})"
    if of.name in ("char", "varchar", "unknown"):
        return f"{name}({length_bytes(of)})"
    return name


def length_bytes(of: Type) -> int:
    """The bytes that a text may have; 0 for other types."""
    if of.name == "char":
        return of.precision or 1
    if of.name in ("varchar", "unknown"):
        return of.precision or MAX_VARCHAR_BYTES
    return 0


def stored(of: Type) -> Type:
    """The type of a column made of such values: a text without a length takes the longest."""
    if of.name in ("varchar", "unknown"):
        return Type("varchar", length_bytes(of))
    return of


def type_of(node: exp.DataType) -> Type:
    """A type as a definition or a cast names it.

    Raises:
        RedshiftError: Redshift has no such type, or this engine does not.
    """
    sizes = [each.name.lower() for each in node.expressions if isinstance(each, exp.DataTypeParam)]
    match node.this:
        case exp.DType.DECIMAL:
            return _decimal([int(size) for size in sizes])
        case exp.DType.VARCHAR | exp.DType.NVARCHAR | exp.DType.TEXT:
            return Type("varchar", _bytes(sizes, _DEFAULT_VARCHAR_BYTES, MAX_VARCHAR_BYTES))
        case exp.DType.CHAR | exp.DType.NCHAR | exp.DType.BPCHAR:
            return Type("char", _bytes(sizes, 1, MAX_CHAR_BYTES))
    found = _SIMPLE.get(node.this)
    if found is None:
        raise unsupported(f"the type {node.sql(dialect='redshift').lower()}")
    return found


def _decimal(sizes: list[int]) -> Type:
    precision, scale = (*sizes, 0, 0)[:2] if sizes else (_DEFAULT_PRECISION, 0)
    if not 0 < precision <= MAX_PRECISION:
        message = f"DECIMAL precision {precision} must be between 1 and {MAX_PRECISION}"
        raise RedshiftError(message, FEATURE_NOT_SUPPORTED)
    if scale > precision:
        message = f"DECIMAL scale {scale} must be between 0 and precision {precision}"
        raise RedshiftError(message, FEATURE_NOT_SUPPORTED)
    return decimal(precision, scale)


def _bytes(sizes: list[str], default: int, most: int) -> int:
    if not sizes:
        return default
    size = most if sizes[0] == "max" else int(sizes[0])
    if not 0 < size <= most:
        message = f"length for type character varying cannot exceed {most}"
        raise RedshiftError(message, "22023")
    return size
