"""The types of Iceberg: as Athena's, and as Glue and DDL name them.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pyiceberg import types as iceberg

from infra.local.athena.errors import QueryError, unsupported
from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MICROS,
    REAL,
    TIME,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    decimal,
    map_of,
    row,
    timestamp,
)

_PRIMITIVES: dict[type[iceberg.IcebergType], tuple[Type, str]] = {
    iceberg.BooleanType: (BOOLEAN, "boolean"),
    iceberg.IntegerType: (INTEGER, "int"),
    iceberg.LongType: (BIGINT, "bigint"),
    iceberg.FloatType: (REAL, "float"),
    iceberg.DoubleType: (DOUBLE, "double"),
    iceberg.StringType: (VARCHAR, "string"),
    iceberg.BinaryType: (VARBINARY, "binary"),
    iceberg.DateType: (DATE, "date"),
    iceberg.TimeType: (TIME, "time"),
    iceberg.TimestampType: (timestamp(MICROS), "timestamp"),
    iceberg.TimestamptzType: (timestamp(MICROS, zone="UTC"), "timestamp with time zone"),
}


def athena_type(of: iceberg.IcebergType) -> Type:
    """The type in Athena's SQL.

    Raises:
        QueryError: NOT_SUPPORTED, by name: uuid, fixed, and the types of format version 3.
    """
    match of:
        case iceberg.DecimalType():
            return decimal(of.precision, of.scale)
        case iceberg.ListType():
            return array(athena_type(of.element_type))
        case iceberg.MapType():
            return map_of(athena_type(of.key_type), athena_type(of.value_type))
        case iceberg.StructType():
            names = tuple(field.name.lower() for field in of.fields)
            return row(names, tuple(athena_type(field.field_type) for field in of.fields))
    found = _PRIMITIVES.get(type(of))
    if found is None:
        raise unsupported(f"the Iceberg type {of}")
    return found[0]


_BY_NAME: dict[str, iceberg.PrimitiveType] = {
    "boolean": iceberg.BooleanType(),
    "integer": iceberg.IntegerType(),
    "bigint": iceberg.LongType(),
    "real": iceberg.FloatType(),
    "double": iceberg.DoubleType(),
    "varchar": iceberg.StringType(),
    "varbinary": iceberg.BinaryType(),
    "date": iceberg.DateType(),
    "time": iceberg.TimeType(),
    "timestamp": iceberg.TimestampType(),
    "timestamp with time zone": iceberg.TimestamptzType(),
}


def iceberg_type(of: Type, ids: Iterator[int]) -> iceberg.IcebergType:
    """The type of a column of a new table; what is inside of it takes the next ids.

    Raises:
        QueryError: NOT_SUPPORTED, Iceberg has no such type.
    """
    match of.name:
        case "decimal":
            return iceberg.DecimalType(of.precision, of.scale)
        case "array":
            return iceberg.ListType(next(ids), iceberg_type(of.element, ids), False)
        case "map":
            key, value = (iceberg_type(each, ids) for each in of.items)
            return iceberg.MapType(next(ids), key, next(ids), value, False)
        case "row" if None not in of.fields:
            return iceberg.StructType(
                *(
                    iceberg.NestedField(next(ids), str(name), iceberg_type(item, ids), False)
                    for name, item in zip(of.fields, of.items, strict=True)
                )
            )
    found = _BY_NAME.get(of.name)
    if found is None:
        raise QueryError("NOT_SUPPORTED", f"Type not supported for Iceberg: {of}")
    return found


def hive_type(of: iceberg.IcebergType) -> str:
    """The type as DESCRIBE shows it and Glue keeps it."""
    match of:
        case iceberg.DecimalType():
            return f"decimal({of.precision},{of.scale})"
        case iceberg.ListType():
            return f"array<{hive_type(of.element_type)}>"
        case iceberg.MapType():
            return f"map<{hive_type(of.key_type)},{hive_type(of.value_type)}>"
        case iceberg.StructType():
            parts = (f"{field.name.lower()}:{hive_type(field.field_type)}" for field in of.fields)
            return f"struct<{','.join(parts)}>"
    found = _PRIMITIVES.get(type(of))
    return found[1] if found else str(of)
