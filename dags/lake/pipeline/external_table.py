"""Tables of Glue over Parquet objects that the pipeline writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lake.tables import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef

PARQUET_FORMAT = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}


def ensure_external_table(
    warehouse: Warehouse,
    *,
    name: str,
    columns: Mapping[str, str],
    prefix: str,
    description: str,
    partition_keys: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Create a table over `prefix` of the warehouse's bucket, or make it what is asked for.

    Types are Glue's, by column. Two that do so at once end with the same table.
    """
    wanted: TableInputTypeDef = {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **(parameters or {})},
        "PartitionKeys": _columns(partition_keys or {}),
        "StorageDescriptor": {
            "Columns": _columns(columns),
            "Location": f"s3://{warehouse.bucket}/{prefix}",
            **PARQUET_FORMAT,  # type: ignore[typeddict-item]  # as Glue names them
        },
    }
    glue = warehouse.glue
    try:
        there = glue.get_table(DatabaseName=warehouse.database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        try:
            glue.create_table(DatabaseName=warehouse.database, TableInput=wanted)
        except glue.exceptions.AlreadyExistsException:
            ensure_external_table(
                warehouse,
                name=name,
                columns=columns,
                prefix=prefix,
                description=description,
                partition_keys=partition_keys,
                parameters=parameters,
            )
    else:
        if _essence(there) != _essence(wanted):
            glue.update_table(DatabaseName=warehouse.database, TableInput=wanted)


def _columns(types: Mapping[str, str]) -> list[Any]:
    return [{"Name": name, "Type": kind} for name, kind in types.items()]


def _essence(table: Any) -> tuple[Any, ...]:
    """What of a table decides how it is read."""
    storage = table["StorageDescriptor"]
    return (
        [(column["Name"], column["Type"]) for column in storage["Columns"]],
        [(column["Name"], column["Type"]) for column in table.get("PartitionKeys", [])],
        storage["Location"],
        {name: table["Parameters"].get(name) for name in table["Parameters"] if "." in name},
    )
