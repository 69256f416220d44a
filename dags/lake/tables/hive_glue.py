"""A plain Parquet table and its partitions as Glue describes them.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lake.tables.schema import TableColumn, TableSchema

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import (
        ColumnTypeDef,
        PartitionInputTypeDef,
        StorageDescriptorTypeDef,
        TableInputTypeDef,
    )

APPLIED = "lake.change"
"""The table's parameter with the number of the last change."""

_HIVE = "org.apache.hadoop.hive.ql.io.parquet"


def table_input(
    schema: TableSchema,
    *,
    location: str,
    number: int,
    partition_keys: Sequence[TableColumn],
    parameters: Mapping[str, str],
) -> TableInputTypeDef:
    """The table; `parameters` are those that it has besides."""
    return {
        "Name": schema.name,
        "Description": schema.description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            **parameters,
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "compressionType": "zstd",
            "typeOfData": "file",
            APPLIED: str(number),
            **projection_parameters(schema),
        },
        "PartitionKeys": [_column(column) for column in partition_keys],
        "StorageDescriptor": storage(schema, location),
    }


def partition_input(
    schema: TableSchema, values: Sequence[str], location: str
) -> PartitionInputTypeDef:
    """A partition."""
    return {"Values": list(values), "StorageDescriptor": storage(schema, location)}


def storage(schema: TableSchema, location: str) -> StorageDescriptorTypeDef:
    """Where and how the rows are; a partition's columns are in its files too, but not in here."""
    return {
        "Columns": [_column(c) for c in schema.columns if c.name not in schema.partitions],
        "Location": location,
        "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
        "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
        "Compressed": True,
        "NumberOfBuckets": -1,
        "SerdeInfo": {
            "SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "StoredAsSubDirectories": False,
    }


def columns_in(found: Sequence[Mapping[str, Any]]) -> list[TableColumn]:
    """Columns as Glue has them."""
    return [TableColumn(c["Name"], c["Type"], c.get("Comment", "")) for c in found]


def projection_parameters(schema: TableSchema) -> dict[str, str]:
    """The partition projection of a table, as Athena wants it in its parameters.

    Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
    """
    if not schema.projection:
        return {}
    parameters = {"projection.enabled": "true"}
    for name, projection in schema.projection.items():
        key = f"projection.{name}"
        if projection.values is not None:
            parameters |= {f"{key}.type": "enum", f"{key}.values": ",".join(projection.values)}
        else:
            kind = "date" if schema.types[name] == "date" else "integer"
            parameters |= {f"{key}.type": kind, f"{key}.range": ",".join(projection.range or ())}
            if kind == "date":
                parameters |= {f"{key}.format": "yyyy-MM-dd"}
    return parameters


def without_projection(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters but those of projection, which are written anew."""
    return {key: value for key, value in parameters.items() if not re.match("projection[.]", key)}


def _column(column: TableColumn) -> ColumnTypeDef:
    return {"Name": column.name, "Type": column.type, "Comment": column.comment}
