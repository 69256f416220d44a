"""A table's columns as Iceberg has them, and back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from lake.dataset.nested import Array, NestedType, Scalar, Struct
from lake.tables.schema import TableColumn, TableSchema
from lake.tables.types import decimal_digits

_SCALARS: dict[str, IcebergType] = {
    "boolean": BooleanType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "string": StringType(),
    "binary": BinaryType(),
    "date": DateType(),
    "timestamp": TimestampType(),
}
_NAMES = {kind: name for name, kind in _SCALARS.items()}

FIRST_PARTITION_FIELD_ID = 1000
"""As Iceberg counts them."""


def iceberg_schema(wanted: TableSchema) -> tuple[Schema, PartitionSpec]:
    """The schema and the partitions of a new table.

    Every column is optional: whether a value may be missing is for the conversion to say, and
    a table whose columns come and go cannot promise it of its older files.
    """
    ids = count(1)
    fields = [
        NestedField(next(ids), column.name, iceberg_type(column.parsed, ids.__next__), False, None)
        for column in wanted.columns
    ]
    schema = assign_fresh_schema_ids(
        Schema(
            *(
                field.model_copy(update={"doc": column.comment or None})
                for field, column in zip(fields, wanted.columns, strict=True)
            )
        )
    )
    spec = PartitionSpec(
        *(
            PartitionField(
                source_id=schema.find_field(name).field_id,
                field_id=FIRST_PARTITION_FIELD_ID + index,
                transform=IdentityTransform(),
                name=name,
            )
            for index, name in enumerate(wanted.partitions)
        )
    )
    return schema, spec


def iceberg_type(kind: NestedType, next_id: Callable[[], int]) -> IcebergType:
    """A type in Iceberg's terms; fields inside of it take the next ids."""
    match kind:
        case Array(element):
            return ListType(next_id(), iceberg_type(element, next_id), element_required=False)
        case Struct(members):
            fields = (
                NestedField(next_id(), name, iceberg_type(of, next_id), required=False)
                for name, of in members
            )
            return StructType(*fields)
        case Scalar(text):
            digits = decimal_digits(kind)
            return DecimalType(*digits) if digits else _SCALARS[text]


def glue_type(kind: IcebergType) -> str:
    """A type of Iceberg in Glue's terms; one that the lake has none for, in Iceberg's own."""
    match kind:
        case ListType():
            return f"array<{glue_type(kind.element_type)}>"
        case StructType():
            inner = (f"{field.name}:{glue_type(field.field_type)}" for field in kind.fields)
            return f"struct<{','.join(inner)}>"
        case DecimalType():
            return f"decimal({kind.precision},{kind.scale})"
        case _:
            return _NAMES.get(kind, str(kind))


def table_columns(schema: Schema) -> list[TableColumn]:
    """The columns of a table that is there."""
    return [
        TableColumn(field.name, glue_type(field.field_type), field.doc or "")
        for field in schema.fields
    ]
